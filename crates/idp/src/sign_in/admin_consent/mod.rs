//! Admin consent (reference: "Admin consent"): an administrator grants an application, for all
//! users, its delegated permissions and its application permissions.

mod endpoint;
mod grant;
mod prompt;
mod request;

pub(crate) use endpoint::admin_consent;
pub(crate) use request::AdminConsentRequest;
