//! The resource's half of continuous access evaluation ("Continuous access evaluation"): the issuer tells what happened to a user
//! (`receive`); it is remembered (`cut_off`); and a long-lived token from before is answered with a claims challenge
//! ([`ClaimsChallenge`]), which its client can meet with a fresh token, if it still gets one.

mod challenge;
mod cut_off;
mod receive;

pub(crate) use challenge::ClaimsChallenge;
pub(crate) use cut_off::{CutOff, cut_off};
pub(crate) use receive::receive;

/// The tables of this module.
pub(crate) const TABLES: [&str; 2] = ["cut_offs", "received_events"];
