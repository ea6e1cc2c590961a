//! The `oAuthSettings` of a connection parameter: how tokens are requested.
//!
//! | file | contents |
//! |---|---|
//! | `settings.rs` | the parsed settings |
//! | `client_credential.rs` | client secrets in a document, and whether it takes a certificate |
//! | `parse.rs` | reads the settings and reports every mistake with its path |
//! | `values.rs` | values of a connection's parameters, which replace settings (`token:clientId`) |
//! | `sign_in.rs` | settings and values together: what a sign-in needs, and what is missing |
//! | `requests.rs` | the authorization URL and the token requests |
//! | `template.rs` | expands the templates of `oauth2generic` |
//!
//! All of it is pure; URLs are those of the file. [`HubConfig`](crate::HubConfig) maps them to the
//! addresses at which this installation reaches them.

mod client_credential;
mod known_providers;
mod parse;
mod requests;
mod settings;
mod sign_in;
mod template;
mod values;

pub(super) use client_credential::take_client_secret;
pub(crate) use client_credential::takes_certificate;
pub(crate) use requests::{
    AuthorizationRequest, ClientAuthentication, GrantRequest, JWT_BEARER, TokenBody, TokenRequest,
};
pub(crate) use settings::{OAuthSettings, ProviderKind, RedirectMode};
pub(crate) use sign_in::{GrantType, Incomplete, SignIn};
pub(crate) use values::ParameterValues;
