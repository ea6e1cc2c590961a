//! Parsed expressions.

use std::fmt;

use serde_json::Value;

use super::function::Function;

/// An expression. A chain of accesses is a list, not a tree, so that the parser bounds the depth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// `'text'`, `12`, `1.5`, `true`, `null`.
    Literal(Value),
    /// `concat('a', 'b')`.
    Call(Function, Vec<Expression>),
    /// `body('A')?['value'][0].id`.
    Path(Box<Expression>, Vec<Access>),
}

/// An access to a property or element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Access {
    /// The property's name or the element's index.
    pub(super) key: Expression,
    /// `?[…]`: null instead of an error if it does not exist.
    pub(super) or_null: bool,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", if self.or_null { "?" } else { "" }, self.key)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(Value::String(text)) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Literal(value) => value.fmt(f),
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{argument}")?;
                }
                f.write_str(")")
            }
            Self::Path(start, path) => {
                start.fmt(f)?;
                path.iter().try_for_each(|access| access.fmt(f))
            }
        }
    }
}
