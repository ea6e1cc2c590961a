//! Admin consent (reference: "Admin consent"): an administrator grants an application, for all
//! users, its delegated permissions and its application permissions.

mod endpoint;
mod grant;
mod prompt;
mod request;

pub(crate) use endpoint::{admin_consent_v1, admin_consent_v2};
pub(crate) use request::AdminConsentRequest;
