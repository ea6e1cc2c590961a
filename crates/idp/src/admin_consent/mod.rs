//! Admin consent (reference: "Admin consent"): an administrator grants an application, for all
//! users, its delegated permissions and its application permissions.

mod asked;
mod endpoint;
mod grant;
mod prompt;

pub(crate) use asked::AdminConsentRequest;
pub(crate) use endpoint::{admin_consent_v1, admin_consent_v2};
