//! `$filter`: comparisons, `in` and `startswith`, joined by `and`. Text comparison ignores case.
//! Other OData operators are rejected, as Graph rejects queries that it has no index for.

use outlive_clock::Instant;
use serde_json::Value;
use uuid::Uuid;

/// Characters per filter.
const FILTER_CHARS_MAX: usize = 2_048;
/// Comparisons per filter.
const COMPARISONS_MAX: usize = 10;
/// Values per `in` ("Use the filter query parameter": 15 expressions).
const VALUES_MAX: usize = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Eq,
    Ne,
    Ge,
    Le,
    Gt,
    Lt,
    StartsWith,
    In,
}

/// `property operator literal`.
#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    /// A property path, with `/` before a nested property.
    property: String,
    operator: Operator,
    /// An array for `in`.
    literal: Value,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter(Vec<Comparison>);

impl Filter {
    /// Parses a filter over the properties that it may use.
    ///
    /// # Errors
    /// The reason why it is invalid, for the error message.
    pub(crate) fn parse(text: &str, is_filterable: impl Fn(&str) -> bool) -> Result<Self, String> {
        if text.len() > FILTER_CHARS_MAX {
            return Err("Invalid filter clause: it is too long.".to_owned());
        }
        let mut words = words(text)?.into_iter();
        let mut comparisons = Vec::new();
        loop {
            comparisons.push(comparison(&mut words, &is_filterable)?);
            match words.next() {
                None => return Ok(Self(comparisons)),
                Some(Word::Bare(and)) if and == "and" && comparisons.len() < COMPARISONS_MAX => {}
                Some(_) => return Err("Unsupported filter: only comparisons joined by 'and' are.".to_owned()),
            }
        }
    }

    /// Returns the text that a property is required to equal, for an index lookup.
    pub(crate) fn equal(&self, property: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|c| c.property == property && c.operator == Operator::Eq);
        found.find_map(|comparison| comparison.literal.as_str())
    }

    /// Returns the required text if it is ASCII: the database ignores case for ASCII letters only.
    pub(crate) fn equal_in_ascii(&self, property: &str) -> Option<&str> {
        self.equal(property).filter(|text| text.is_ascii())
    }

    /// Returns whether the filter accepts every object.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn passes(&self, object: &Value) -> bool {
        self.0.iter().all(|comparison| comparison.matches(object))
    }
}

/// Parses `property operator literal` or `startswith(property,'text')`.
fn comparison(
    words: &mut impl Iterator<Item = Word>,
    is_filterable: impl Fn(&str) -> bool,
) -> Result<Comparison, String> {
    let expected = || "Invalid filter clause: a property, an operator and a value are expected.".to_owned();
    let supported = |property: String| {
        if is_filterable(&property) {
            return Ok(property);
        }
        Err(format!("Unsupported or invalid query filter clause specified for property '{property}'."))
    };
    let Some(Word::Bare(first)) = words.next() else { return Err(expected()) };
    match words.next() {
        // Older documentation writes startsWith.
        Some(Word::Mark('(')) if first.eq_ignore_ascii_case("startswith") => {
            let call = (words.next(), words.next(), words.next(), words.next());
            let (
                Some(Word::Bare(property)),
                Some(Word::Mark(',')),
                Some(Word::Quoted(text)),
                Some(Word::Mark(')')),
            ) = call
            else {
                return Err("Invalid filter clause: startswith takes a property and a text.".to_owned());
            };
            let (property, literal) = (supported(property)?, Value::String(text));
            Ok(Comparison { property, operator: Operator::StartsWith, literal })
        }
        Some(Word::Mark(_)) => Err(format!("Unsupported filter function '{first}'.")),
        Some(Word::Bare(operator)) if operator == "in" => {
            let property = supported(first)?;
            let literal = Value::Array(list(words)?);
            Ok(Comparison { property, operator: Operator::In, literal })
        }
        Some(Word::Bare(operator)) => {
            let literal = words.next().ok_or_else(expected)?.value()?;
            let property = supported(first)?;
            let operator = match operator.as_str() {
                "eq" => Operator::Eq,
                "ne" => Operator::Ne,
                "ge" => Operator::Ge,
                "le" => Operator::Le,
                "gt" => Operator::Gt,
                "lt" => Operator::Lt,
                _ => return Err(format!("Unsupported filter operator for property '{property}'.")),
            };
            Ok(Comparison { property, operator, literal })
        }
        _ => Err(expected()),
    }
}

