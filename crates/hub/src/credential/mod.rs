//! The credential store: sealed tokens and their refresh, one at a time for a connection, however
//! many calls or replicas need it.
//!
//! The hub does not know why the issuer accepts or rejects a token; it only sees the token
//! responses.

mod challenge;
mod exchanges;
mod freshness;
pub(crate) mod lease;
mod on_behalf_of;
mod refresh;
mod refreshes;
mod single_flight;
mod source_token;
pub(crate) mod storage;
mod token_endpoint;
mod token_response;

pub(crate) use challenge::{CAE_CAPABLE, Challenged};
pub(crate) use exchanges::Exchanges;
pub(crate) use freshness::{Freshness, freshness};
pub(crate) use on_behalf_of::{Assertion, ExchangeCall, ExchangeFailure, is_exchanged};
pub(crate) use refresh::{answer_challenge, source_token};
pub(crate) use refreshes::{RefreshFailure, Refreshes};
pub(crate) use source_token::SourceToken;
pub(crate) use storage::{Credential, Tokens};
pub(crate) use token_endpoint::{TokenCall, without_secrets};
pub(crate) use token_response::{Granted, Rejected, TokenFailure};
