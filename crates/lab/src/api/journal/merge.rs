//! Merges the journals of several services.

use std::collections::VecDeque;

use outlive_clock::Instant;
use serde_json::Value;

use super::Cursor;
use crate::services::Service;

/// Returns the first `limit` lines of all journals by virtual time, then by wall time, and the
/// cursor after them. The journals are given in the order of [`Service::ALL`]; lines of one service
/// keep their order.
pub(super) fn merged(journals: Vec<Vec<Value>>, cursor: Cursor, limit: usize) -> (Vec<Value>, Cursor) {
    let mut merge = Merge::new(journals, cursor);
    let lines = merge.by_ref().take(limit).collect();
    (lines, merge.cursor)
}

/// Merges the first `part` lines of each journal. A journal with that many lines may have more, so
/// the result ends where the lines of such a journal end.
pub(super) fn merged_parts(journals: Vec<Vec<Value>>, cursor: Cursor, part: usize) -> (Vec<Value>, Cursor) {
    let may_go_on: Vec<bool> = journals.iter().map(|lines| lines.len() >= part).collect();
    let mut merge = Merge::new(journals, cursor);
    let mut lines = Vec::new();
    while !merge.waiting.iter().zip(&may_go_on).any(|((_, queue), may_go_on)| *may_go_on && queue.is_empty())
        && let Some(line) = merge.next()
    {
        lines.push(line);
    }
    (lines, merge.cursor)
}

/// Iterates over the lines of all journals in order.
struct Merge {
    waiting: Vec<(Service, VecDeque<Value>)>,
    /// The position of each journal.
    cursor: Cursor,
}

impl Merge {
    fn new(journals: Vec<Vec<Value>>, cursor: Cursor) -> Self {
        let journals = journals.into_iter().map(VecDeque::from);
        Self { waiting: Service::ALL.into_iter().zip(journals).collect(), cursor }
    }
}

impl Iterator for Merge {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let (_, service, queue) = self
            .waiting
            .iter_mut()
            .filter_map(|(service, queue)| queue.front().map(order_of).map(|order| (order, *service, queue)))
            .min_by_key(|(order, service, _)| (*order, *service))?;
        let line = queue.pop_front()?;
        self.cursor.reach(service, seq_of(&line));
        Some(line)
    }
}

/// Returns the newest `limit` lines of all journals, newest first, and a cursor at the end of each
/// journal that has lines. The journals are given newest first, in the order of [`Service::ALL`].
pub(super) fn newest_first(mut journals: Vec<Vec<Value>>, limit: usize) -> (Vec<Value>, Cursor) {
    let all = journals.iter().map(Vec::len).sum();
    for journal in &mut journals {
        journal.reverse();
    }
    let (mut lines, end) = merged(journals, Cursor::default(), all);
    lines.reverse();
    lines.truncate(limit);
    (lines, end)
}

/// Returns the position before the newest `limit` lines of all journals, if lines may remain there.
/// The journals are as for [`newest_first`], each with at most `limit` lines; `unread` is the
/// position of a service whose journal could not be read.
pub(super) fn older(
    journals: &[Vec<Value>],
    limit: usize,
    unread: impl Fn(Service) -> Option<u64>,
) -> Option<Cursor> {
    let read: usize = journals.iter().map(Vec::len).sum();
    // A silent service may have lines before those that were read; with none read, the same page
    // is the way to them.
    let is_silent = read > 0 && Service::ALL.into_iter().any(|service| unread(service).is_some());
    if read <= limit && journals.iter().all(|lines| lines.len() < limit) && !is_silent {
        return None;
    }
    let ascending = journals.iter().map(|lines| lines.iter().rev().cloned().collect()).collect();
    let merge = Merge::new(ascending, Cursor::default());
    let shown: Vec<Value> = merge.skip(read.saturating_sub(limit)).collect();
    let mut older = Cursor::default();
    for (service, lines) in Service::ALL.into_iter().zip(journals) {
        let of_service = |line: &&Value| line.get("service").and_then(Value::as_str) == Some(service.name());
        let first_shown = shown.iter().find(of_service).map(seq_of);
        let none_shown = lines.first().map(|line| seq_of(line).saturating_add(1));
        older.reach(service, unread(service).or(first_shown).or(none_shown).unwrap_or(0));
    }
    Some(older)
}

