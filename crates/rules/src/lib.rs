//! The decisions of the platform: lifetimes, the revocation table in its dated editions, the
//! catalogue of errors, and verdicts with their reasons. Data and pure functions only: no I/O,
//! nothing async, and of HTTP only status numbers.
//!
//! - [`Edition::rows`] is the published table; a tenant has a [`Ruleset`].
//! - [`RevocationEvents`] are the events of a user. The events of a browser session are stored with
//!   the session.
//! - [`cookie::decide`], [`code::decide`], [`refresh_token::decide`] and [`access_token::decide`]
//!   return a [`Verdict`].
//! - A [`Question`] can be stored and evaluated again: [`what_if`] finds the changes that would
//!   reverse the verdict, [`prospects`] the instants at which it will change.
//! - [`scopes`] defines what a `scope` parameter requests and which scopes a token response names.
//! - [`platform`] lists the applications and permissions that every tenant has.
//! - [`aadsts`] is the catalogue of error codes.
//!
//! A password change revokes the refresh token of a public client, but not that of a confidential
//! one:
//!
//! ```
//! use outlive_clock::{Instant, Span};
//! use outlive_rules::{ClientClass, Event, RefreshTokenFacts, RevocationEvents, Ruleset};
//! use outlive_rules::{UserFacts, aadsts, refresh_token};
//!
//! let granted = Instant::from_seconds(1_767_600_000);
//! let now = granted + Span::from_hours(3);
//! let mut events = RevocationEvents::none();
//! events.record(Event::PasswordChangedByUser, now);
//! let user = UserFacts::in_good_standing(events);
//! let verdict = |client_class| {
//!     let token = RefreshTokenFacts {
//!         client_class,
//!         password_based: true,
//!         spa: false,
//!         family_issued_at: granted,
//!         issued_at: granted,
//!         session_signed_out_at: None,
//!         presented_by_its_client: true,
//!         origin: Default::default(),
//!         second_factor: Default::default(),
//!         rotation: Default::default(),
//!         conditional_access: Default::default(),
//!     };
//!     refresh_token::decide(&token, &user, &Ruleset::default(), now)
//! };
//! assert_eq!(verdict(ClientClass::Public).code, Some(aadsts::FRESH_TOKEN_NEEDED));
//! assert!(verdict(ClientClass::Confidential).is_accepted());
//! ```

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
pub mod redirect_uri;
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
mod fact;
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
pub use cut_off::{cut_off, entra_instant};
pub use device_code::{DeviceCodeFacts, DeviceDecision};
pub use edition::{Edition, UnknownEdition};
pub use event::{Event, RevocationEvents, Scope, UnknownEvent};
pub use fact::{Fact, FactValue};
pub use on_behalf_of::AssertionFacts;
pub use origin::RequestOrigin;
pub use password::PasswordFacts;
pub use prospects::{Prospect, ends_by_itself, prospects};
pub use question::{Presented, Question};
pub use refresh_token::RefreshTokenFacts;
pub use revocation::{Fate, Revocation, Row};
pub use rotation::RotationFacts;
pub use rule::Rule;
pub use ruleset::{Override, ParseRulesetError, Ruleset};
pub use second_factor::SecondFactorFacts;
pub use source::Source;
pub use switches::{Switches, UnknownSwitch};
pub use user::UserFacts;
pub use verdict::{Artefact, Outcome, Verdict};
pub use what_if::{Alteration, WhatIf, what_if};
