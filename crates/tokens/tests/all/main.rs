//! What tokens promise, from outside.

mod foreign_issuers;
mod signing_key;
mod values;
mod verifier;
