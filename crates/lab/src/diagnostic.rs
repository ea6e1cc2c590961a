//! What is wrong with a file, and where: one form for seed files, scenario files and failed expectations.

use std::fmt;

/// A place in a file, counted from 1. The default (0:0) means the file as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in characters.
    pub column: u64,
}

impl Position {
    /// Where a YAML node stands.
    #[must_use]
    pub fn of<T>(node: &serde_saphyr::Spanned<T>) -> Self {
        Self::at(node.referenced)
    }

    /// From the parser's location.
    #[must_use]
    pub fn at(location: serde_saphyr::Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

/// One thing that is wrong in one file: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the caller named it.
    pub file: String,
    /// Where in it.
    pub position: Position,
    /// The line of the file that is meant, for showing.
    pub excerpt: Option<String>,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Diagnostic {
    /// A diagnostic for `position` of `file`, whose text is `text`.
    #[must_use]
    pub fn new(
        file: &str,
        text: &str,
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let excerpt = usize::try_from(position.line)
            .ok()
            .and_then(|line| line.checked_sub(1))
            .and_then(|index| text.lines().nth(index))
            .map(|line| line.chars().take(160).collect());
        Self { file: file.to_owned(), position, excerpt, message: message.into(), remedy: remedy.into() }
    }

    /// The file could not be read at all.
    #[must_use]
    pub fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self {
            file: file.to_owned(),
            position: Position::default(),
            excerpt: None,
            message: format!("cannot be read: {error}"),
            remedy: "check the path and its permissions".to_owned(),
        }
    }

    /// What the YAML reader refused.
    #[must_use]
    pub fn from_yaml(file: &str, text: &str, error: &serde_saphyr::Error) -> Self {
        let position = error.location().map(Position::at).unwrap_or_default();
        let mut message = error.to_string();
        if let Some(end) = message.rfind(" at line ") {
            message.truncate(end);
        }
        let remedy = remedy_for(&message);
        Self::new(file, text, position, message, remedy)
    }
}

/// What a person does about a message of the YAML reader.
fn remedy_for(message: &str) -> &'static str {
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        "use one of the listed names, or remove this"
    } else if message.starts_with("missing field") {
        "add the missing field here"
    } else if message.starts_with("duplicate mapping key") {
        "keep one of the two"
    } else if message.contains("is not a") || message.contains("is not an") {
        "correct the value"
    } else {
        "correct the YAML at this place"
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position: Position { line, column }, .. } = self;
        if *line == 0 {
            write!(f, "{file}: {}", self.message)?;
        } else {
            write!(f, "{file}:{line}:{column}: {}", self.message)?;
        }
        if let Some(excerpt) = &self.excerpt {
            let gutter = " ".repeat(line.to_string().len());
            let indent = " ".repeat(usize::try_from(column.saturating_sub(1)).unwrap_or(0).min(160));
            write!(f, "\n  {line} | {excerpt}\n  {gutter} | {indent}^")?;
        }
        write!(f, "\n  remedy: {}", self.remedy)
    }
}

impl std::error::Error for Diagnostic {}

/// Reads YAML into typed data, with a place for every refusal.
///
/// # Errors
/// The first thing that is wrong with the text.
pub fn read_yaml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Diagnostic::from_yaml(file, text, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_place_line_caret_and_remedy() {
        let told = Diagnostic::new(
            "a.yaml",
            "x: 1\ny: {z: 2}\n",
            Position { line: 2, column: 5 },
            "unknown field `z`",
            "remove it",
        );
        assert_eq!(
            told.to_string(),
            "a.yaml:2:5: unknown field `z`\n  2 | y: {z: 2}\n    |     ^\n  remedy: remove it"
        );
    }

    #[test]
    fn the_readers_refusal_keeps_its_place_once() {
        let told = read_yaml::<std::collections::BTreeMap<String, u8>>("b.yaml", "a: 1\nb: many\n")
            .expect_err("'many' is no number");
        assert_eq!((told.position.line, told.position.column), (2, 4));
        assert!(!told.message.contains("at line"), "{}", told.message);
    }
}
