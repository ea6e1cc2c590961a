//! Journal lines, read as events.

use outlive_wire::{JournalEvent, JournalLine};
use serde_json::Value;

use super::{Inquiry, Moment};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// A journal line with its event.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) line: JournalLine,
    pub(crate) event: JournalEvent,
}

impl Inquiry<'_> {
    /// Reads events of one service.
    pub(crate) async fn lines(&self, service: Service, query: JournalQuery) -> Result<Vec<Line>, CallError> {
        let lines = self.surface.journal(service, self.tenant, &query).await?;
        // Events that another version of the program recorded are not explained.
        Ok(lines.into_iter().filter_map(Line::read).collect())
    }

    /// Reads the latest events about a credential of one kind, in order.
    pub(crate) async fn latest_about(
        &self,
        service: Service,
        name: &str,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<Line>, CallError> {
        let query = JournalQuery {
            about: Some(name.to_owned()),
            kind: Some(kind.to_owned()),
            newest: true,
            limit: Some(limit),
            ..JournalQuery::default()
        };
        let mut lines = self.lines(service, query).await?;
        lines.reverse();
        Ok(lines)
    }

    /// Reads the first events about a credential, of one kind if given.
    pub(crate) async fn about(
        &self,
        service: Service,
        name: &str,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Line>, CallError> {
        let query = JournalQuery {
            about: Some(name.to_owned()),
            kind: kind.map(str::to_owned),
            limit: Some(limit),
            ..JournalQuery::default()
        };
        self.lines(service, query).await
    }
}

impl Line {
    fn read(line: Value) -> Option<Self> {
        let line: JournalLine = serde_json::from_value(line).ok()?;
        let event = line.event().ok()?;
        Some(Self { line, event })
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            at: self.line.at,
            service: self.line.service.clone(),
            kind: self.line.kind.clone(),
            words: self.event.summary(),
            trace: self.line.trace.clone(),
        }
    }
}

/// Sorts events chronologically, and removes duplicates.
pub(crate) fn sort(lines: &mut Vec<Line>) {
    lines.sort_by(|Line { line: a, .. }, Line { line: b, .. }| {
        (a.at, a.wall, &a.service, a.seq).cmp(&(b.at, b.wall, &b.service, b.seq))
    });
    lines.dedup_by(|a, b| (a.line.seq, &a.line.service) == (b.line.seq, &b.line.service));
}
