//! `/matrix/export/credentials.csv`, `.md` and `.svg`: the matrix for other documents, as executed
//! if it was, otherwise as published.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use outlive_rules::{Credential, Edition, Fate, Ruleset};
use serde::Deserialize;

use crate::error::ErrorPage;
use crate::executed_matrix::Matrix;
use crate::matrix::rules_of;
use crate::state::Console;
use crate::xml::escaped;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// An edition, or one with changed cells; the newest if absent.
    rules: Option<String>,
}

/// `GET /matrix/export/{name}`, where the name is `credentials.csv`, `.md` or `.svg`.
pub(crate) async fn export(
    State(console): State<Console>,
    Path(name): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let newest = Edition::default().to_string();
    let rules = rules_of(asked.rules.as_deref().unwrap_or(&newest))?;
    let table = Table::of(&rules, console.executed.of(&rules).as_deref());
    let (kind, text) = match name.as_str() {
        "credentials.csv" => ("text/csv; charset=utf-8", table.csv()),
        "credentials.md" => ("text/markdown; charset=utf-8", table.markdown()),
        "credentials.svg" => ("image/svg+xml", table.svg()),
        _ => {
            return Err(ErrorPage {
                status: 404,
                what: "There is no such export".to_owned(),
                why: "the matrix is exported as csv, md and svg".to_owned(),
                remedy: "Choose one of the links below the matrix.",
            });
        }
    };
    let file = format!("attachment; filename=\"{name}\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, file)], text).into_response())
}

/// The matrix as words.
struct Table {
    rules: String,
    rows: Vec<(&'static str, Vec<Cell>)>,
}

struct Cell {
    is_alive: bool,
    /// `revoked AADSTS50173`.
    words: String,
}

impl Table {
    fn of(rules: &Ruleset, executed: Option<&Matrix>) -> Self {
        let rows = rules.edition().rows().iter().map(|row| {
            let cells = Credential::ALL.map(|credential| {
                let seen = executed.and_then(|matrix| matrix.cell(row.event.name(), credential.name()));
                let is_alive = match seen {
                    Some(cell) => cell.observed == "alive",
                    None => rules.fate(row.event, credential) == Fate::Alive,
                };
                let word = if is_alive { "alive" } else { "revoked" };
                let words = match seen.and_then(|cell| cell.code.as_deref()) {
                    Some(code) => format!("{word} {code}"),
                    None => word.to_owned(),
                };
                Cell { is_alive, words }
            });
            (row.title, cells.into())
        });
        Self { rules: rules.to_string(), rows: rows.collect() }
    }

    fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let line = |first: &str, rest: Vec<&str>| {
            std::iter::once(first).chain(rest).map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
        };
        let mut text = line("Event", Credential::ALL.map(Credential::title).to_vec());
        for (title, cells) in &self.rows {
            text.push_str(&line(title, cells.iter().map(|cell| cell.words.as_str()).collect()));
        }
        text
    }

    fn markdown(&self) -> String {
        let escaped = |text: &str| text.replace('|', "\\|");
        let line = |first: &str, rest: Vec<&str>| {
            let cells: Vec<_> = std::iter::once(first).chain(rest).map(escaped).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = format!("Edition {}\n\n", self.rules);
        text.push_str(&line("Event", Credential::ALL.map(Credential::title).to_vec()));
        text.push_str(&line("---", vec!["---"; Credential::ALL.len()]));
        for (title, cells) in &self.rows {
            text.push_str(&line(title, cells.iter().map(|cell| cell.words.as_str()).collect()));
        }
        text
    }

    /// A drawing without style sheet or script, which other programs turn into a bitmap.
    fn svg(&self) -> String {
        const FIRST: usize = 300;
        const WIDTH: usize = 190;
        const HEIGHT: usize = 34;
        let width = FIRST + WIDTH * Credential::ALL.len();
        let height = HEIGHT * (self.rows.len() + 2);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\"><title>Revocation table, edition {}</title>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>",
            escaped(&self.rules)
        );
        let mut write = |x: usize, row: usize, weight: u32, color: &str, words: &str| {
            let y = HEIGHT * row + 22;
            text.push_str(&format!(
                "<text x=\"{}\" y=\"{y}\" font-weight=\"{weight}\" fill=\"{color}\">{}</text>",
                x + 10,
                escaped(words)
            ));
        };
        write(0, 0, 700, "#1f1a14", &format!("Revocation table, edition {}", self.rules));
        write(0, 1, 700, "#1f1a14", "Event");
        for (number, credential) in Credential::ALL.into_iter().enumerate() {
            write(FIRST + WIDTH * number, 1, 700, "#1f1a14", credential.title());
        }
        for ((title, cells), row) in self.rows.iter().zip(2..) {
            write(0, row, 400, "#1f1a14", title);
            for (number, cell) in cells.iter().enumerate() {
                let (sign, color) = if cell.is_alive { ("✓", "#14613a") } else { ("✕", "#a3281c") };
                write(FIRST + WIDTH * number, row, 600, color, &format!("{sign} {}", cell.words));
            }
        }
        text.push_str("</svg>\n");
        text
    }
}