pub(super) fn seq_of(line: &Value) -> u64 {
    line.get("seq").and_then(Value::as_u64).unwrap_or(0)
}

fn order_of(line: &Value) -> (Instant, Instant) {
    let instant = |name: &str| {
        let text = line.get(name).and_then(Value::as_str);
        text.and_then(|text| text.parse().ok()).unwrap_or(Instant::EPOCH)
    };
    (instant("at"), instant("wall"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(service: &str, seq: u64, at: &str, wall: &str) -> Value {
        json!({"service": service, "seq": seq, "at": format!("2026-01-05T{at}Z"), "wall": format!("2026-11-23T{wall}Z")})
    }

    #[test]
    fn lines_are_ordered_by_virtual_time_then_wall_time_and_the_cursor_continues_after_them() {
        let journals = || {
            vec![
                vec![line("idp", 5, "10:00:00", "01:00:02"), line("idp", 6, "11:00:00", "01:00:05")],
                vec![line("hub", 9, "10:00:00", "01:00:01")],
                vec![],
                vec![line("flow", 1, "09:00:00", "01:00:09")],
            ]
        };
        let names = |lines: &[Value]| -> Vec<String> {
            lines
                .iter()
                .map(|line| format!("{}{}", line["service"].as_str().unwrap_or(""), line["seq"]))
                .collect()
        };
        let (all, end) = merged(journals(), Cursor::default(), 10);
        assert_eq!(names(&all), ["flow1", "hub9", "idp5", "idp6"]);
        assert_eq!(end.to_string(), "6-9-0-1");
        let newest = journals().into_iter().map(|journal| journal.into_iter().rev().collect()).collect();
        let (newest, end) = newest_first(newest, 3);
        assert_eq!(
            (names(&newest), end.to_string()),
            (["idp6", "idp5", "hub9"].map(str::to_owned).to_vec(), "6-9-0-1".to_owned())
        );
        let newest: Vec<Vec<Value>> =
            journals().into_iter().map(|journal| journal.into_iter().rev().collect()).collect();
        for (limit, before) in [(5, None), (4, None), (3, Some("5-9-0-2")), (2, Some("5-10-0-2"))] {
            let older = older(&newest, limit, |_| None).map(|older| older.to_string());
            assert_eq!(older.as_deref(), before, "{limit}");
        }
        let silent = older(&newest, 3, |service| (service == Service::Resource).then_some(7));
        assert_eq!(silent.map(|older| older.to_string()).as_deref(), Some("5-9-7-2"));
        // All that was read is shown, and the silent service may have more.
        let position = |service| (service == Service::Resource).then_some(7);
        let silent = older(&newest, 10, position).map(|older| older.to_string());
        assert_eq!(silent.as_deref(), Some("5-9-7-1"));
        assert_eq!(older(&[vec![], vec![], vec![], vec![]], 10, position), None);
        let (some, middle) = merged(journals(), Cursor::default(), 2);
        assert_eq!(
            (names(&some), middle.to_string()),
            (vec!["flow1".to_owned(), "hub9".to_owned()], "0-9-0-1".to_owned())
        );
        assert_eq!(middle.to_string().parse(), Ok(middle));
        // The flow's journal may have more lines, which may precede those of hub and idp.
        let (parts, middle) = merged_parts(journals(), Cursor::default(), 1);
        assert_eq!((names(&parts), middle.to_string()), (vec!["flow1".to_owned()], "0-0-0-1".to_owned()));
        // The part of the issuer's journal ends after two lines.
        assert_eq!(names(&merged_parts(journals(), Cursor::default(), 2).0), names(&all));
        assert_eq!(names(&merged_parts(journals(), Cursor::default(), 3).0), names(&all));
        assert!("1-2-3".parse::<Cursor>().is_err() && "x".parse::<Cursor>().is_err());
    }
}
