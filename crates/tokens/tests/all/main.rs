//! What tokens promise, from outside.

mod counts;
mod foreign_issuers;
mod signing_key;
mod values;
mod verifier;
