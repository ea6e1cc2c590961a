//! Journal lines, read as events.

use outlive_wire::{JournalEvent, JournalLine};
use serde_json::Value;

use super::{Inquiry, Moment};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// The number of events that are read from each end of a selection.
const END_LINES_MAX: u32 = 500;

/// The events of a selection, in order: all, or the first and the last.
pub(crate) struct Ends {
    pub(crate) lines: Vec<Line>,
    /// Whether events between the first and the last are left out.
    pub(crate) has_gap: bool,
}

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

    /// Reads the events of a subject or a trace from both ends.
    pub(crate) async fn ends(&self, service: Service, query: JournalQuery) -> Result<Ends, CallError> {
        let first = JournalQuery { limit: Some(END_LINES_MAX), ..query.clone() };
        let mut lines = self.surface.journal(service, self.tenant, &first).await?;
        let mut has_gap = false;
        if lines.len() >= END_LINES_MAX as usize {
            // One more, to know whether the two ends meet.
            let last = JournalQuery { newest: true, limit: Some(END_LINES_MAX + 1), ..query };
            let mut newest = self.surface.journal(service, self.tenant, &last).await?;
            newest.reverse();
            has_gap = join_ends(&mut lines, newest);
        }
        Ok(Ends { lines: lines.into_iter().filter_map(Line::read).collect(), has_gap })
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

/// Adds the last lines of a selection to its first ones. Returns whether there may be others
/// between them.
fn join_ends(first: &mut Vec<Value>, last: Vec<Value>) -> bool {
    let seq = |line: &Value| line["seq"].as_u64();
    let until = first.last().and_then(seq);
    let has_gap = last.first().is_some_and(|line| seq(line) > until);
    first.extend(last.into_iter().filter(|line| seq(line) > until));
    has_gap
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ends_meet_or_leave_a_gap() {
        let lines = |numbers: &[u64]| numbers.iter().map(|seq| json!({ "seq": seq })).collect::<Vec<_>>();
        for (first, last, joined, has_gap) in [
            (&[1, 2, 5][..], &[2, 5, 7][..], &[1, 2, 5, 7][..], false),
            (&[1, 2, 5], &[5, 7], &[1, 2, 5, 7], false),
            (&[1, 2, 5], &[1, 2, 5], &[1, 2, 5], false),
            (&[1, 2, 5], &[9, 11], &[1, 2, 5, 9, 11], true),
        ] {
            let mut found = lines(first);
            assert_eq!((join_ends(&mut found, lines(last)), found), (has_gap, lines(joined)));
        }
    }
}
