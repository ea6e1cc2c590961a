//! The observed matrix, as JSON has it.

use outlive_clock::Span;
use serde::{Deserialize, Serialize};

use super::expected::MISSING_REFRESH_TOKEN;

/// The observed matrix of connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionMatrix {
    /// The edition of the revocation table for which the expected outcomes are.
    pub edition: String,
    /// The rules of the tenants: the edition, with any cells that were changed.
    pub rules: String,
    /// How long it took (wall time), in seconds.
    pub seconds: u64,
    pub columns: Vec<MatrixColumn>,
    pub rows: Vec<ConnectionRow>,
}

/// A kind of sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MatrixColumn {
    /// The name in cells.
    pub connection: String,
    pub title: String,
    /// The title in a table of a page.
    pub short: String,
    /// The title in a table of a terminal.
    pub label: String,
    /// What it has in common with its neighbors.
    pub group: String,
}

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// Its name.
    pub event: String,
    pub title: String,
    /// The heading above it.
    pub band: String,
    /// How it was caused.
    pub way: String,
    /// Its cells, from left to right.
    pub cells: Vec<ConnectionCell>,
}

/// What became of a flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionCell {
    /// The name of the column.
    pub connection: String,
    /// `keeps_working`, `breaks_at_once`, `breaks_at_next_refresh` or `recovers`.
    pub expected: String,
    /// The expected code.
    pub expected_code: Option<String>,
    /// The observed outcome; `no_run` if no run followed the event.
    pub observed: String,
    /// The observed code: an AADSTS code, `Missing refresh token`, or the HTTP status of the call.
    pub code: Option<String>,
    /// Whether outcome and code are as expected, and the repair works.
    pub agrees: bool,
    /// The text of the first failure.
    pub text: Option<String>,
    /// How long after the event the first run failed or had to be retried (virtual time).
    pub noticed: Option<Span>,
    /// What repairs it; absent if there is nothing to repair.
    pub repair: Option<ConnectionRepair>,
    /// The address of a public document or report, the reason of our choice, or why the event does
    /// not concern the credential.
    pub source: String,
    /// Whether the expected outcome is our choice, as nothing is published.
    pub own_choice: bool,
    /// What happened, in order.
    pub story: Vec<String>,
}

/// A repair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionRepair {
    /// Its steps.
    pub steps: Vec<String>,
    /// Whether the steps were executed; if not, nothing repairs it.
    pub executed: bool,
    /// Whether the next run succeeded.
    pub works: bool,
}

/// The numbers of cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub cells: usize,
    pub agreeing: usize,
    /// Of those that agree: how many by our own choice.
    pub own_choice: usize,
    /// The repairs that were executed.
    pub repairs: usize,
    /// Those after which the next run succeeded.
    pub repaired: usize,
}

impl ConnectionRow {
    /// Returns the repairs: those of most cells, then those of others with their names.
    pub(super) fn repairs(&self, columns: &[MatrixColumn]) -> String {
        let mut groups = Vec::<(&[String], Vec<&str>)>::new();
        for cell in &self.cells {
            // Without a refresh token the sign-in is needed anyway.
            let Some(repair) = cell.repair.as_ref() else { continue };
            if cell.code.as_deref() == Some(MISSING_REFRESH_TOKEN) {
                continue;
            }
            let column = columns.iter().find(|column| column.connection == cell.connection);
            let title = column.map_or(cell.connection.as_str(), |column| &column.title);
            match groups.iter_mut().find(|(steps, _)| *steps == repair.steps) {
                Some((_, titles)) => titles.push(title),
                None => groups.push((&repair.steps, vec![title])),
            }
        }
        if groups.is_empty() {
            return "Nothing to repair.".to_owned();
        }
        // Stable: the first of equal ones stays first.
        groups.sort_by_key(|(_, titles)| std::cmp::Reverse(titles.len()));
        let named = groups.iter().enumerate().map(|(index, (steps, titles))| {
            let steps = steps.join(" ");
            if index == 0 { steps } else { format!("{}: {steps}", titles.join("; ")) }
        });
        named.collect::<Vec<_>>().join(" ")
    }
}

impl ConnectionMatrix {
    /// Whether there are cells and all are as expected.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let counts = self.count();
        counts.cells > 0 && counts.cells == counts.agreeing
    }

    /// Counts the cells.
    #[must_use]
    pub fn count(&self) -> Counts {
        let mut counts = Counts::default();
        for cell in self.rows.iter().flat_map(|row| &row.cells) {
            counts.cells += 1;
            counts.agreeing += usize::from(cell.agrees);
            counts.own_choice += usize::from(cell.agrees && cell.own_choice);
            let repair = cell.repair.as_ref().filter(|repair| repair.executed);
            counts.repairs += usize::from(repair.is_some());
            counts.repaired += usize::from(repair.is_some_and(|repair| repair.works));
        }
        counts
    }

    pub(super) fn column(&self, name: &str) -> Option<&MatrixColumn> {
        self.columns.iter().find(|column| column.connection == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> MatrixColumn {
        let text = || name.to_owned();
        MatrixColumn { connection: text(), title: text(), short: text(), label: text(), group: text() }
    }

    fn cell(name: &str, code: &str, steps: &[&str]) -> ConnectionCell {
        let steps: Vec<_> = steps.iter().map(|step| (*step).to_owned()).collect();
        ConnectionCell {
            connection: name.to_owned(),
            expected: "breaks_at_once".to_owned(),
            expected_code: None,
            observed: "breaks_at_once".to_owned(),
            code: Some(code.to_owned()),
            agrees: true,
            text: None,
            noticed: None,
            repair: (!steps.is_empty()).then_some(ConnectionRepair { steps, executed: true, works: true }),
            source: String::new(),
            own_choice: false,
            story: Vec::new(),
        }
    }

    #[test]
    fn the_repairs_of_a_row_name_the_columns_that_need_something_else() {
        let columns = ["one", "two", "three", "four"].map(column);
        for (cells, expected) in [
            (vec![cell("one", "1", &[])], "Nothing to repair."),
            (vec![cell("one", MISSING_REFRESH_TOKEN, &["Sign in."])], "Nothing to repair."),
            (vec![cell("one", "1", &["Sign in."]), cell("two", "1", &["Sign in."])], "Sign in."),
            (
                vec![
                    cell("one", "1", &["Restart.", "Sign in."]),
                    cell("two", "1", &["Restart."]),
                    cell("three", "1", &["Restart."]),
                    cell("four", "1", &["Restart.", "Sign in."]),
                ],
                "Restart. Sign in. two; three: Restart.",
            ),
            (
                vec![
                    cell("one", "1", &["Enter."]),
                    cell("two", "1", &["Sign in."]),
                    cell("three", "1", &["Sign in."]),
                ],
                "Sign in. one: Enter.",
            ),
        ] {
            let row = ConnectionRow {
                event: String::new(),
                title: String::new(),
                band: String::new(),
                way: String::new(),
                cells,
            };
            assert_eq!(row.repairs(&columns), expected);
        }
    }
}
