//! The query parameters that select journal events.

use outlive_chassis::Problem;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::cursor::{Cursor, ParseCursorError};
use crate::services::{JournalQuery, Service};

/// Selects journal events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    /// The `next` of an earlier answer.
    after: Option<String>,
    /// Only this kind, or kinds with this prefix if it ends in a dot.
    kind: Option<String>,
    /// Only this subject.
    subject: Option<String>,
    /// Only this trace.
    trace: Option<String>,
    /// Only lines about the credential of this id or fingerprint.
    pub(super) about: Option<String>,
    /// The maximum number of lines (1 to 1000).
    pub(super) limit: Option<u32>,
    /// The newest lines, newest first, instead of those after `after`; `about` is ignored; `next`
    /// is the end of the lines read.
    #[serde(default)]
    pub(super) newest: bool,
    /// With `newest`: only notable events: changes and refusals.
    #[serde(default)]
    notable: bool,
    /// With `newest`: only lines of this service.
    service: Option<String>,
    /// With `newest`: only lines before this position, the `older` of an earlier answer.
    before: Option<String>,
}

impl Selection {
    pub(super) fn cursor(&self) -> Result<Cursor, Problem> {
        match self.after.as_deref() {
            None | Some("" | "0") => Ok(Cursor::default()),
            Some(text) => cursor_of(text),
        }
    }

    pub(super) fn query(&self, after: u64, limit: u32) -> JournalQuery {
        JournalQuery {
            after,
            limit: Some(limit),
            kind: self.kind.clone(),
            subject: self.subject.clone(),
            trace: self.trace.clone(),
            about: self.about.clone(),
            newest: false,
            notable: false,
            kinds: None,
            before_at: None,
            before: None,
        }
    }

    /// Returns the position before which lines are selected.
    pub(super) fn end(&self) -> Result<Option<Cursor>, Problem> {
        self.before.as_deref().filter(|text| !text.is_empty()).map(cursor_of).transpose()
    }

    pub(super) fn newest_query(&self, before: Option<u64>, limit: u32) -> JournalQuery {
        JournalQuery { newest: true, notable: self.notable, before, about: None, ..self.query(0, limit) }
    }

    pub(super) fn wants(&self, service: Service) -> bool {
        !self.newest || self.service.as_deref().is_none_or(|wanted| wanted == service.name())
    }

    /// Returns the criteria that do not depend on the position.
    pub(super) fn criteria(&self) -> [Option<String>; 4] {
        [&self.kind, &self.subject, &self.trace, &self.about].map(Clone::clone)
    }

    /// Whether it selects all events.
    pub(super) const fn is_everything(&self) -> bool {
        self.kind.is_none() && self.subject.is_none() && self.trace.is_none() && self.about.is_none()
    }

    /// Whether it selects an event. `about` is ignored, because it depends on other events.
    pub(super) fn matches(&self, line: &Value) -> bool {
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = |wanted: &String| {
            if wanted.ends_with('.') { text("kind").starts_with(wanted) } else { text("kind") == wanted }
        };
        self.kind.as_ref().is_none_or(kind)
            && self.subject.as_ref().is_none_or(|wanted| text("subject") == wanted)
            && self.trace.as_ref().is_none_or(|wanted| text("trace") == wanted)
    }
}

pub(super) fn cursor_of(text: &str) -> Result<Cursor, Problem> {
    text.parse().map_err(|error: ParseCursorError| Problem::bad_request(error.to_string()))
}
