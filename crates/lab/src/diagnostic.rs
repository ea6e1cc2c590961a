//! Diagnostics: mistakes in seed and scenario files, and failed expectations, with their position.

use std::fmt;

use strsim::damerau_levenshtein;

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
    pub excerpt: Option<String>,
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
            .map(|line| line.chars().take(160).collect());
        Self { file: file.to_owned(), position, excerpt, message: message.into(), remedy: remedy.into() }
    }

    /// Returns the diagnostic in colors: the position, the line and the caret stand out.
    pub fn styled(&self) -> String {
        let Self { file, position: Position { line, column }, .. } = self;
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}:{column}") };
        let mut text = format!("{}: {}", styled(STRONG, &printable(&place)), printable(&self.message));
        if let Some(excerpt) = &self.excerpt {
            let (gutter, indent) = self.indents();
            let excerpt = printable(excerpt);
            text.push_str(&format!(
                "\n  {} {excerpt}\n  {} {indent}{}",
                styled(GUTTER, &format!("{line} |")),
                styled(GUTTER, &format!("{gutter} |")),
                styled(BAD, "^")
            ));
        }
        text.push_str(&format!("\n  {} {}", styled(REMEDY, "remedy:"), printable(&self.remedy)));
        text
    }

    /// Returns the spaces below the number of the line, and those before the caret.
    fn indents(&self) -> (String, String) {
        let Position { line, column } = self.position;
        let indent = usize::try_from(column.saturating_sub(1)).unwrap_or(0).min(160);
        (" ".repeat(line.to_string().len()), " ".repeat(indent))
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

    /// Creates a diagnostic for an error of the YAML parser.
    pub(crate) fn from_yaml(file: &str, text: &str, error: &serde_saphyr::Error) -> Self {
        Self::from_yaml_at(file, text, error.location().map(Position::at).unwrap_or_default(), error)
    }

    /// Creates a diagnostic for an error of the YAML parser in the node at `position`.
    pub(crate) fn from_yaml_at(
        file: &str,
        text: &str,
        position: Position,
        error: &serde_saphyr::Error,
    ) -> Self {
        let (message, remedy) =
            explain_yaml(&error.render_with_formatter(&serde_saphyr::UserMessageFormatter));
        Self::new(file, text, position, message, remedy)
    }
}

/// Returns why a file cannot be read, and the remedy.
pub(crate) fn unreadable(error: &std::io::Error) -> (String, &'static str) {
    use std::io::ErrorKind;
    let (why, remedy) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file", "check the path"),
        ErrorKind::PermissionDenied => ("reading it is not permitted", "change its permissions"),
        ErrorKind::IsADirectory => ("it is a directory", "give the path of a file in it"),
        ErrorKind::FileTooLarge => ("it has no end, or more than 64 MiB", "give a smaller file"),
        ErrorKind::InvalidData => ("it is not UTF-8 text", "give a text file, saved as UTF-8"),
        _ => return (error.to_string(), "check the path and its permissions"),
    };
    (why.to_owned(), remedy)
}

/// Translates an error of the YAML parser for the author of the file, with a remedy.
fn explain_yaml(message: &str) -> (String, String) {
    let message = message.rfind(" at line ").map_or(message, |end| &message[..end]);
    let quoted = |start: &str| message.strip_prefix(start)?.split('`').next();
    let expected = message.split_once("expected one of ").or_else(|| message.split_once(", expected "));
    let names = expected.map_or(String::new(), |(_, names)| names.replace('`', ""));
    if let Some(field) = quoted("unknown field `") {
        return (format!("unknown field `{field}`"), one_of(field, &names));
    }
    if let Some(variant) = quoted("unknown variant `") {
        return (format!("'{variant}' is not possible here"), one_of(variant, &names));
    }
    if let Some(field) = quoted("missing field `") {
        return (format!("missing field `{field}`"), format!("add {field}"));
    }
    if let Some(key) = quoted("duplicate mapping key `") {
        return (format!("the field `{key}` is given twice"), "keep one of the two".to_owned());
    }
    let known = [
        ("duplicate mapping key", "a field is given twice", "keep one of the two"),
        (
            "only single YAML document",
            "a second YAML document begins here",
            "keep one document in the file, without --- between",
        ),
        (
            "null is not allowed",
            "this is empty, where a value is expected",
            "write a value, or remove the field",
        ),
    ];
    if let Some((_, message, remedy)) = known.iter().find(|(start, ..)| message.starts_with(start)) {
        return ((*message).to_owned(), (*remedy).to_owned());
    }
    if message.starts_with("UUID parsing failed") {
        let expected = form_expected("UUID");
        return (format!("the value is not {expected}"), format!("write {expected}"));
    }
    if message.starts_with("unexpected end of") {
        return ("the file ends here, and something is missing".to_owned(), "complete it".to_owned());
    }
    if let Some(("invalid type" | "invalid value", rest)) = message.split_once(": ")
        && let Some((given, expected)) = rest.split_once(", expected ")
    {
        let (given, expected) = (form_given(given), form_expected(expected));
        return (format!("this is {given}, where {expected} is expected"), format!("write {expected}"));
    }
    if let Some(kind) = message.strip_prefix("invalid ") {
        let expected = form_expected(kind.split(&[' ', ':'][..]).next().unwrap_or_default());
        return (format!("the value is not {expected}"), format!("write {expected}"));
    }
    if let Some(expected) = message.strip_prefix("expected ") {
        let expected = form_expected(expected);
        return (format!("{expected} is expected here"), format!("write {expected}"));
    }
    if message.contains("is not a") {
        return (message.to_owned(), "correct the value".to_owned());
    }
    (format!("this is not valid YAML: {message}"), "correct the YAML at this place".to_owned())
}

