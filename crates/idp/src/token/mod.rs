//! The token endpoint: parses the request, finds the tenant, authenticates the client, evaluates
//! the grant, mints, records and responds. Each grant type has its own file.

mod authorization_code;
mod client_assertion;
pub(crate) mod client_authentication;
mod client_credentials;
pub(crate) mod device_code;
mod device_code_grant;
pub(crate) mod endpoint;
mod evaluation;
mod grant_type;
mod lifetime;
pub(crate) mod mint;
mod on_behalf_of;
mod password;
mod record;
mod refresh_token;
mod refresh_token_facts;
pub(crate) mod resource_grant;
pub(crate) mod response;
pub(crate) mod rotation;
pub(crate) mod user_claims;

pub(crate) use authorization_code::{AuthorizationCode, CodeChallenge, CodeScopes};
pub(crate) use client_assertion::{AHEAD, holds_by_either_clock};
pub(crate) use client_authentication::find as find_client;
pub(crate) use endpoint::{preflight, token_v1, token_v2, wrong_method};
pub(crate) use evaluation::parse_claims;
pub(crate) use refresh_token_facts::{Presentation, gather as gather_refresh_token_facts};
