//! The functions of expressions, by name.

use serde_json::Value;

use super::arguments::Arguments;
use super::evaluate::{Call, Evaluated, EvaluationError};
use super::functions::FAMILIES;

/// The maximum for functions with any number of arguments.
pub(super) const ANY: usize = 1_000;

/// A function. Names are case-insensitive, as on the platform.
#[derive(Clone, Copy)]
pub(crate) struct Function(&'static Row);

/// A function in the table of its family.
pub(super) struct Row {
    name: &'static str,
    fewest: usize,
    most: usize,
    body: Body,
}

/// How a function gets its value.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// It evaluates the arguments that it needs.
    Lazy(for<'a> fn(&Call<'a, '_>) -> Evaluated<'a>),
    /// It returns a part of an argument or of the run.
    Select(for<'a> fn(Arguments<'a, '_>) -> Evaluated<'a>),
    /// It builds a value.
    Make(fn(&Arguments<'_, '_>) -> Result<Value, EvaluationError>),
}

impl Row {
    pub(super) const fn lazy(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: for<'a> fn(&Call<'a, '_>) -> Evaluated<'a>,
    ) -> Self {
        Self { name, fewest, most, body: Body::Lazy(body) }
    }

    pub(super) const fn select(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: for<'a> fn(Arguments<'a, '_>) -> Evaluated<'a>,
    ) -> Self {
        Self { name, fewest, most, body: Body::Select(body) }
    }

    pub(super) const fn make(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: fn(&Arguments<'_, '_>) -> Result<Value, EvaluationError>,
    ) -> Self {
        Self { name, fewest, most, body: Body::Make(body) }
    }
}

#[cfg(test)]
impl Row {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn arguments(&self) -> (usize, usize) {
        (self.fewest, self.most)
    }
}

impl Function {
    /// Returns the function of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        rows().find(|row| row.name.eq_ignore_ascii_case(name)).map(Self)
    }

    /// Returns the name as written in documents.
    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the minimum and maximum number of arguments.
    pub(super) fn arguments(self) -> (usize, usize) {
        (self.0.fewest, self.0.most)
    }

    pub(super) fn body(self) -> Body {
        self.0.body
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Function {}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter())
}

/// Returns the function whose name is most like this one, for messages.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name: Vec<char> = name.chars().take(40).collect();
    rows()
        .map(|row| (distance(&name, row.name), row.name))
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
    use super::*;

    /// The number of parameters, as the document writes it.
    fn parameters(row: &Row) -> String {
        match (row.fewest, row.most) {
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
            known.extend(rows.iter().map(|row| format!("{}: {}", row.name, parameters(row))));
        }
        assert_eq!(
            written, known,
            "docs/expressions.md differs from the functions in crates/flow/src/expression"
        );
    }

    #[test]
    fn every_function_finds_its_own_row() {
        for row in rows() {
            let found = Function::named(&row.name.to_uppercase()).expect(row.name);
            assert_eq!(found.name(), row.name, "two functions have this name");
            assert!(row.fewest <= row.most, "{found:?}");
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
