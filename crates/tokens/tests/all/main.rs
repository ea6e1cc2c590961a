//! What tokens promise, from outside.

mod foreign_issuers;
mod values;
mod verifier;
