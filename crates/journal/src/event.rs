//! What is written, and what is read back.

use std::collections::BTreeSet;

use outlive_clock::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that a service decided or did.
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) tenant: TenantId,
    pub(crate) at: Instant,
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) trace: String,
    /// JSON.
    pub(crate) data: String,
    pub(crate) names: BTreeSet<String>,
}

impl Event {
    /// An event of `kind` (`"token.issued"`), about `subject` (`"user:<id>"`, `"connection:<id>"`), at virtual instant `at`.
    pub fn new(
        tenant: TenantId,
        at: Instant,
        kind: &'static str,
        subject: impl Into<String>,
        trace: impl AsRef<str>,
    ) -> Self {
        Self {
            tenant,
            at,
            kind,
            subject: subject.into(),
            trace: trace.as_ref().to_owned(),
            data: "{}".to_owned(),
            names: BTreeSet::new(),
        }
    }

    /// What there is to know about it: an object. Tokens and secrets appear only by fingerprint.
    ///
    /// # Panics
    /// When the data have a form that JSON cannot hold (a map whose keys are not texts): an error of their type, not of their value.
    #[must_use]
    #[expect(clippy::expect_used, reason = "an error of the type, which any test of it meets")]
    pub fn with(mut self, data: impl Serialize) -> Self {
        self.data = serde_json::to_string(&data).expect("what happened is told in plain values");
        self
    }

    /// The credentials it speaks of, by id and fingerprint: whoever asks for one of them finds this line.
    #[must_use]
    pub fn about<N: ToString>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names.extend(names.into_iter().map(|name| name.to_string()));
        self
    }
}

/// A line of a journal, as read.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Line {
    /// Its place in the service's journal: rises without gaps, in the order of the commits.
    pub seq: i64,
    /// Which service wrote it.
    pub service: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Virtual time of the tenant when it happened.
    pub at: Instant,
    /// Wall time when it was written.
    pub wall: Instant,
    /// What happened (`token.refused`).
    pub kind: String,
    /// What it happened to (`connection:<id>`).
    pub subject: String,
    /// The trace (W3C trace id) it belongs to.
    pub trace: String,
    /// The particulars.
    pub data: Value,
}
