//! Reads scenario files.

use std::collections::BTreeSet;
use std::path::Path;

use serde_saphyr::Spanned;

use super::check::{KnownSeeds, Mistake, NOTHING_TO_RUN, check};
use super::expand::expand;
use super::file::ScenarioFile;
use super::twin_fact::of_twin;
use crate::canonical::{empty_members, empty_values};
use crate::diagnostic::{Diagnostic, Position};
use crate::file_kind::FileKind;
use crate::text_file::read_file;
use crate::yaml::{position_of_key, position_within, read_tree, read_tree_of};

/// The beginning of the messages about members without a value.
const EMPTY: &str = "this is empty, where ";

/// A valid scenario file.
#[derive(Clone, Debug)]
pub struct ReadScenarios {
    /// The path, as the caller gave it.
    pub name: String,
    /// Its text, for excerpts in diagnostics.
    pub text: String,
    /// Its contents; paired scenarios as written.
    pub file: ScenarioFile,
    /// The file with the variants of its paired scenarios, if it has any.
    pub twin: Option<Box<ReadScenarios>>,
    /// The positions in the text, by the line that the contents name.
    places: Vec<Position>,
}

impl ReadScenarios {
    /// Returns the position in the text of a part of the contents, which are expanded.
    pub(super) fn position_of<T>(&self, node: &Spanned<T>) -> Position {
        place_of(&self.places, Position::of(node))
    }

    /// Creates a diagnostic for a position in this file.
    pub fn at(
        &self,
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(&self.name, &self.text, position, message, remedy)
    }
}

/// Reads a scenario file and checks what can be checked without a system: every name is defined
/// (users, applications and connectors by the seed; tokens, marks, connections and flows by earlier
/// steps), and every step is possible.
///
/// # Errors
/// All mistakes with their positions. A file with syntax errors is not checked further.
pub fn read_scenarios(path: &Path, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let text = read_file(path)?;
    if let Some(key) = FileKind::key_of_seed(&text) {
        let position = position_of_key(&text, &key);
        let message = "this is a seed, which describes tenants, and no scenario file";
        return Err(vec![Diagnostic::new(&name, &text, position, message, "give it with --seed FILE")]);
    }
    parse(name, text, seeds)
}

/// Reads the text of a scenario file, as [`read_scenarios`] does.
///
/// # Errors
/// All mistakes with their positions.
pub fn read_text(name: &str, text: String, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    parse(name.to_owned(), text, seeds)
}

fn parse(name: String, text: String, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let of = |which| of_twin(&name, &text, which).map_err(|mistake| vec![mistake]);
    let mut read = parse_text(name.clone(), of(0)?, seeds)?;
    if read.file.scenarios.value.iter().any(|scenario| scenario.twins.is_some()) {
        read.twin = Some(Box::new(parse_text(name.clone(), of(1)?, seeds)?));
    }
    Ok(read)
}

fn parse_text(name: String, text: String, seeds: KnownSeeds<'_>) -> Result<ReadScenarios, Vec<Diagnostic>> {
    let tree = read_tree_of(&name, &text).map_err(|wrong| vec![wrong])?;
    let written_empty = empty_values(&tree);
    let (expanded, mistakes) = expand(tree);
    let diagnostic = |mistake: Mistake| {
        let position = match mistake.within.as_slice() {
            [] => mistake.position,
            within => position_within(&text, mistake.position, within),
        };
        Diagnostic::new(&name, &text, position, mistake.message, mistake.remedy)
    };
    // A placeholder without a value leaves its member out: the row of a table need not have it.
    let mut empty = empty_members(&name, &text, &expanded, FileKind::Scenarios);
    empty.retain(|wrong| written_empty.contains(&wrong.position));
    let mut found: Vec<Diagnostic> = mistakes.into_iter().map(diagnostic).collect();
    let read = read_tree::<ScenarioFile>(&name, &text, expanded);
    let others: Vec<Diagnostic> = match &read {
        // What a member without a value should have been decides what else is wrong.
        Ok(_) if !empty.is_empty() => Vec::new(),
        Ok((file, places)) => {
            let placed = |wrong: Mistake| Mistake { position: place_of(places, wrong.position), ..wrong };
            check(file, seeds).into_iter().map(placed).map(diagnostic).collect()
        }
        Err(of_form) => of_form.clone(),
    };
    // A mistake of the expansion is the cause of others at the same position.
    let causes: BTreeSet<_> = found.iter().map(|wrong| wrong.position).collect();
    let is_consequence = |wrong: &Diagnostic| {
        causes.contains(&wrong.position) || (!causes.is_empty() && is_of_expansion(&wrong.message))
    };
    found.extend(others.into_iter().filter(|wrong| !is_consequence(wrong)));
    // Steps that are executed several times are wrong once, and a value is empty or of a wrong
    // form.
    let of_form: BTreeSet<_> = found.iter().map(|wrong| wrong.position).collect();
    // That a member is empty can be reported with what is expected, at its name.
    for wrong in found.iter().filter(|wrong| wrong.message.starts_with(EMPTY)) {
        let named = |empty: &Diagnostic| {
            empty.position.line == wrong.position.line && empty.position > wrong.position
        };
        if let Some(reported) = empty.iter().position(named) {
            empty.remove(reported);
        }
    }
    found.extend(empty.into_iter().filter(|wrong| !of_form.contains(&wrong.position)));
    let mut seen = BTreeSet::new();
    found.retain(|wrong| seen.insert((wrong.position, wrong.message.clone())));
    found.sort_by_key(|wrong| wrong.position);
    match read {
        Ok((file, places)) if found.is_empty() => Ok(ReadScenarios { name, text, file, twin: None, places }),
        _ => Err(found),
    }
}

/// Whether a mistake follows from one of the expansion: a placeholder that has no value, or steps
/// that are not there.
fn is_of_expansion(message: &str) -> bool {
    let placeholders = ["${var.", "${row.", "${round}", "${twin."];
    message.starts_with(NOTHING_TO_RUN) || placeholders.iter().any(|start| message.contains(start))
}

fn place_of(places: &[Position], position: Position) -> Position {
    let line = usize::try_from(position.line).ok().and_then(|line| line.checked_sub(1));
    line.and_then(|line| places.get(line)).copied().unwrap_or(position)
}

#[cfg(test)]
mod tests;
