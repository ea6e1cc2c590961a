//! Errors of the YAML reader, for the author of the file.

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

use super::names::one_of;
use super::{Diagnostic, Position};

/// The form of a value that a reader did not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Nothing,
    /// A text, as it is shown.
    Text(String),
    /// A number, true or false.
    Value(String),
    List(usize),
    Mapping,
}

impl Given {
    fn describe(&self) -> String {
        match self {
            Self::Nothing => "empty".to_owned(),
            Self::Text(text) => format!("the text '{}'", shortened(text)),
            Self::Value(value) => shortened(value),
            Self::List(_) => "a list".to_owned(),
            Self::Mapping => "a mapping".to_owned(),
        }
    }
}

/// Returns at most 60 characters of a text, without control characters.
fn shortened(text: &str) -> String {
    let shown = text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    if shown.chars().count() <= 60 { shown } else { shown.chars().take(60).chain(['…']).collect() }
}

/// Parses YAML.
pub(crate) fn read_yaml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Diagnostic::from_yaml(file, text, &error))
}

impl Diagnostic {
    /// Creates a diagnostic for an error of the YAML reader.
    pub(crate) fn from_yaml(file: &str, text: &str, error: &Error) -> Self {
        let position = error.location().map(Position::at).unwrap_or(Position { line: 1, column: 1 });
        let (position, message, remedy) = match unreadable_yaml(text, position, error) {
            Some((position, message, remedy)) => (position, message, remedy),
            None => {
                let (message, remedy) = explain(error, None);
                (position, message, remedy)
            }
        };
        Self::new(file, text, position, message, remedy)
    }

    /// Creates a diagnostic for an error of the YAML reader in the value at `position`, which has
    /// the form `given`.
    pub(crate) fn from_yaml_at(
        file: &str,
        text: &str,
        position: Position,
        error: &Error,
        given: Option<&Given>,
    ) -> Self {
        let (message, remedy) = explain(error, given);
        Self::new(file, text, position, message, remedy)
    }
}

fn rendered(error: &Error) -> String {
    let message = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    message.rfind(" at line ").map_or(message.as_str(), |end| &message[..end]).to_owned()
}

/// Explains why a text is not YAML; `None` if it is, but not of the expected form.
fn unreadable_yaml(text: &str, position: Position, error: &Error) -> Option<(Position, String, String)> {
    let message = rendered(error);
    let say = |position, message: &str, remedy: &str| Some((position, message.to_owned(), remedy.to_owned()));
    let next = |wanted: &dyn Fn(char) -> bool| find(text, position, wanted).unwrap_or(position);
    if let Some(control) = forbidden(text) {
        let (position, c) = control;
        if c == '\0' && position.line == 1 && position.column <= 2 {
            return say(position, "the file is UTF-16 text", "save it as UTF-8");
        }
        let message = format!("the file contains the control character U+{:04X}", u32::from(c));
        return say(position, &message, "remove it");
    }
    let has = |part: &str| message.contains(part);
    if has("found a tab") || has("tab characters") || has("tabs disallowed") {
        let message = "a tab is not possible here: YAML is indented with spaces";
        return say(next(&|c| c == '\t'), message, "write spaces instead of the tab");
    }
    if has("unknown escape character") {
        let remedy = "write \\\\ for a backslash, or put the text into single quotation marks";
        let place = bad_escape(text, position).unwrap_or(position);
        return say(place, "a backslash begins no known escape sequence here", remedy);
    }
    for (part, message, remedy) in [
        ("unclosed quote", "this quotation mark is never closed", "add the closing quotation mark"),
        ("unclosed bracket '{'", "this { is never closed", "add the } where it ends"),
        ("unclosed bracket '['", "this [ is never closed", "add the ] where it ends"),
        (
            "illegal placement of ':'",
            "a colon is not possible here; possibly a bracket or quotation mark before it is not closed",
            "close the bracket, or put the text into quotation marks",
        ),
        (
            "did not find expected ',' or '}'",
            "a comma or } is expected here",
            "put texts with brackets, braces or commas, such as ${mark.m}, into quotation marks",
        ),
        (
            "did not find expected ',' or ']'",
            "a comma or ] is expected here",
            "put texts with brackets, braces or commas, such as ${mark.m}, into quotation marks",
        ),
        (
            "mapping values are not allowed",
            "a colon is not possible here; possibly the line before lacks one, or a space after it",
            "write each field on a line of its own, as NAME: VALUE",
        ),
        (
            "while parsing a block",
            "this line does not begin below the list or mapping that it belongs to",
            "indent it like the other lines of the list or mapping",
        ),
        (
            "recursion limit exceeded",
            "the lists and mappings of the file have too many levels",
            "use fewer levels",
        ),
        ("not a finite number", "this is no number that can be used", "write a finite number"),
        (
            "reference to unknown value",
            "no value before this alias (*NAME) has an anchor (&NAME) of this name",
            "add the anchor to an earlier value, or put a text that begins with * into quotation marks",
        ),
        (
            "ecursive reference",
            "this alias (*NAME) is within the value that it stands for",
            "write the value without the alias",
        ),
        ("YAML major version", "this version of YAML is not supported", "remove the line with %YAML"),
        (
            "limits breached",
            "the file has too many values, or too many levels of them",
            "write fewer values; an alias (*NAME) counts as all values that it stands for",
        ),
        ("unexpected character: `@'", "a text cannot begin with @", "put the text into quotation marks"),
        ("unexpected character: ``'", "a text cannot begin with `", "put the text into quotation marks"),
    ] {
        if has(part) {
            return say(position, message, remedy);
        }
    }
    None
}

