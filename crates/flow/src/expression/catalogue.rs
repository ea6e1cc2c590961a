//! Finds functions by their names.

use super::function::{Function, Row};
use super::functions::FAMILIES;

impl Function {
    /// Returns the function of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        rows().find(|row| row.signature.name.eq_ignore_ascii_case(name)).map(Self::of)
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter())
}

/// Returns the functions that read the run, with the number of arguments that each needs.
#[cfg(test)]
pub(crate) fn readers_of_runs() -> impl Iterator<Item = (&'static str, usize)> {
    let families = FAMILIES.iter().filter(|(family, _)| ["Workflow", "Form data"].contains(family));
    families.flat_map(|(_, rows)| rows.iter()).map(|row| (row.signature.name, row.signature.fewest))
}

/// Returns the function whose name is most like this one, for messages.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name: Vec<char> = name.chars().take(40).collect();
    rows()
        .map(|row| (distance(&name, row.signature.name), row.signature.name))
        .min()
        .filter(|(distance, _)| *distance <= 2 && *distance < name.len())
        .map(|(_, name)| name)
}

/// The number of characters to insert, remove or replace.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (i, wanted) in to.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, found) in from.iter().enumerate() {
            let replaced = diagonal + usize::from(!found.eq_ignore_ascii_case(&wanted));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::super::signature::ANY;
    use super::*;

    /// The number of parameters, as the document writes it.
    fn parameters(row: &Row) -> String {
        match (row.signature.fewest, row.signature.most) {
            (fewest, ANY) => format!("{fewest} or more"),
            (fewest, most) if fewest == most => fewest.to_string(),
            (fewest, most) => format!("{fewest} to {most}"),
        }
    }

    #[test]
    fn the_document_lists_every_function() {
        let page = include_str!("../../../../docs/expressions.md");
        let (_, tables) = page.split_once("\n## ").expect("has headings");
        let written: Vec<String> = tables
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .filter_map(|(name, rest)| Some(format!("{name}: {}", rest.split_once(" |")?.0)))
            .collect();
        let mut known: Vec<String> = Vec::new();
        for (family, rows) in FAMILIES {
            assert!(
                page.contains(&format!("\n## {family}\n")),
                "docs/expressions.md has no heading '{family}'"
            );
            known.extend(rows.iter().map(|row| format!("{}: {}", row.signature.name, parameters(row))));
        }
        assert_eq!(
            written, known,
            "docs/expressions.md differs from the functions in crates/flow/src/expression"
        );
    }

    #[test]
    fn every_function_finds_its_own_row() {
        for row in rows() {
            let found = Function::named(&row.signature.name.to_uppercase()).expect(row.signature.name);
            assert_eq!(found.name(), row.signature.name, "two functions have this name");
            assert!(row.signature.fewest <= row.signature.most, "{found:?}");
        }
    }

    #[test]
    fn a_misspelled_name_is_recognized() {
        for (name, nearest_name) in [
            ("concatt", Some("concat")),
            ("startWith", Some("startsWith")),
            ("tolowr", Some("toLower")),
            ("launch", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name), nearest_name, "{name}");
        }
    }
}
