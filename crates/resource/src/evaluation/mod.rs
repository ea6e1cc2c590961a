//! The resource's part of continuous access evaluation ("Continuous access evaluation"). The issuer
//! pushes security events about users (`receive`), which are stored as cutoffs (`cut_off`). A
//! long-lived token issued before the cutoff is rejected with a claims challenge
//! ([`ClaimsChallenge`]), to which the client responds with a new token, if it can still get one.

mod challenge;
mod cut_off;
mod receive;

pub(crate) use challenge::ClaimsChallenge;
pub(crate) use cut_off::{CutOff, find_cut_off};
pub(crate) use receive::receive;

/// The tables of this module.
pub(crate) const TABLES: [&str; 2] = ["cut_offs", "received_events"];
