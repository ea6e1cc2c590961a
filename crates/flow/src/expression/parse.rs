//! Parses text into an [`Expression`], by recursive descent with bounded depth.

use serde_json::{Number, Value};

use super::catalogue::nearest;
use super::function::Function;
use super::signature::{ANY, Signature};
use super::syntax::{Access, Expression};

/// The maximum length of an expression, in characters (reference §6.1).
pub(crate) const EXPRESSION_CHARACTERS_MAX: usize = 8_192;

/// The maximum nesting depth of calls and brackets.
const DEPTH_MAX: usize = 100;

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {what}")]
pub(crate) struct ExpressionError {
    /// The position in the text, counted in characters from 1.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

/// Parses a whole expression (without its leading `@`).
pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let (expression, rest) = parse_until(text, None)?;
    debug_assert!(rest == text.len(), "without a closing character the whole text is read");
    Ok(expression)
}

/// Parses an expression up to `close` (or the end of the text). Returns how many bytes it has,
/// including `close`.
pub(super) fn parse_until(text: &str, close: Option<char>) -> Result<(Expression, usize), ExpressionError> {
    let mut parser = Parser { text, at: 0 };
    if text.chars().nth(EXPRESSION_CHARACTERS_MAX).is_some() && close.is_none() {
        return Err(parser.error(format!("an expression has at most {EXPRESSION_CHARACTERS_MAX} characters")));
    }
    let expression = parser.expression(0)?;
    parser.blanks();
    match (parser.peek(), close) {
        (None, None) => {}
        (Some(found), Some(close)) if found == close => parser.skip(close),
        (Some(found), _) => return Err(parser.error(format!("'{found}' is not expected here"))),
        (None, Some(close)) => return Err(parser.error(format!("'{close}' is missing"))),
    }
    if text[..parser.at].chars().count() > EXPRESSION_CHARACTERS_MAX {
        return Err(parser.error(format!("an expression has at most {EXPRESSION_CHARACTERS_MAX} characters")));
    }
    Ok((expression, parser.at))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: impl Into<String>) -> ExpressionError {
        ExpressionError { at: self.text[..self.at].chars().count() + 1, what: what.into() }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    fn blanks(&mut self) {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
    }

    fn take(&mut self, c: char) -> bool {
        self.blanks();
        let found = self.peek() == Some(c);
        if found {
            self.skip(c);
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), ExpressionError> {
        if self.take(c) { Ok(()) } else { Err(self.error(format!("'{c}' is expected here"))) }
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        if depth >= DEPTH_MAX {
            return Err(self.error(format!("more than {DEPTH_MAX} levels of nesting")));
        }
        let start = self.primary(depth)?;
        let mut path = Vec::new();
        loop {
            self.blanks();
            let after = self.text[self.at..].strip_prefix('?').map(str::trim_start);
            let or_null = after.is_some_and(|after| after.starts_with(['[', '.']));
            if or_null {
                self.skip('?');
                self.blanks();
            }
            match self.peek() {
                Some('[') => {
                    self.skip('[');
                    let key = self.expression(depth + 1)?;
                    self.expect(']')?;
                    path.push(Access { key, or_null });
                }
                Some('.') => {
                    self.skip('.');
                    self.blanks();
                    let name = self.name();
                    if name.is_empty() {
                        return Err(self.error("a property's name is expected after '.'"));
                    }
                    path.push(Access { key: Expression::Literal(Value::String(name)), or_null });
                }
                _ => break,
            }
        }
        Ok(if path.is_empty() { start } else { Expression::Path(Box::new(start), path) })
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        self.blanks();
        match self.peek() {
            Some('\'') => self.string(),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.word(depth),
            Some(c) => {
                Err(self.error(format!("'{c}' does not begin a value; write strings in 'single quotes'")))
            }
            None => Err(self.error("a value is expected here")),
        }
    }

    fn string(&mut self) -> Result<Expression, ExpressionError> {
        let opening = self.at;
        self.skip('\'');
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.skip(c);
            if c != '\'' {
                text.push(c);
            } else if self.peek() == Some('\'') {
                self.skip('\'');
                text.push('\'');
            } else {
                return Ok(Expression::Literal(Value::String(text)));
            }
        }
        self.at = opening;
        Err(self.error("the text that begins here is not closed with '"))
    }

    fn number(&mut self) -> Result<Expression, ExpressionError> {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
            .unwrap_or(rest.len());
        let digits = &rest[..length];
        let number = digits
            .parse::<i64>()
            .ok()
            .map(Number::from)
            .or_else(|| digits.parse::<f64>().ok().and_then(Number::from_f64))
            .ok_or_else(|| self.error("this is not a number"))?;
        self.at += length;
        Ok(Expression::Literal(Value::Number(number)))
    }

    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let length =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.at += length;
        name
    }

    fn word(&mut self, depth: usize) -> Result<Expression, ExpressionError> {
        let start = self.at;
        let name = self.name();
        if self.take('(') {
            let arguments = self.arguments(depth)?;
            let Some(function) = Function::named(&name) else {
                self.at = start;
                let near = nearest(&name).map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
                let what = format!("The template function '{name}' is not defined or not valid{near}");
                return Err(self.error(what));
            };
            let Signature { fewest, most, .. } = *function.signature();
            if !(fewest..=most).contains(&arguments.len()) {
                self.at = start;
                let given = arguments.len();
                return Err(self.error(format!(
                    "The template function '{}' expects {}, not {given}",
                    function.name(),
                    parameters(fewest, most)
                )));
            }
            return Ok(Expression::Call(function, arguments));
        }
        Ok(Expression::Literal(match name.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => {
                self.at = start;
                return Err(self.error(format!("'{name}' is neither a function call nor a value")));
            }
        }))
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Expression>, ExpressionError> {
        let mut arguments = Vec::new();
        if self.take(')') {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            if self.take(')') {
                return Ok(arguments);
            }
            self.expect(',')?;
        }
    }
}

