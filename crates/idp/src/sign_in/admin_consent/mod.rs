//! Admin consent (reference: "Admin consent"): an administrator grants an application, for all
//! users, its delegated permissions and its application permissions.

mod endpoint;
mod grant;
mod prompt;
mod request;

pub(crate) use endpoint::show_admin_consent_page;
pub(crate) use request::AdminConsentRequest;
