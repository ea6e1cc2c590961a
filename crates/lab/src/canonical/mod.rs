//! The canonical form of scenario and seed files: one layout, and members in the order of the
//! documentation.
//!
//! The layout is that of `pretty_yaml`, with comments. What the product reads from a file is
//! compared before and after, and so are the comments: a text that would change is refused.

mod empty_members;
mod layout;
mod meaning;
mod members;
mod order;

use std::io::{self, Read};
use std::path::Path;

use serde_saphyr::Spanned;

pub(crate) use self::empty_members::{empty_members, empty_values};
use self::layout::{lay_out, too_deep};
use self::order::{put_in_order, trim_comments};
use crate::diagnostic::{Diagnostic, Position};
use crate::file_kind::FileKind;
use crate::scenario::file::ScenarioFile;
use crate::seed::SeedFile;
use crate::text_file::{read_text, read_text_file};
use crate::yaml::{Node, read_all, tree};

/// Maximum number of times that a text is laid out until it no longer changes. One is the rule.
const ROUNDS_MAX: usize = 4;

/// Reads a file that is to be formatted.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is too long.
pub fn read_file(path: &Path) -> Result<String, Diagnostic> {
    read_text_file(path).map_err(|error| Diagnostic::unreadable(&path.display().to_string(), &error))
}

/// Reads a text that is to be formatted; `name` is used in diagnostics.
///
/// # Errors
/// As [`read_file`].
pub fn read_stream(name: &str, stream: impl Read) -> Result<String, Diagnostic> {
    read_text(stream).map_err(|error: io::Error| Diagnostic::unreadable(name, &error))
}

/// Returns the canonical form of a scenario or seed file; `name` is used in diagnostics. It is
/// stable: the canonical form of the result is the result.
///
/// Only the form of the YAML is checked. A file with other mistakes, such as unknown fields, has a
/// canonical form.
///
/// # Errors
/// The text is not valid YAML, is neither a scenario nor a seed file, or cannot be formatted
/// without changing what it means.
pub fn canonical(name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let kind = FileKind::of(text);
    let (Some(kind), Some(tree)) = (kind, tree(text)) else { return Err(mistakes(kind, name, text)) };
    // In YAML, all line breaks are the same.
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let original = Original { name, text, tree };
    let in_order = |text: &str| put_in_order(text, kind);
    // Members that cannot be moved without a change stay where they are.
    let result = original.settle(&plain, &in_order);
    result.or_else(|_| original.settle(&plain, &trim_comments)).map_err(|mistake| vec![mistake])
}

/// A text to format, and what the product reads from it.
struct Original<'a> {
    name: &'a str,
    text: &'a str,
    tree: Spanned<Node>,
}

impl Original<'_> {
    /// Formats `plain`, which has the meaning of the text, until nothing changes any more;
    /// `prepare` is applied before each layout.
    fn settle(&self, plain: &str, prepare: &dyn Fn(&str) -> String) -> Result<String, Diagnostic> {
        let laid_out = |text: &str| {
            lay_out(&prepare(text)).map_err(|error| {
                let message = format!("the formatter cannot read this YAML: {}", error.message);
                self.refused(error.position, &message)
            })
        };
        if let Some(position) = too_deep(plain, &self.tree) {
            return Err(self.refused(position, "this is indented too far to be formatted"));
        }
        let mut formatted = laid_out(plain)?;
        for _ in 0..ROUNDS_MAX {
            self.compare(plain, &formatted)?;
            let next = laid_out(&formatted)?;
            if next == formatted {
                return Ok(formatted);
            }
            formatted = next;
        }
        Err(self.refused(Position::default(), "this file has no stable form"))
    }

    /// Checks that `formatted` has the values and comments of `plain`.
    fn compare(&self, plain: &str, formatted: &str) -> Result<(), Diagnostic> {
        let tree = tree(formatted)
            .ok_or_else(|| self.refused(Position::default(), "formatting would make this invalid"))?;
        if let Some(position) = meaning::difference(&self.tree, &tree) {
            return Err(self.refused(position, "formatting would change the meaning of this value"));
        }
        if too_deep(formatted, &tree).is_some() {
            return Err(self.refused(Position::default(), "this is nested too deep to be formatted"));
        }
        match meaning::lost_comment(plain, formatted) {
            Some(position) => Err(self.refused(position, "formatting would change this comment")),
            None => Ok(()),
        }
    }

    fn refused(&self, position: Position, message: &str) -> Diagnostic {
        let remedy = "write it in a simpler form; the file is not changed";
        Diagnostic::new(self.name, self.text, position, message, remedy)
    }
}

/// Returns what `outlive check` reports about the form of a text that cannot be formatted.
fn mistakes(kind: Option<FileKind>, name: &str, text: &str) -> Vec<Diagnostic> {
    let found = match kind {
        Some(FileKind::Seed) => read_all::<SeedFile>(name, text).err(),
        Some(FileKind::Scenarios) | None => read_all::<ScenarioFile>(name, text).err(),
    };
    found.unwrap_or_else(|| {
        let message = "the file contains a value that cannot be formatted";
        let remedy = "remove tags and numbers of unusual size";
        vec![Diagnostic::new(name, text, Position::default(), message, remedy)]
    })
}

#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod tests;