fn parameters(fewest: usize, most: usize) -> String {
    let plural = |n| if n == 1 { "parameter" } else { "parameters" };
    match (fewest, most) {
        (n, most) if n == most => format!("{n} {}", plural(n)),
        (n, ANY) => format!("at least {n} {}", plural(n)),
        (fewest, most) => format!("{fewest} to {most} parameters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_where_and_what() {
        for (text, at, what) in [
            ("", 1, "a value is expected"),
            ("concat('a'", 11, "',' is expected"),
            ("concat('a)", 8, "not closed"),
            ("launch('x')", 1, "The template function 'launch' is not defined or not valid"),
            ("concat('a', concatt(1, 2))", 13, "did you mean 'concat'?"),
            ("equals(1)", 1, "'equals' expects 2 parameters, not 1"),
            ("triggerBody() and", 15, "not expected here"),
            ("outputs(A)", 9, "'A' is neither"),
            ("body('A')?", 10, "not expected"),
            ("12e", 1, "not a number"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.what.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}1{}", "not(".repeat(200), ")".repeat(200));
        assert!(parse(&deep).expect_err("too deep").what.contains("nesting"));
        let nested = |levels: usize| parse(&format!("{}1{}", "not(".repeat(levels), ")".repeat(levels)));
        assert!(nested(DEPTH_MAX - 1).is_ok() && nested(DEPTH_MAX).is_err());
        let of_length = |characters: usize| format!("'{}'", "ä".repeat(characters - 2));
        assert!(parse(&of_length(EXPRESSION_CHARACTERS_MAX)).is_ok());
        let long = parse(&of_length(EXPRESSION_CHARACTERS_MAX + 1)).expect_err("too long");
        assert!(long.what.contains("8192") && long.at == 1, "{long}");
        // Within a text, the closing bracket counts and what follows it does not.
        let closed = |characters| format!("{}}}{}", of_length(characters - 1), "b".repeat(9_000));
        let within = closed(EXPRESSION_CHARACTERS_MAX);
        let length = parse_until(&within, Some('}')).map(|(_, length)| length);
        assert_eq!(length, Ok(within.len() - 9_000));
        let long = parse_until(&closed(EXPRESSION_CHARACTERS_MAX + 1), Some('}')).expect_err("too long");
        assert!(long.what.contains("8192"), "{long}");
    }

    #[test]
    fn long_chains_are_no_nesting() {
        assert!(parse(&format!("triggerBody(){}", "?['a']".repeat(500))).is_ok());
    }
}
