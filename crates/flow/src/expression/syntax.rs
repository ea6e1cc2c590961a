//! Parsed expressions.

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
