//! Minting, in one pass: claims, lifetime, signature. Recording is the next step.

pub(crate) mod access_token;
pub(crate) mod id_token;
mod signed;
mod tokens;
mod user_claims;

pub(super) use tokens::{Minted, MintedForApplication};