/// Parses `('a','b')`.
fn list(words: &mut impl Iterator<Item = Word>) -> Result<Vec<Value>, String> {
    let expected = || "Invalid filter clause: 'in' takes a list of values in parentheses.".to_owned();
    let Some(Word::Mark('(')) = words.next() else { return Err(expected()) };
    let mut values = Vec::new();
    loop {
        values.push(words.next().ok_or_else(expected)?.value()?);
        match words.next() {
            Some(Word::Mark(',')) if values.len() < VALUES_MAX => {}
            Some(Word::Mark(')')) => return Ok(values),
            Some(Word::Mark(',')) => {
                return Err(format!("Too many values for 'in': a list has {VALUES_MAX} at most."));
            }
            _ => return Err(expected()),
        }
    }
}

/// Compares a property with a literal, ignoring the case of text.
fn equal(actual: &Value, literal: &Value) -> bool {
    match (actual, literal) {
        (Value::String(actual), Value::String(literal)) => {
            actual.eq_ignore_ascii_case(literal) || actual.to_lowercase() == literal.to_lowercase()
        }
        // Quotes around numbers and instants are optional.
        (actual, literal) => actual == literal,
    }
}

impl Comparison {
    fn matches(&self, object: &Value) -> bool {
        let mut actual = object;
        for part in self.property.split('/') {
            actual = &actual[part];
        }
        match self.operator {
            Operator::Eq => equal(actual, &self.literal),
            Operator::Ne => !equal(actual, &self.literal),
            Operator::In => {
                self.literal.as_array().is_some_and(|list| list.iter().any(|value| equal(actual, value)))
            }
            Operator::StartsWith => match (actual, &self.literal) {
                (Value::String(actual), Value::String(start)) => {
                    actual.to_lowercase().starts_with(&start.to_lowercase())
                }
                _ => false,
            },
            ordered => order(actual, &self.literal).is_some_and(|order| match ordered {
                Operator::Ge => order.is_ge(),
                Operator::Le => order.is_le(),
                Operator::Gt => order.is_gt(),
                _ => order.is_lt(),
            }),
        }
    }
}

fn order(actual: &Value, literal: &Value) -> Option<std::cmp::Ordering> {
    match (actual, literal) {
        (Value::String(actual), Value::String(literal)) => {
            match (actual.parse::<Instant>(), literal.parse::<Instant>()) {
                (Ok(actual), Ok(literal)) => Some(actual.cmp(&literal)),
                _ => Some(actual.to_lowercase().cmp(&literal.to_lowercase())),
            }
        }
        (actual, literal) => Some(actual.as_i64()?.cmp(&literal.as_i64()?)),
    }
}

/// A token of a filter.
enum Word {
    Bare(String),
    Quoted(String),
    /// A parenthesis or a comma.
    Mark(char),
}

impl Word {
    /// Returns the value of the literal: a quoted text, or without quotes a boolean, null, a
    /// number, an instant or an id.
    fn value(self) -> Result<Value, String> {
        let text = match self {
            Self::Quoted(text) => return Ok(Value::String(text)),
            Self::Mark(mark) => return Err(format!("Invalid filter clause: unexpected '{mark}'.")),
            Self::Bare(text) => text,
        };
        let is = |literal: &str| text.eq_ignore_ascii_case(literal);
        if is("true") || is("false") {
            return Ok(Value::Bool(is("true")));
        }
        if is("null") {
            return Ok(Value::Null);
        }
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::from(number));
        }
        if text.parse::<Instant>().is_ok() || text.parse::<Uuid>().is_ok() {
            return Ok(Value::String(text));
        }
        Err(format!(
            "Invalid filter clause: the literal '{text}' is not valid; a text is written in single quotes."
        ))
    }
}

