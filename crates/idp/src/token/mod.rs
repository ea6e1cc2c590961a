//! The token endpoint: parse, find the tenant, authenticate the client, let the grant check itself against the rules, mint,
//! record, answer. A grant type is one file.

mod authorization_code;
mod client_assertion;
mod client_authentication;
mod client_credentials;
mod device_code;
mod endpoint;
mod evaluation;
mod front_channel;
mod grant_type;
mod lifetime;
mod mint;
mod on_behalf_of;
mod password;
mod record;
mod refresh_token;
mod refresh_token_facts;
mod resource_grant;
mod response;
pub(crate) mod rotation;
mod told;

pub(crate) use authorization_code::{AuthorizationCode, CodeChallenge, CodeScopes};
pub(crate) use client_assertion::{AHEAD, holds_by_either_clock};
pub(crate) use client_authentication::find as find_client;
pub(crate) use endpoint::{preflight, token_v1, token_v2, wrong_method};
pub(crate) use evaluation::asked_claims;
pub(crate) use front_channel::front_channel_tokens;
pub(crate) use refresh_token_facts::{Presentation, gather as gather_refresh_token_facts};
