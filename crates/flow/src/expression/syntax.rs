//! What an expression is once it is read.

use serde_json::Value;

use super::function::Function;

/// One expression. A chain of accesses is a list, not a tree, so that depth stays what the parser bounds it to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// `'text'`, `12`, `1.5`, `true`, `null`.
    Literal(Value),
    /// `concat('a', 'b')`.
    Call(Function, Vec<Expression>),
    /// `body('A')?['value'][0].id`.
    Path(Box<Expression>, Vec<Access>),
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Access {
    /// The property's name or the element's index.
    pub(super) key: Expression,
    /// `?[…]`: what is missing is null instead of an error.
    pub(super) or_null: bool,
}
