//! Which part of the matrix of connections a page shows.

use serde::Deserialize;

use crate::executed_connections::{Cell, Column, ConnectionMatrix, Row};

/// The filter, as in the URL; a value that the matrix does not have selects everything.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// An event, or a group of events.
    pub(crate) event: Option<String>,
    /// A kind of connection, or a group of kinds.
    pub(crate) kind: Option<String>,
    /// `1`: only events that break a connection that is shown.
    pub(crate) only: Option<String>,
}

/// A value of a filter.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_chosen: bool,
}

impl Filter {
    /// The filter with values of the matrix only.
    pub(crate) fn known(self, matrix: &ConnectionMatrix) -> Self {
        let event =
            |wanted: &String| matrix.rows.iter().any(|row| row.event == *wanted || row.band == *wanted);
        let kind = |wanted: &String| {
            matrix.columns.iter().any(|one| one.connection == *wanted || one.group == *wanted)
        };
        Self {
            event: self.event.filter(event),
            kind: self.kind.filter(kind),
            only: self.only.filter(|only| only == "1"),
        }
    }

    pub(crate) fn shows_column(&self, column: &Column) -> bool {
        self.kind.as_ref().is_none_or(|wanted| column.connection == *wanted || column.group == *wanted)
    }

    /// Whether a row is shown, with these of its cells.
    pub(crate) fn shows_row(&self, row: &Row, cells: &[&Cell]) -> bool {
        let is_wanted = self.event.as_ref().is_none_or(|wanted| row.event == *wanted || row.band == *wanted);
        is_wanted && (self.only.is_none() || cells.iter().any(|cell| breaks(cell) && !breaks_anyway(cell)))
    }

    /// The query of the page, without a cell, after `tenant=…`.
    pub(crate) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("event", &self.event), ("kind", &self.kind), ("only", &self.only)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("&{query}") }
    }

    /// The groups of events and the events in them.
    pub(crate) fn events(&self, matrix: &ConnectionMatrix) -> Vec<Choice> {
        let rows = matrix.rows.iter().map(|row| (row.band.as_str(), row.event.as_str(), row.title.as_str()));
        choices(rows, self.event.as_deref())
    }

    /// The groups of kinds and the kinds in them.
    pub(crate) fn kinds(&self, matrix: &ConnectionMatrix) -> Vec<Choice> {
        let columns = matrix.columns.iter();
        let columns = columns.map(|one| (one.group.as_str(), one.connection.as_str(), one.title.as_str()));
        choices(columns, self.kind.as_deref())
    }
}

pub(crate) fn breaks(cell: &Cell) -> bool {
    matches!(cell.observed.as_str(), "breaks_at_once" | "breaks_at_next_refresh")
}

/// Whether a connection breaks at its first refresh whatever happens: it has no refresh token.
pub(crate) fn breaks_anyway(cell: &Cell) -> bool {
    cell.code.as_deref() == Some("Missing refresh token")
}

fn choices<'a>(
    members: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
    chosen: Option<&str>,
) -> Vec<Choice> {
    let mut choices = Vec::new();
    let mut group = "";
    for (of_group, value, title) in members {
        let choice = |value: &str, label: String| Choice {
            value: value.to_owned(),
            label,
            is_chosen: chosen == Some(value),
        };
        if of_group != group {
            choices.push(choice(of_group, format!("{of_group}: all")));
            group = of_group;
        }
        choices.push(choice(value, title.to_owned()));
    }
    choices
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_breaks_anyway_is_no_result_of_the_event() {
        let only = Filter { only: Some("1".to_owned()), ..Filter::default() };
        for (observed, code, is_shown) in [
            ("keeps_working", None, false),
            ("recovers", Some("503"), false),
            ("breaks_at_once", Some("401"), true),
            ("breaks_at_next_refresh", Some("AADSTS50173"), true),
            ("breaks_at_next_refresh", Some("Missing refresh token"), false),
        ] {
            let cell = json!({"connection": "c", "observed": observed, "code": code, "agrees": true, "text": null,
                "repair": null, "source": "s", "own_choice": false, "story": []});
            let row = json!({"event": "e", "title": "E", "band": "B", "way": "w", "cells": [cell]});
            let row: Row = serde_json::from_value(row).expect("a row");
            let cells: Vec<_> = row.cells.iter().collect();
            assert_eq!(only.shows_row(&row, &cells), is_shown, "{observed} {code:?}");
            assert!(Filter::default().shows_row(&row, &cells));
        }
    }
}
