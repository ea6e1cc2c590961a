//! The matrix as text: a table for terminals, and Markdown.

use anstyle::Style;
use outlive_wire::counted;

use super::table::{StyledCell, styled_summary, table};
use super::{Cell, Matrix};
use crate::style::{BAD, GOOD};

impl Matrix {
    /// Returns a table for terminals, followed by a list of the cells that differ.
    pub fn table(&self) -> String {
        let plain = |text: &str| (text.to_owned(), Style::new());
        let titles = self.rows.iter().take(1).flat_map(|row| &row.cells).map(|cell| plain(cell.title()));
        let mut lines: Vec<Vec<StyledCell>> =
            vec![[plain(&format!("Edition {}", self.edition))].into_iter().chain(titles).collect()];
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| match cell.agrees {
                true => (observed(cell), GOOD),
                false => (format!("{} !", observed(cell)), BAD),
            });
            lines.push([plain(&row.title)].into_iter().chain(cells).collect());
        }
        format!("{}\n{}", table(&lines), styled_summary(&self.summary()))
    }

    /// Returns the number of cells that agree, and a list of those that differ.
    pub fn summary(&self) -> String {
        let (cells, agree) = self.count();
        let mut text = format!("{agree} of {} are as in edition {}", counted(cells, "cell"), self.edition);
        if self.rules != self.edition {
            text.push_str(&format!("; the tenants had the rules {}", self.rules));
        }
        text.push_str(".\n");
        for row in &self.rows {
            for cell in row.cells.iter().filter(|cell| !cell.agrees) {
                text.push_str(&format!(
                    "! {}, {}: published {}, observed {}. {}\n",
                    row.title,
                    cell.title(),
                    cell.expected,
                    cell.observed,
                    cell.why
                ));
            }
        }
        text
    }

    /// Returns a table in Markdown.
    pub fn markdown(&self) -> String {
        let titles: Vec<_> = self.rows.iter().take(1).flat_map(|row| &row.cells).map(Cell::title).collect();
        let mut text = format!(
            "| Edition {} | {} |\n|---|{}\n",
            self.edition,
            titles.join(" | "),
            "---|".repeat(titles.len())
        );
        for row in &self.rows {
            let cells: Vec<_> = row
                .cells
                .iter()
                .map(|cell| {
                    if cell.agrees {
                        observed(cell)
                    } else {
                        format!("**{}** (published: {})", observed(cell), cell.expected)
                    }
                })
                .collect();
            text.push_str(&format!("| {} | {} |\n", row.title, cells.join(" | ")));
        }
        text.push('\n');
        text.push_str(&self.summary());
        text
    }
}

/// Returns the observed outcome, with the code of a refusal.
fn observed(cell: &Cell) -> String {
    match &cell.code {
        Some(code) => format!("{} ({})", cell.observed, code.trim_start_matches("AADSTS")),
        None => cell.observed.clone(),
    }
}
