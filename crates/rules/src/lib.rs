//! What the platform decides: lifetimes, the revocation table in its dated editions, the catalogue of errors, and
//! verdicts with their reasons. Data and pure functions only: no I/O, nothing async, nothing of HTTP but a status number.
//!
//! - The table stands in [`Edition::rows`], the shape of the published page; a tenant lives by a [`Ruleset`].
//! - What happened to a user is kept as [`RevocationEvents`]; what happened to a browser session, with the session.
//! - [`cookie::decide`], [`code::decide`], [`refresh_token::decide`] and [`access_token::decide`] answer with a
//!   [`Verdict`].
//! - A [`Question`] can be kept and asked again: [`what_if`] finds what would have had to be otherwise, [`prospects`] what lies
//!   ahead.
//! - [`scopes`] is what a `scope` parameter requests and what a token returns for it.
//! - [`platform`] lists the applications and permissions that every tenant has.
//! - [`aadsts`] is the one catalogue of error codes.

pub mod aadsts;
pub mod access_token;
pub mod code;
pub mod conditional_access;
pub mod cookie;
pub mod device_code;
pub mod lifetimes;
pub mod new_password;
pub mod on_behalf_of;
pub mod password;
pub mod platform;
pub mod refresh_token;
pub mod reset_code;
pub mod scopes;
pub mod second_factor;
pub mod smart_lockout;

mod credential;
mod cut_off;
mod edition;
mod event;
mod explain;
mod origin;
mod prospects;
mod question;
mod refusal;
mod revocation;
mod rotation;
mod rule;
mod ruleset;
mod source;
mod switches;
mod template;
mod user;
mod verdict;
mod what_if;

pub use aadsts::{Aadsts, Params};
pub use access_token::AccessTokenFacts;
pub use code::{CodeFacts, ProofKey};
pub use cookie::CookieFacts;
pub use credential::{ClientClass, Credential, UnknownCredential, password_based};
pub use cut_off::{Revocation, cut_off, entra_instant};
pub use device_code::{DeviceCodeFacts, DeviceDecision};
pub use edition::{Edition, UnknownEdition};
pub use event::{Event, RevocationEvents, Scope, UnknownEvent};
pub use on_behalf_of::AssertionFacts;
pub use origin::RequestOrigin;
pub use password::PasswordFacts;
pub use prospects::{Prospect, ends_by_itself, prospects};
pub use question::{Presented, Question};
pub use refresh_token::RefreshTokenFacts;
pub use revocation::{Fate, Row};
pub use rotation::RotationFacts;
pub use rule::Rule;
pub use ruleset::{Override, ParseRulesetError, Ruleset};
pub use second_factor::SecondFactorFacts;
pub use source::Source;
pub use switches::{Switches, UnknownSwitch};
pub use user::UserFacts;
pub use verdict::{Artefact, Fact, Outcome, Verdict};
pub use what_if::{Alteration, WhatIf, what_if};