/// Splits a filter at blanks, parentheses and commas. A quote in quoted text is doubled.
fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(mut inside) = rest.strip_prefix('\'') {
            let mut quoted = String::new();
            loop {
                let (before, after) = inside
                    .split_once('\'')
                    .ok_or("There is an unterminated string literal in the filter.".to_owned())?;
                quoted.push_str(before);
                match after.strip_prefix('\'') {
                    Some(more) => {
                        quoted.push('\'');
                        inside = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            words.push(Word::Quoted(quoted));
        } else if let Some(mark) = rest.chars().next().filter(|c| is_mark(*c)) {
            words.push(Word::Mark(mark));
            rest = &rest[mark.len_utf8()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || is_mark(c)).unwrap_or(rest.len());
            words.push(Word::Bare(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

const fn is_mark(c: char) -> bool {
    matches!(c, '(' | ')' | ',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PROPERTIES: [&str; 4] = ["displayName", "accountEnabled", "status/errorCode", "createdDateTime"];

    fn is_filterable(property: &str) -> bool {
        PROPERTIES.contains(&property)
    }

    fn passes(filter: &str) -> bool {
        let object = json!({
            "displayName": "O'Neill", "accountEnabled": true, "status": {"errorCode": 50173},
            "createdDateTime": "2026-01-05T09:00:00.5Z",
        });
        Filter::parse(filter, is_filterable).unwrap_or_else(|why| panic!("{filter}: {why}")).passes(&object)
    }

    #[test]
    fn compares_texts_flags_numbers_and_instants() {
        for (filter, passed) in [
            ("displayName eq 'O''Neill'", true),
            ("displayName eq 'o''neill'", true),
            ("displayName eq 'ONeill'", false),
            ("displayName ne null", true),
            ("accountEnabled eq true", true),
            ("accountEnabled eq false", false),
            ("status/errorCode eq 50173 and accountEnabled eq true", true),
            ("status/errorCode ne 0 and accountEnabled eq false", false),
            ("startswith(displayName,'O''N')", true),
            ("startswith( displayName , 'o''ne' ) and accountEnabled eq true", true),
            ("accountEnabled eq true and startswith(displayName,'Neill')", false),
            ("startswith(accountEnabled,'t')", false),
            ("displayName in ('a', 'O''NEILL')", true),
            ("displayName in ('a') and accountEnabled eq true", false),
            ("status/errorCode in (0,50173)", true),
            ("displayName gt 'o''m'", true),
            ("createdDateTime ge 2026-01-05T09:00:00Z", true),
            ("createdDateTime ge 2026-01-05T09:00:01Z", false),
            ("createdDateTime lt 2026-01-05T09:00:00.6Z", true),
        ] {
            assert_eq!(passes(filter), passed, "{filter}");
        }
    }

    #[test]
    fn what_it_cannot_do_it_refuses() {
        for filter in [
            "",
            "displayName",
            "displayName eq",
            "displayName eq 'open",
            "secret eq 'x'",
            "startswith(displayName)",
            "startswith(displayName,O)",
            "startswith(secret,'O')",
            "startswith displayName,'O'",
            "startswith(displayName,'O'",
            "endswith(displayName,'O')",
            "displayName in",
            "displayName in ()",
            "displayName in ('a'",
            "displayName in 'a'",
            "displayName eq (",
            "(displayName eq 'a')",
            "",
            "displayName eq 'a' or displayName eq 'b'",
            "displayName has 'a'",
            "'displayName' eq 'a'",
            &"x".repeat(3_000),
        ] {
            assert!(Filter::parse(filter, is_filterable).is_err(), "{filter}");
        }
    }

    #[test]
    fn an_index_is_offered_what_has_to_be_equal() {
        let filter =
            Filter::parse("accountEnabled eq true and displayName eq 'A'", is_filterable).expect("valid");
        assert_eq!(filter.equal("displayName"), Some("A"));
        assert_eq!(filter.equal("createdDateTime"), None);
    }

    #[test]
    fn letters_beyond_ascii_have_cases_too() {
        let object = json!({"displayName": "ÖRTLICHE Straße"});
        for filter in ["displayName eq 'örtliche straße'", "startswith(displayName,'ör')"] {
            assert!(Filter::parse(filter, is_filterable).expect("valid").passes(&object), "{filter}");
        }
    }
}
