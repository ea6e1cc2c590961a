//! Events to record.

use std::collections::BTreeSet;

use outlive_clock::{Instant, TenantId};
use outlive_store::Value;
use outlive_wire::{JournalEvent, Subject};

/// A journal event with its place in time, and what it is about.
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) tenant: TenantId,
    pub(crate) at: Instant,
    pub(crate) subject: Subject,
    pub(crate) trace: String,
    pub(crate) payload: JournalEvent,
    pub(crate) names: BTreeSet<String>,
}

impl Event {
    /// An event that happened to `subject` at the virtual instant `at`. Tokens and secrets appear
    /// in its payload only by fingerprint.
    pub fn new(
        tenant: TenantId,
        at: Instant,
        subject: Subject,
        trace: impl AsRef<str>,
        payload: impl Into<JournalEvent>,
    ) -> Self {
        Self {
            tenant,
            at,
            subject,
            trace: trace.as_ref().to_owned(),
            payload: payload.into(),
            names: BTreeSet::new(),
        }
    }

    /// Names the credentials that the event is about, by id and fingerprint: [`Filter::about`]
    /// selects by them.
    ///
    /// [`Filter::about`]: crate::Filter::about
    #[must_use]
    pub fn about<N: ToString>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names.extend(names.into_iter().map(|name| name.to_string()));
        self
    }
}

/// The names of a line, as it stores them: a JSON array, or nothing.
pub(crate) fn stored_names<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> Option<String> {
    // The databases would read the escaped character of JSON.
    let names: Vec<_> = names.map(|name| Value::storable(name)).collect();
    if names.is_empty() { None } else { serde_json::to_string(&names).ok() }
}
