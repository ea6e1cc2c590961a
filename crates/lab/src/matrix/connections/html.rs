//! The matrix as a self-contained page: each cell leads to what happened in it.

use askama::Template;

use super::expected::{MISSING_REFRESH_TOKEN, Outcome};
use super::report::{ConnectionCell, ConnectionMatrix, ConnectionRow, MatrixColumn};
use crate::span_in_words::in_words;

/// The word that is wider than a column, with the place where it can be divided.
const NARROW: &str = "certifi\u{ad}cate";

#[derive(Template)]
#[template(path = "connection_matrix.html")]
struct Page<'a> {
    matrix: &'a ConnectionMatrix,
    headline: String,
    summary: String,
    groups: Vec<(&'a str, usize)>,
    /// The titles of the columns, with soft hyphens.
    columns: Vec<String>,
    bands: Vec<(&'a str, Vec<Line<'a>>)>,
}

/// A row of the page.
struct Line<'a> {
    number: usize,
    row: &'a ConnectionRow,
    /// The repairs of its cells, each once.
    repairs: String,
    cells: Vec<Shown<'a>>,
}

/// A cell of the page.
struct Shown<'a> {
    cell: &'a ConnectionCell,
    column: &'a MatrixColumn,
    /// The anchor of its details.
    anchor: String,
    class: &'static str,
    icon: &'static str,
    word: &'static str,
    /// Digits, or why it breaks anyway.
    code: &'a str,
    title: &'static str,
    /// How long after the event it was noticed.
    noticed: Option<String>,
}

impl ConnectionMatrix {
    /// Returns an HTML page without scripts or external resources.
    #[must_use]
    pub fn html(&self) -> String {
        let mut groups = Vec::<(&str, usize)>::new();
        for column in &self.columns {
            match groups.last_mut() {
                Some((group, count)) if *group == column.group => *count += 1,
                _ => groups.push((&column.group, 1)),
            }
        }
        let mut bands = Vec::<(&str, Vec<Line<'_>>)>::new();
        for (index, row) in self.rows.iter().enumerate() {
            let line = self.line(index + 1, row);
            match bands.last_mut() {
                Some((band, lines)) if *band == row.band => lines.push(line),
                _ => bands.push((&row.band, vec![line])),
            }
        }
        let summary = self.summary();
        let summary = summary.lines().next().unwrap_or_default().to_owned();
        let columns = self.columns.iter().map(|column| column.short.replace("certificate", NARROW)).collect();
        Page { matrix: self, headline: self.headline(), summary, groups, columns, bands }.to_string()
    }

    /// Returns what the matrix shows, in one sentence that counts.
    fn headline(&self) -> String {
        let of_column = |row: &ConnectionRow, name: &str| {
            let cell = row.cells.iter().find(|cell| cell.connection == name);
            cell.map(|cell| cell.observed.clone())
        };
        let breaks = |row: &&ConnectionRow| {
            of_column(row, "confidential").is_some_and(|observed| observed.starts_with("breaks"))
        };
        let count = self.rows.iter().filter(breaks).count();
        let password = self.rows.iter().find(|row| row.event == "password_changed_by_user");
        let survives = password.and_then(|row| of_column(row, "confidential"));
        if survives.as_deref() != Some(Outcome::KeepsWorking.name()) {
            return "What each event does to a connection, and what repairs it".to_owned();
        }
        let events = if count == 1 { "event breaks" } else { "events break" };
        format!("{count} {events} a confidential connection; a changed password does not")
    }

    fn line<'a>(&'a self, number: usize, row: &'a ConnectionRow) -> Line<'a> {
        let repairs = row.repairs(&self.columns);
        let cells = row.cells.iter().filter_map(|cell| self.shown(row, cell)).collect();
        Line { number, row, repairs, cells }
    }

    fn shown<'a>(&'a self, row: &ConnectionRow, cell: &'a ConnectionCell) -> Option<Shown<'a>> {
        let column = self.column(&cell.connection)?;
        let anyway = cell.code.as_deref() == Some(MISSING_REFRESH_TOKEN);
        let (class, icon, word, title) = match cell.observed.as_str() {
            "keeps_working" => ("is-alive", "alive", "works", "Keeps working"),
            "breaks_at_once" => ("is-revoked", "revoked", "at once", "Breaks at once"),
            "breaks_at_next_refresh" if anyway => {
                ("is-fading is-anyway", "fading", "refresh", "Breaks at the next refresh")
            }
            "breaks_at_next_refresh" => ("is-fading", "fading", "refresh", "Breaks at the next refresh"),
            "recovers" => ("is-idle", "again", "recovers", "Recovers by itself"),
            _ => ("is-idle", "revoked", "no run", "No run followed"),
        };
        let code = match cell.code.as_deref() {
            Some(_) if anyway => "anyway",
            Some(code) => code.trim_start_matches("AADSTS"),
            None => "",
        };
        let anchor = format!("{}.{}", row.event, cell.connection);
        let noticed = cell.noticed.map(in_words);
        Some(Shown { cell, column, anchor, class, icon, word, code, title, noticed })
    }
}
