//! The matrix as text: a table for terminals, and Markdown.

use anstyle::Style;
use outlive_wire::counted;

use super::super::table::{StyledCell, styled_summary, table};
use super::report::{ConnectionCell, ConnectionMatrix};
use crate::style::{BAD, GOOD};

impl ConnectionMatrix {
    /// Returns a table for terminals, followed by a list of the cells that differ.
    #[must_use]
    pub fn table(&self) -> String {
        let plain = |text: &str| (text.to_owned(), Style::new());
        let labels = self.columns.iter().map(|column| plain(&column.label));
        let mut lines: Vec<Vec<StyledCell>> = vec![[plain("Event")].into_iter().chain(labels).collect()];
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| match cell.agrees {
                true => (observed(cell), GOOD),
                false => (format!("{} !", observed(cell)), BAD),
            });
            lines.push([plain(&row.title)].into_iter().chain(cells).collect());
        }
        format!("{}{LEGEND}{}", table(&lines), styled_summary(&self.summary()))
    }

    /// Returns a table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let titles: Vec<_> = self.columns.iter().map(|column| column.short.as_str()).collect();
        let mut text = format!(
            "| Event | {} | Repair |\n|---|{}---|\n",
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
                        format!("**{}** (expected: {})", observed(cell), expected(cell))
                    }
                })
                .collect();
            let repairs = row.repairs(&self.columns);
            text.push_str(&format!("| {} | {} | {repairs} |\n", row.title, cells.join(" | ")));
        }
        text.push_str(LEGEND);
        text.push_str(&self.summary());
        text
    }

    /// Returns the number of cells that are as expected, and a list of those that differ.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = self.count();
        let mut text = format!(
            "{} of {} are as expected ({} by our own choice), and {} of {} work; {} s",
            counts.agreeing,
            counted(counts.cells, "cell"),
            counts.own_choice,
            counts.repaired,
            counted(counts.repairs, "repair"),
            self.seconds
        );
        if self.rules != self.edition {
            text.push_str(&format!("; the tenants had the rules {}", self.rules));
        }
        text.push_str(".\n");
        for row in &self.rows {
            for cell in row.cells.iter().filter(|cell| !cell.agrees) {
                let title = self.column(&cell.connection).map_or("", |column| column.title.as_str());
                text.push_str(&format!(
                    "! {}, {title}: expected {}, observed {}.",
                    row.title,
                    expected(cell),
                    observed(cell)
                ));
                if cell.repair.as_ref().is_some_and(|repair| repair.executed && !repair.works) {
                    text.push_str(" The repair does not work.");
                }
                if let Some(failure) = &cell.text {
                    text.push_str(&format!(" {failure}"));
                }
                text.push('\n');
            }
        }
        text
    }
}

const LEGEND: &str = "\nnow: breaks at the next run. next: breaks when a new token is needed. back: recovers by itself. \
                      Digits: AADSTS code or HTTP status.\n\n";

fn observed(cell: &ConnectionCell) -> String {
    words(&cell.observed, cell.code.as_deref())
}

fn expected(cell: &ConnectionCell) -> String {
    words(&cell.expected, cell.expected_code.as_deref())
}

fn words(outcome: &str, code: Option<&str>) -> String {
    let word = match outcome {
        "keeps_working" => "works",
        "breaks_at_once" => "now",
        "breaks_at_next_refresh" => "next",
        "recovers" => "back",
        _ => "no run",
    };
    match code {
        Some(super::expected::MISSING_REFRESH_TOKEN) => format!("{word} anyway"),
        Some(code) => format!("{word} {}", code.trim_start_matches("AADSTS")),
        None => word.to_owned(),
    }
}
