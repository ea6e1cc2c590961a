//! The matrix as text: a table for terminals, and Markdown.

use super::{Cell, Matrix};

impl Matrix {
    /// Returns a table for terminals, followed by a list of the cells that differ.
    pub fn table(&self) -> String {
        let titles: Vec<_> = self.rows.iter().take(1).flat_map(|row| &row.cells).map(Cell::title).collect();
        let mut lines = vec![vec![format!("Edition {}", self.edition)]];
        lines[0].extend(titles.into_iter().map(str::to_owned));
        for row in &self.rows {
            let mut line = vec![row.title.clone()];
            line.extend(
                row.cells
                    .iter()
                    .map(|cell| if cell.agrees { observed(cell) } else { format!("{} !", observed(cell)) }),
            );
            lines.push(line);
        }
        let widths: Vec<usize> = (0..lines[0].len())
            .map(|column| {
                lines
                    .iter()
                    .filter_map(|line| line.get(column))
                    .map(|text| text.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            let cells: Vec<_> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
            if index == 0 {
                text.push_str(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "));
                text.push('\n');
            }
        }
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    /// Returns the number of cells that agree, and a list of those that differ.
    pub fn summary(&self) -> String {
        let (cells, agree) = self.count();
        let mut text = format!("{agree} of {cells} cells are as in edition {}", self.edition);
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
