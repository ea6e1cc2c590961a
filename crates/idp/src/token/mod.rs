//! The token endpoint. A request is parsed ([`endpoint`]), its client authenticated, and handled by
//! one of the [`grants`], each of which goes through the steps of the [`pipeline`]: scopes, user,
//! access, verdict, consent, mint, record, response.

mod authorization_code;
mod client_assertion;
pub(crate) mod client_authentication;
pub(crate) mod device_code;
mod endpoint;
pub(crate) mod grant;
mod grant_type;
mod grants;
mod managed_identity;
pub(crate) mod mint;
mod pipeline;
mod presented_client;
pub(crate) mod record;
pub(crate) mod refresh_token;
pub(crate) mod request;
pub(crate) mod resource_grant;
pub(crate) mod response;

pub(crate) use authorization_code::{AuthorizationCode, CodeChallenge, CodeScopes};
pub(crate) use client_assertion::{AHEAD, holds_by_either_clock};
pub(crate) use client_authentication::find as find_client;
pub(crate) use endpoint::{preflight, token, wrong_method};
pub(crate) use managed_identity::{app_service_token, metadata_token};
pub(crate) use request::parse_claims;
