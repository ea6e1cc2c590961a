//! The matrix as a self-contained page: a table with the reason of every cell.

use askama::Template;

use super::{Cell, Matrix};

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    matrix: &'a Matrix,
    titles: Vec<&'a str>,
    agreement: &'a str,
}

impl Matrix {
    /// Returns an HTML page without scripts or external resources.
    pub fn html(&self) -> String {
        let summary = self.summary();
        Page {
            matrix: self,
            titles: self.rows.iter().take(1).flat_map(|row| &row.cells).map(Cell::title).collect(),
            agreement: summary.lines().next().unwrap_or_default(),
        }
        .to_string()
    }
}
