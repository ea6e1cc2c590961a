//! A replay as a table for terminals, and as Markdown.

use super::{Entry, NEXT, Replay};

const COLUMNS: [&str; 5] = ["entry", "member", "recorded", "Outlive", "severity"];

impl Replay {
    /// Returns a table for terminals.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            text.push_str(&format!("{:>4}  {:<12}  {}\n", entry.place, entry.result(), entry.request));
            for line in lines(entry) {
                text.push_str(&format!("      {line}\n"));
            }
            let rows: Vec<[String; 4]> = entry.differences.iter().map(row).collect();
            let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            for row in &rows {
                // A width in a format is at most 65,535.
                let padded = |(column, cell): (usize, &String)| {
                    let missing = width(column).saturating_sub(cell.chars().count());
                    format!("{cell}{}", " ".repeat(missing))
                };
                let cells: Vec<String> = row.iter().enumerate().map(padded).collect();
                text.push_str(&format!("      {}\n", cells.join("  ").trim_end()));
            }
        }
        text.push_str(&format!("\n{}\n", self.summary()));
        text.push_str(&self.skipped_because().map(|line| format!("{line}\n")).unwrap_or_default());
        text.push_str(&format!("{NEXT}\n"));
        text
    }

    /// Returns a document in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("{}\n\n", self.summary());
        text.push_str(&self.skipped_because().map(|line| format!("{line}\n\n")).unwrap_or_default());
        text.push_str("| entry | request | result |\n|---|---|---|\n");
        for entry in &self.entries {
            let notes: String = lines(entry).iter().map(|line| format!("; {line}")).collect();
            text.push_str(&format!(
                "| {} | {} | {}{} |\n",
                entry.place,
                cell(&entry.request),
                entry.result(),
                cell(&notes)
            ));
        }
        if self.entries.iter().any(|entry| !entry.differences.is_empty()) {
            text.push_str(&format!("\n| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len())));
        }
        for entry in &self.entries {
            for difference in &entry.differences {
                let cells = row(difference).map(|text| cell(&text));
                text.push_str(&format!("| {} | {} |\n", entry.place, cells.join(" | ")));
            }
        }
        text.push_str(&format!("\n{NEXT}\n"));
        text
    }
}

/// Returns why an entry was not replayed, and what else there is to know.
pub(super) fn lines(entry: &Entry) -> Vec<String> {
    entry.left.iter().chain(&entry.notes).cloned().collect()
}

/// Returns member, recorded value, that of Outlive, and the severity with its reason.
pub(super) fn row(difference: &super::Difference) -> [String; 4] {
    let severity = difference.severity.as_str();
    let severity = if difference.certain { severity.to_owned() } else { format!("{severity}, not certain") };
    let severity = match difference.reason {
        Some(why) => format!("{severity}: {why}"),
        None => severity,
    };
    [difference.member.clone(), difference.recorded.clone(), difference.outlive.clone(), severity]
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(char::is_control, " ")
}
