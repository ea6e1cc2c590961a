//! JSON with expressions, such as the `inputs` of an action.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::budget::Budget;
use super::error::EvaluationError;
use super::evaluate::evaluate;
use super::facts::Facts;
use super::parse::{ExpressionError, parse, parse_until};
use super::string_form::append;
use super::syntax::Expression;

/// A JSON value whose strings can be expressions: parsed once, evaluated in every run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Literal(Value),
    Expression(Expression),
    Interpolation(Vec<Piece>),
    Array(Vec<Template>),
    /// Keys are templates, too: `{"@{variables('name')}": 1}`.
    Object(Vec<(Template, Template)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Expression(Expression),
}

/// The functions whose first argument is the name of an action.
pub(crate) const ACTION_FUNCTIONS: &[&str] = &[
    "actionBody",
    "actionOutputs",
    "actions",
    "body",
    "formDataMultiValues",
    "formDataValue",
    "multipartBody",
    "outputs",
    "result",
];

impl Template {
    /// Parses a JSON value. An error contains the path below `value` (`.a[2]`).
    pub(crate) fn read(value: &Value) -> Result<Self, (String, ExpressionError)> {
        Ok(Self(match value {
            Value::String(text) => read_text(text).map_err(|error| (String::new(), error))?,
            Value::Array(items) => {
                let mut read = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    read.push(Self::read(item).map_err(|(path, error)| (format!("[{at}]{path}"), error))?);
                }
                match read.iter().map(Self::literal).collect::<Option<Vec<_>>>() {
                    Some(plain) => Node::Literal(plain.into_iter().cloned().collect()),
                    None => Node::Array(read),
                }
            }
            Value::Object(map) => {
                let mut read = Vec::with_capacity(map.len());
                for (key, item) in map {
                    let item = Self::read(item).map_err(|(path, error)| (format!(".{key}{path}"), error))?;
                    read.push((read_key(key).map_err(|error| (format!(".{key}"), error))?, item));
                }
                let plain = |(key, item): &(Self, Self)| {
                    Some((key.literal()?.as_str()?.to_owned(), item.literal()?.clone()))
                };
                match read.iter().map(plain).collect::<Option<Map<_, _>>>() {
                    Some(plain) => Node::Literal(Value::Object(plain)),
                    None => Node::Object(read),
                }
            }
            plain => Node::Literal(plain.clone()),
        }))
    }

    /// Returns the value, if it contains no expression.
    pub(crate) fn literal(&self) -> Option<&Value> {
        if let Node::Literal(value) = &self.0 { Some(value) } else { None }
    }

    /// Whether it contains no expression.
    pub(crate) const fn is_literal(&self) -> bool {
        matches!(self.0, Node::Literal(_))
    }

    /// Whether it is a text in every run.
    pub(crate) fn is_text(&self) -> bool {
        match &self.0 {
            Node::Literal(value) => value.is_string(),
            Node::Interpolation(_) => true,
            Node::Expression(_) | Node::Array(_) | Node::Object(_) => false,
        }
    }

    /// Returns a text in which `stand_in` stands for each expression; `None` if it is no text, or
    /// all of it is one expression.
    pub(crate) fn text_with(&self, stand_in: &str) -> Option<String> {
        match &self.0 {
            Node::Literal(value) => value.as_str().map(str::to_owned),
            Node::Interpolation(pieces) => {
                let texts = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.as_str(),
                    Piece::Expression(_) => stand_in,
                });
                Some(texts.collect())
            }
            _ => None,
        }
    }

    /// Evaluates it in a run.
    pub(crate) fn evaluate(&self, facts: &dyn Facts) -> Result<Value, EvaluationError> {
        let budget = Budget::new();
        let built = self.build(facts, &budget);
        facts.spend(budget.spent())?;
        let value = built?;
        // Parts that are shallow enough can be too deep together.
        match super::weight::weigh(&value) {
            Some(_) => Ok(value),
            None => Err(EvaluationError("the result is nested too deeply".to_owned())),
        }
    }

    fn build(&self, facts: &dyn Facts, budget: &Budget) -> Result<Value, EvaluationError> {
        match &self.0 {
            Node::Literal(value) => budget.own(Cow::Borrowed(value)),
            Node::Expression(expression) => {
                let value = evaluate(expression, facts, budget).map_err(|error| error.within(expression))?;
                budget.own(value)
            }
            Node::Interpolation(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(more) => text.push_str(more),
                        Piece::Expression(expression) => {
                            let value = evaluate(expression, facts, budget);
                            append(&mut text, &*value.map_err(|error| error.within(expression))?, budget)?;
                        }
                    }
                }
                Ok(Value::String(text))
            }
            Node::Array(items) => Ok(Value::Array(
                items.iter().map(|item| item.build(facts, budget)).collect::<Result<_, _>>()?,
            )),
            Node::Object(items) => {
                let mut map = Map::new();
                for (key, item) in items {
                    let mut name = String::new();
                    append(&mut name, &key.build(facts, budget)?, budget)?;
                    map.insert(name, item.build(facts, budget)?);
                }
                Ok(Value::Object(map))
            }
        }
    }

    /// Returns the actions that its expressions name literally: `outputs('A')`, `body('A')`.
    pub(crate) fn action_names(&self) -> Vec<&str> {
        self.names(ACTION_FUNCTIONS)
    }

    /// Returns the parameters that its expressions name literally.
    pub(crate) fn parameter_names(&self) -> Vec<&str> {
        self.names(&["parameters"])
    }

    /// Returns what its expressions pass literally, as the first argument, to any of these
    /// functions: `&["variables"]`, `&["items", "iterationIndexes"]`.
    pub(crate) fn names(&self, functions: &[&str]) -> Vec<&str> {
        let named = self.references().into_iter().filter_map(|reference| match reference.name {
            Named::Literally(name) if functions.contains(&reference.function) => Some(name),
            _ => None,
        });
        named.collect()
    }

    /// Returns all functions that its expressions call.
    pub(crate) fn references(&self) -> Vec<Reference<'_>> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<Reference<'a>>) {
        match &self.0 {
            Node::Literal(_) => {}
            Node::Expression(expression) => collect(expression, found),
            Node::Interpolation(pieces) => {
                for piece in pieces {
                    if let Piece::Expression(expression) = piece {
                        collect(expression, found);
                    }
                }
            }
            Node::Array(items) => items.iter().for_each(|item| item.collect(found)),
            Node::Object(items) => {
                for (key, item) in items {
                    key.collect(found);
                    item.collect(found);
                }
            }
        }
    }

    /// Whether its expressions compute, instead of writing it literally, the first argument of any
    /// of these functions.
    pub(crate) fn computes_name(&self, functions: &[&str]) -> bool {
        match &self.0 {
            Node::Literal(_) => false,
            Node::Expression(expression) => computes(expression, functions),
            Node::Interpolation(pieces) => pieces.iter().any(
                |piece| matches!(piece, Piece::Expression(expression) if computes(expression, functions)),
            ),
            Node::Array(items) => items.iter().any(|item| item.computes_name(functions)),
            Node::Object(items) => {
                items.iter().any(|(key, item)| key.computes_name(functions) || item.computes_name(functions))
            }
        }
    }
}

