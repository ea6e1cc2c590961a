//! A recorded event, as a journal returns it.

use outlive_clock::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{JournalEvent, UnknownEvent};

/// Maximum length of a sentence, in characters: some repeat the text of an error.
const WORDS_CHARS_MAX: usize = 1_500;

/// A journal event with its place, its time and its subject.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct JournalLine {
    /// Its place in the service's journal: rises without gaps, in the order of the commits.
    pub seq: i64,
    /// The service that recorded it.
    pub service: String,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Virtual time of the tenant when it happened.
    pub at: Instant,
    /// Wall time when it was recorded.
    pub wall: Instant,
    /// What happened (`token.refused`).
    pub kind: String,
    /// What it happened to (`connection:<id>`).
    pub subject: String,
    /// The trace (W3C trace id) it belongs to.
    pub trace: String,
    /// The payload, whose form its kind determines.
    pub data: Value,
}

impl JournalLine {
    /// The event as its type.
    ///
    /// # Errors
    /// No event of this kind has this payload: another version of the program recorded it.
    pub fn event(&self) -> Result<JournalEvent, UnknownEvent> {
        JournalEvent::read(&self.kind, &self.data)
    }

    /// What happened, in one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        words_of(&self.kind, &self.subject, &self.data)
    }
}

/// Returns what happened in an event, in one sentence. An event of another version of the program
/// is described by its kind and subject.
#[must_use]
pub fn words_of(kind: &str, subject: &str, data: &Value) -> String {
    let words = match JournalEvent::read(kind, data) {
        Ok(event) => event.summary(),
        Err(_) => format!("{} ({subject}).", capitalized(&kind.replace(['.', '_'], " "))),
    };
    words.chars().take(WORDS_CHARS_MAX).collect()
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
