//! Admin consent (reference: "Admin consent"): an administrator grants an application, for everybody, what it asks for, both
//! delegated permissions and those that it uses without a user.

mod asked;
mod endpoint;
mod grant;
mod prompt;

pub(crate) use asked::AdminConsentRequest;
pub(crate) use endpoint::{admin_consent_v1, admin_consent_v2};
