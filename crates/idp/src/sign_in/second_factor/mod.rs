//! MFA with an authenticator app (TOTP, RFC 6238) on the tenant's clock.

mod check;
mod page;

pub(crate) use page::second_factor;