/// Finds the first character that YAML does not allow, even in a comment.
fn forbidden(text: &str) -> Option<(Position, char)> {
    let is_forbidden =
        |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || c == '\u{fffe}';
    let start = Position { line: 1, column: 1 };
    let position = find(text, start, &is_forbidden)?;
    Some((position, text.chars().find(|c| is_forbidden(*c))?))
}

/// Finds the first character at or after a position.
fn find(text: &str, from: Position, wanted: &dyn Fn(char) -> bool) -> Option<Position> {
    positions(text, from).find(|(_, c)| wanted(*c)).map(|(position, _)| position)
}

/// The characters of a text at and after a position, with their positions.
fn positions(text: &str, from: Position) -> impl Iterator<Item = (Position, char)> {
    let lines = (1..).zip(text.lines());
    let all = lines.flat_map(|(line, text)| {
        (1..).zip(text.chars()).map(move |(column, c)| (Position { line, column }, c))
    });
    all.skip_while(move |(position, _)| *position < from)
}

/// Finds the backslash of the first escape sequence after a position that YAML does not have.
fn bad_escape(text: &str, from: Position) -> Option<Position> {
    let mut characters = positions(text, from);
    while let Some((position, c)) = characters.next() {
        if c == '\\' {
            let (_, next) = characters.next()?;
            if !"0abtnvfre \"/\\N_LPxuU\t".contains(next) {
                return Some(position);
            }
        }
    }
    None
}

/// Translates an error of the YAML reader for the author of the file, with a remedy.
fn explain(error: &Error, given: Option<&Given>) -> (String, String) {
    let rendered = rendered(error);
    let message = rendered.as_str();
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
    if let Some(key) = quoted("duplicate mapping key `").or_else(|| quoted("duplicate field `")) {
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
    if let Some(rest) = message.strip_prefix("invalid length ")
        && let Some((length, expected)) = rest.split_once(", expected ")
    {
        let number = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let expected = number(expected);
        return (
            format!("the number of values in this list is {length}, where {expected} are expected"),
            format!("write a list of {expected} values"),
        );
    }
    if message.starts_with("unexpected end of") {
        return ("the file ends here, and something is missing".to_owned(), "complete it".to_owned());
    }
    if let Some(("invalid type" | "invalid value", rest)) = message.split_once(": ")
        && let Some((form, expected)) = rest.split_once(", expected ")
    {
        let given = given.map_or_else(|| form_given(form), Given::describe);
        return unexpected(&given, &form_expected(expected));
    }
    if let (Some(expected), None) = (message.strip_prefix("expected "), given) {
        let expected = form_expected(expected);
        return (format!("{expected} is expected here"), format!("write {expected}"));
    }
    let expected = if message.starts_with("UUID parsing failed") {
        Some(form_expected("UUID"))
    } else if let Some(kind) = message.strip_prefix("invalid ") {
        Some(form_expected(kind.split(&[' ', ':'][..]).next().unwrap_or_default()))
    } else if message.starts_with("externally tagged enum expected") {
        Some("a single value".to_owned())
    } else {
        message.strip_prefix("expected ").map(form_expected)
    };
    if let Some(expected) = expected {
        return match given {
            Some(given) => unexpected(&given.describe(), &expected),
            None => (format!("the value is not {expected}"), format!("write {expected}")),
        };
    }
    if is_of_value(error) {
        // The types of values state the remedy after a semicolon.
        let (message, remedy) = message.split_once("; ").unwrap_or((message, "correct the value"));
        return (message.to_owned(), remedy.to_owned());
    }
    (format!("this is not valid YAML: {message}"), "correct the YAML at this place".to_owned())
}

fn unexpected(given: &str, expected: &str) -> (String, String) {
    (format!("this is {given}, where {expected} is expected"), format!("write {expected}"))
}

/// Whether the YAML is valid, and the type of a value rejects it.
fn is_of_value(error: &Error) -> bool {
    match error.without_snippet() {
        Error::AliasError { .. } => !rendered(error).contains("limits breached"),
        Error::Message { .. } | Error::HookError { .. } => true,
        _ => false,
    }
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
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" | "unsigned" => "a whole number of 0 or more",
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

#[cfg(test)]
mod tests {
    use super::*;

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