/// Returns the names that are possible instead of `given`, first the one that was possibly meant.
fn one_of(given: &str, names: &str) -> String {
    match (names.is_empty(), meant(given, names)) {
        (true, _) => "remove it".to_owned(),
        (false, Some(name)) => format!("did you mean {name}? Use one of: {names}"),
        (false, None) => format!("use one of: {names}"),
    }
}

/// Returns the name in a list that was possibly meant.
fn meant<'a>(given: &str, names: &'a str) -> Option<&'a str> {
    closest(given, names.split([',', ' ']).filter(|name| !name.is_empty() && *name != "or"))
}

/// Returns the name that differs from `given` by at most a third of its characters.
pub(crate) fn closest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let distances = names.map(|name| (damerau_levenshtein(&given, &name.to_lowercase()), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= given.chars().count().max(3)).then_some(name)
}

/// Describes the value that the YAML parser found.
fn form_given(form: &str) -> String {
    let (kind, value) = form.split_once(' ').unwrap_or((form, ""));
    match kind {
        "string" => format!("the text {value}"),
        "integer" | "floating" => {
            format!("the number {}", value.trim_start_matches("point ").replace('`', ""))
        }
        "boolean" => value.replace('`', ""),
        "unit" | "null" | "Option" => "empty".to_owned(),
        "map" | "mapping" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => form.to_owned(),
    }
}

/// Describes the value that the YAML parser expected.
fn form_expected(form: &str) -> String {
    let name = form.trim_start_matches("a ").trim_start_matches("an ");
    let text = match name.split(' ').next().unwrap_or_default() {
        "u8" | "u16" | "u32" | "u64" | "usize" | "unsigned" => "a whole number of 0 or more",
        "i8" | "i16" | "i32" | "i64" | "integer" | "int" => "a whole number",
        "f32" | "f64" | "float" | "number" => "a number",
        "bool" | "boolean" => "true or false",
        "scalar" => "a single value",
        "string" if name.contains("scalar") => "a single value",
        "string" | "str" | "borrowed" => "a text",
        "sequence" | "seq" | "list" => "a list",
        "struct" | "map" | "mapping" => "a mapping of names to values",
        "UUID" | "formatted" | "uuid" => "an id such as c0470500-0000-4000-8001-000000000001",
        _ => return form.to_owned(),
    };
    text.to_owned()
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
            let (gutter, indent) = self.indents();
            write!(f, "\n  {line} | {excerpt}\n  {gutter} | {indent}^")?;
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

/// Parses YAML.
pub(crate) fn read_yaml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Diagnostic::from_yaml(file, text, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_recognized() {
        let names = "sign_in, refresh, change_password or advance";
        for (given, expected) in [
            ("advnce", Some("advance")),
            ("sing_in", Some("sign_in")),
            ("changePassword", Some("change_password")),
            ("Refresh", Some("refresh")),
            ("x", None),
            ("or", None),
            ("wait", None),
        ] {
            assert_eq!(meant(given, names), expected, "{given}");
        }
        assert_eq!(one_of("advnce", names), format!("did you mean advance? Use one of: {names}"));
        assert_eq!(one_of("wait", names), format!("use one of: {names}"));
        assert_eq!(one_of("wait", ""), "remove it");
    }

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

    #[test]
    fn messages_of_the_reader_name_nothing_of_the_library() {
        type Form = std::collections::BTreeMap<String, String>;
        for (text, message) in [
            ("a: 1\na: 2\n", "the field `a` is given twice"),
            ("a: b\n---\na: c\n", "a second YAML document begins here"),
            ("a: ~\n", "this is empty, where a value is expected"),
        ] {
            let error = read_yaml::<Form>("a.yaml", text).expect_err(text);
            assert_eq!(error.message, message, "{text}");
        }
        let error = read_yaml::<Vec<uuid::Uuid>>("a.yaml", "[c0470500-0000-4000-8001-00000000000g]");
        let error = error.expect_err("'g' is no digit").message;
        assert!(error.starts_with("the value is not an id such as"), "{error}");
    }

    #[test]
    fn a_parser_error_has_its_position_once() {
        let diagnostic = read_yaml::<std::collections::BTreeMap<String, u8>>("b.yaml", "a: 1\nb: many\n")
            .expect_err("'many' is not a number");
        assert_eq!((diagnostic.position.line, diagnostic.position.column), (2, 4));
        assert!(!diagnostic.message.contains("at line"), "{}", diagnostic.message);
    }
}
