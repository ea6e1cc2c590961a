//! Diagnostics: mistakes in seed and scenario files, and failed expectations, with their position.

mod excerpt;
mod names;
pub(crate) mod yaml;

use std::fmt;

use self::excerpt::Excerpt;
pub(crate) use self::names::closest;

use crate::style::{BAD, GUTTER, REMEDY, STRONG, printable, styled};

/// A position in a file, counted from 1. The default (0:0) is the file as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in characters.
    pub column: u64,
}

impl Position {
    /// Returns the position of a YAML node.
    pub fn of<T>(node: &serde_saphyr::Spanned<T>) -> Self {
        Self::at(node.referenced)
    }

    /// Converts a location of the parser.
    pub fn at(location: serde_saphyr::Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

/// A mistake in a file: position, message, remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The path, as the caller gave it.
    pub file: String,
    pub position: Position,
    /// The line at the position.
    pub excerpt: Option<Excerpt>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Diagnostic {
    /// Creates a diagnostic for `position` in `file`, whose text is `text`.
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
            .map(|line| Excerpt::new(line, position.column));
        let (message, remedy) = (one_line(message.into()), one_line(remedy.into()));
        Self { file: file.to_owned(), position, excerpt, message, remedy }
    }

    /// Returns the diagnostic in colors: the position, the line and the caret stand out.
    pub fn styled(&self) -> String {
        let Self { file, position: Position { line, column }, .. } = self;
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}:{column}") };
        let mut text = format!("{}: {}", styled(STRONG, &printable(&place)), printable(&self.message));
        if let Some(excerpt) = &self.excerpt {
            let (gutter, indent) = self.indents(excerpt);
            text.push_str(&format!(
                "\n  {} {}\n  {} {indent}{}",
                styled(GUTTER, &format!("{line} |")),
                printable(&excerpt.text),
                styled(GUTTER, &format!("{gutter} |")),
                styled(BAD, "^")
            ));
        }
        text.push_str(&format!("\n  {} {}", styled(REMEDY, "remedy:"), printable(&self.remedy)));
        text
    }

    /// Returns the spaces below the number of the line, and those before the caret.
    fn indents(&self, excerpt: &Excerpt) -> (String, String) {
        (" ".repeat(self.position.line.to_string().len()), " ".repeat(excerpt.caret))
    }

    /// Creates a diagnostic for a file that cannot be read.
    pub(crate) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        let (why, remedy) = unreadable(error);
        Self {
            file: file.to_owned(),
            position: Position::default(),
            excerpt: None,
            message: format!("cannot be read: {why}"),
            remedy: remedy.to_owned(),
        }
    }
}

/// Returns a text in which control characters are escaped: it may repeat a value of the file.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

/// Returns why a file cannot be read, and the remedy.
pub(crate) fn unreadable(error: &std::io::Error) -> (String, &'static str) {
    use std::io::ErrorKind;
    let (why, remedy) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file", "check the path"),
        ErrorKind::PermissionDenied => ("reading it is not permitted", "change its permissions"),
        ErrorKind::IsADirectory => ("it is a directory", "give the path of a file in it"),
        ErrorKind::FileTooLarge => ("it has no end, or more than 64 MiB", "give a smaller file"),
        ErrorKind::InvalidData => {
            return (format!("it is not UTF-8 text at {error}"), "give a text file, saved as UTF-8");
        }
        // Opening a socket.
        _ if error.raw_os_error() == Some(6) => {
            ("it is a socket or a device that is not there", "give the path of a text file")
        }
        _ => {
            let why = error.to_string();
            let why = why.split(" (os error ").next().unwrap_or_default().to_lowercase();
            return (why, "check the path and its permissions");
        }
    };
    (why.to_owned(), remedy)
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
            let (gutter, indent) = self.indents(excerpt);
            write!(f, "\n  {line} | {}\n  {gutter} | {indent}^", excerpt.text)?;
        }
        write!(f, "\n  remedy: {}", self.remedy)
    }
}

impl serde::Serialize for Diagnostic {
    /// As the text that people read.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_position_line_caret_and_remedy() {
        let diagnostic = Diagnostic::new(
            "a.yaml",
            "x: 1\ny: {z: 2}\n",
            Position { line: 2, column: 5 },
            "unknown field `z`",
            "remove it",
        );
        assert_eq!(
            diagnostic.to_string(),
            "a.yaml:2:5: unknown field `z`\n  2 | y: {z: 2}\n    |     ^\n  remedy: remove it"
        );
    }

    #[test]
    fn colors_add_nothing_but_styles() {
        let diagnostic = Diagnostic::new(
            "a.yaml",
            "x: 1\ny: {z: 2}\n",
            Position { line: 2, column: 5 },
            "unknown field `z`",
            "remove it",
        );
        let styled = diagnostic.styled();
        assert!(styled.starts_with("\u{1b}[1ma.yaml:2:5\u{1b}[0m: unknown"), "{styled:?}");
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), diagnostic.to_string());
        let whole = Diagnostic { position: Position::default(), excerpt: None, ..diagnostic };
        assert_eq!(anstream::adapter::strip_str(&whole.styled()).to_string(), whole.to_string());
    }
}
