//! A cause, and what shows it.

use super::answer::{Certainty, State};

/// What shows a cause in a text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// All of these AADSTS codes.
    Codes(&'static [u32]),
    /// All of these parts of a message that nothing else prints, in small letters.
    Text(&'static [&'static str]),
    /// All of these words, in small letters, in a text that names this field.
    Words(&'static [&'static str]),
}

/// A cause with its explanation.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) name: &'static str,
    /// One of these is enough.
    pub(super) signs: &'static [Sign],
    pub(super) state: State,
    pub(super) title: &'static str,
    pub(super) happened: &'static str,
    pub(super) rule: &'static str,
    pub(super) findings: &'static [(Certainty, &'static str)],
    pub(super) repair: &'static str,
    pub(super) avoided_by: &'static [&'static str],
    pub(super) reports: &'static [u8],
    /// The file in `scenarios/reported` that reproduces it.
    pub(super) scenario: Option<&'static str>,
}
