//! Tables for terminals.

use anstyle::Style;

use crate::style::{BAD, STRONG, styled};

/// A cell: its text and its style.
pub(super) type StyledCell = (String, Style);

/// Returns a table with aligned columns and a line below the first row, which is its heading.
pub(super) fn table(lines: &[Vec<StyledCell>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|(text, _)| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut table = String::new();
    for (index, line) in lines.iter().enumerate() {
        let mut row = String::new();
        for (number, ((text, style), width)) in line.iter().zip(&widths).enumerate() {
            if number > 0 {
                row.push_str("  ");
            }
            row.push_str(&styled(if index == 0 { STRONG } else { *style }, text));
            if number + 1 < line.len() {
                row.push_str(&" ".repeat(width - text.chars().count()));
            }
        }
        table.push_str(row.trim_end());
        table.push('\n');
        if index == 0 {
            table.push_str(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "));
            table.push('\n');
        }
    }
    table
}

/// Returns a summary in which the lines about cells that differ stand out.
pub(super) fn styled_summary(summary: &str) -> String {
    let line = |line: &str| if line.starts_with('!') { styled(BAD, line) } else { line.to_owned() };
    summary.lines().map(|text| line(text) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;
    use crate::style::GOOD;

    #[test]
    fn columns_are_aligned_whatever_their_style() {
        let cell = |text: &str| (text.to_owned(), Style::new());
        let lines = [
            vec![cell("Event"), cell("Token"), cell("Cookie")],
            vec![cell("Reset"), ("alive".to_owned(), GOOD), ("revoked !".to_owned(), BAD)],
            vec![cell("Expiry of it"), cell(""), cell("alive")],
        ];
        let table = table(&lines);
        assert!(table.contains("\u{1b}[32malive\u{1b}[0m  "), "{table:?}");
        insta::assert_snapshot!(strip_str(&table).to_string(), @"
        Event         Token  Cookie
        ------------  -----  ---------
        Reset         alive  revoked !
        Expiry of it         alive
        ");
    }
}
