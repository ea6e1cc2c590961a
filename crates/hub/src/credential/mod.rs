//! The credential store: tokens that a person's consent brought, sealed; and their renewal, one at a time for a connection
//! however many calls or replicas ask.
//!
//! What the issuer accepts or refuses, and why, is its own affair: here it is known only by what its token endpoint answers.

mod challenge;
mod freshness;
pub(crate) mod lease;
mod refresh;
mod single_flight;
pub(crate) mod storage;
mod token_answer;
mod token_endpoint;

pub(crate) use challenge::{CAPABLE, Challenged};
pub(crate) use freshness::{Freshness, freshness};
pub(crate) use refresh::{RefreshFailure, Refreshes, answer_challenge, source_token};
pub(crate) use storage::{Credential, Tokens};
pub(crate) use token_answer::{Granted, TokenFailure};
pub(crate) use token_endpoint::{Client, redeem};
