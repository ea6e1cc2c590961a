//! Explanations.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a token, code, cookie, connection or run works or does not.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Why {
    /// `refresh_token`, `access_token`, `code`, `cookie`, `connection` or `run`.
    pub kind: String,
    /// Its id: never the credential itself.
    pub name: String,
    /// A description, in one sentence.
    pub what: String,
    /// The verdict on it at this instant; for a connection or a run, on its refresh token.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// When it expires (virtual time, RFC 3339).
    #[serde(default)]
    pub ends_by_itself: Option<String>,
    /// Events that would end it.
    #[serde(default)]
    pub would_end_it: Vec<String>,
    /// Events that would not.
    #[serde(default)]
    pub would_not_end_it: Vec<String>,
    /// If it is refused: the smallest changes of facts with which it would be accepted.
    #[serde(default)]
    pub what_if: Vec<WhatIf>,
    /// The events that led to it, in order.
    #[serde(default)]
    pub lineage: Vec<Moment>,
    /// The latest decisions about it and uses of it, in order.
    #[serde(default)]
    pub decisions: Vec<Moment>,
}

/// A decision about a credential, with its reason.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// `accepted` or `refused`.
    pub outcome: String,
    /// The rule that decided.
    pub title: String,
    /// The decision in sentences.
    pub explanation: String,
    /// The error, if it is refused and the protocol has one: `AADSTS50173`.
    #[serde(default)]
    pub code: Option<String>,
    /// All other members: the rule, the facts that mattered, the document it follows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A change of facts with which a credential would be accepted.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct WhatIf {
    /// The change as a sentence.
    pub words: String,
}

/// A journal event in words.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Moment {
    /// When it happened (virtual time, RFC 3339).
    pub at: String,
    /// The service that recorded it.
    pub service: String,
    /// Its kind.
    pub kind: String,
    /// Its summary.
    pub words: String,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(verdict) = &self.verdict {
            write!(f, "\n{}", verdict.explanation)?;
        }
        self.what_if.iter().try_for_each(|what_if| write!(f, "\n{}", what_if.words))
    }
}
