//! Sign-in: the authorization endpoint, accounts, multifactor authentication, passkeys, the device
//! page, consent, and the pages for them.

pub(crate) mod accounts;
pub(crate) mod admin_consent;
pub(crate) mod authorize;
pub(crate) mod consents;
pub(crate) mod device;
pub(crate) mod discovery;
pub(crate) mod outbox;
pub(crate) mod pages;
pub(crate) mod passkeys;
pub(crate) mod password_reset;
pub(crate) mod second_factor;