/// Whether any call of these functions has a first argument that is not a literal.
fn computes(expression: &Expression, functions: &[&str]) -> bool {
    match expression {
        Expression::Literal(_) => false,
        Expression::Path(start, path) => {
            computes(start, functions) || path.iter().any(|access| computes(&access.key, functions))
        }
        Expression::Call(function, arguments) => {
            let first = arguments.first();
            let is_computed = first.is_some_and(|first| !matches!(first, Expression::Literal(_)));
            (is_computed && functions.contains(&function.name()))
                || arguments.iter().any(|argument| computes(argument, functions))
        }
    }
}

/// A function that an expression calls, with what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reference<'a> {
    pub(crate) function: &'static str,
    pub(crate) name: Named<'a>,
}

/// The first argument of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Named<'a> {
    Nothing,
    Literally(&'a str),
    /// Known only when it is evaluated.
    ByExpression,
}

fn collect<'a>(expression: &'a Expression, found: &mut Vec<Reference<'a>>) {
    match expression {
        Expression::Literal(_) => {}
        Expression::Path(start, path) => {
            collect(start, found);
            path.iter().for_each(|access| collect(&access.key, found));
        }
        Expression::Call(function, arguments) => {
            let name = match arguments.first() {
                None => Named::Nothing,
                Some(Expression::Literal(Value::String(name))) => Named::Literally(name),
                Some(_) => Named::ByExpression,
            };
            found.push(Reference { function: function.name(), name });
            arguments.iter().for_each(|argument| collect(argument, found));
        }
    }
}

fn read_text(text: &str) -> Result<Node, ExpressionError> {
    if let Some(rest) = text.strip_prefix('@')
        && !rest.starts_with(['@', '{'])
    {
        return parse(rest).map(Node::Expression).map_err(|error| shifted(error, 1));
    }
    let pieces = pieces(text)?;
    Ok(match pieces.as_slice() {
        [] => Node::Literal(Value::String(String::new())),
        [Piece::Text(plain)] => Node::Literal(Value::String(plain.clone())),
        _ => Node::Interpolation(pieces),
    })
}

/// Reads a key of an object. One that begins with `@` and is no expression, such as `@odata.type`,
/// is a plain name.
fn read_key(key: &str) -> Result<Template, ExpressionError> {
    match read_text(key) {
        Err(_) if key.starts_with('@') && !key.starts_with("@{") => {
            Ok(Template(Node::Literal(Value::from(key))))
        }
        read => read.map(Template),
    }
}

/// Splits `a @{b} c` into its pieces; `@@` stands for one `@` at the start of a text and before
/// `{`.
fn pieces(text: &str) -> Result<Vec<Piece>, ExpressionError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    if text.starts_with("@@") {
        plain.push('@');
        at = 2;
    }
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("@@{") {
            plain.push_str("@{");
            at += 3;
        } else if let Some(inner) = rest.strip_prefix("@{") {
            let before = text[..at].chars().count() + 2;
            let (expression, read) = parse_until(inner, Some('}')).map_err(|error| shifted(error, before))?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Expression(expression));
            at += 2 + read;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn shifted(error: ExpressionError, by: usize) -> ExpressionError {
    ExpressionError { at: error.at + by, what: error.what }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
