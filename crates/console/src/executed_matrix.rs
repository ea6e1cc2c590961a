//! Executed tables, kept while the console runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_rules::Ruleset;
use serde::{Deserialize, Serialize};

/// The number of tables that are kept; the oldest is forgotten.
const KEPT_MAX: usize = 8;

/// An executed table, as `POST /lab/matrix/credentials` returns it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Matrix {
    edition: String,
    rules: String,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    event: String,
    title: String,
    way: String,
    cells: Vec<Cell>,
}

/// What was seen in a cell.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cell {
    credential: String,
    expected: String,
    pub(crate) observed: String,
    pub(crate) agrees: bool,
    pub(crate) code: Option<String>,
    pub(crate) why: String,
}

impl Matrix {
    /// The cell of a row and a column, by their names.
    pub(crate) fn cell(&self, event: &str, credential: &str) -> Option<&Cell> {
        self.row(event)?.cells.iter().find(|cell| cell.credential == credential)
    }

    /// How the event of a row was caused.
    pub(crate) fn way(&self, event: &str) -> Option<&str> {
        Some(&self.row(event)?.way)
    }

    fn row(&self, event: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.event == event)
    }

    /// The number of cells, and of those that agree with the published table.
    pub(crate) fn count(&self) -> (usize, usize) {
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        (cells().count(), cells().filter(|cell| cell.agrees).count())
    }
}

/// Tables with their rules, the oldest first.
type Kept = VecDeque<(String, Arc<Matrix>)>;

/// The tables that were executed since the console started, by their rules.
#[derive(Clone, Default)]
pub(crate) struct Executed {
    kept: Arc<Mutex<Kept>>,
}

impl Executed {
    pub(crate) fn of(&self, rules: &Ruleset) -> Option<Arc<Matrix>> {
        let (kept, rules) = (self.kept.lock().unwrap_or_else(PoisonError::into_inner), rules.to_string());
        kept.iter().find(|(known, _)| *known == rules).map(|(_, matrix)| Arc::clone(matrix))
    }

    pub(crate) fn keep(&self, rules: &Ruleset, matrix: Matrix) {
        let (mut kept, rules) = (self.kept.lock().unwrap_or_else(PoisonError::into_inner), rules.to_string());
        kept.retain(|(known, _)| *known != rules);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((rules, Arc::new(matrix)));
    }
}
