//! The condition of an `If`: an expression, or a tree `{"and": [{"equals": [a, b]}]}`.

use super::literals;
use super::node::Node;
use super::refusal::{Collected, DefinitionError};
use super::template_reader::template;
use crate::expression::{EvaluationError, Facts, Function, Template, compare};

/// The maximum depth of a condition.
const DEPTH_MAX: usize = 16;
/// The maximum number of operands of `and` or `or`.
const OPERANDS_MAX: usize = 100;

/// A parsed condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// True if all conditions are.
    All(Vec<Condition>),
    /// True if any condition is.
    Any(Vec<Condition>),
    /// True if the condition is false.
    Not(Box<Condition>),
    /// A comparison of two values.
    #[doc(hidden)]
    Compare(Comparison),
    /// An expression with a Boolean value.
    Expression(Template),
}

/// A comparison of two values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    by: Function,
    left: Template,
    right: Template,
}

/// Parses a condition, and checks its literals.
pub(super) fn read(node: &Node<'_>, errors: &mut Collected) -> Option<Condition> {
    let read = errors.keep(Condition::read(node))?;
    literals::condition(node, errors);
    Some(read)
}

impl Condition {
    fn read(node: &Node<'_>) -> Result<Self, DefinitionError> {
        Self::read_below(node, 0)
    }

    fn read_below(node: &Node<'_>, depth: usize) -> Result<Self, DefinitionError> {
        if depth >= DEPTH_MAX {
            return Err(
                node.refuse("the condition is nested too deeply", &format!("keep it to {DEPTH_MAX} levels"))
            );
        }
        if node.value().is_string() || node.value().is_boolean() {
            return Ok(Self::Expression(template(node)?));
        }
        let mut members = node.members()?;
        if members.len() != 1 {
            return Err(node.refuse("this is not a condition", "write one operator: {\"equals\": [a, b]}"));
        }
        let (written, operands) = members.swap_remove(0);
        let operator = written.to_ascii_lowercase();
        match operator.as_str() {
            "and" | "or" => {
                let operands = operands.elements()?;
                let list = operands
                    .iter()
                    .map(|one| Self::read_below(one, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                if list.len() > OPERANDS_MAX {
                    return Err(
                        node.refuse("there are too many operands", &format!("give at most {OPERANDS_MAX}"))
                    );
                }
                // Designers leave an empty group where all conditions were removed: it is true.
                Ok(if operator == "and" || list.is_empty() { Self::All(list) } else { Self::Any(list) })
            }
            "not" => Ok(Self::Not(Box::new(Self::read_below(&operands, depth + 1)?))),
            _ => {
                let comparisons = [
                    "equals",
                    "greater",
                    "greaterOrEquals",
                    "less",
                    "lessOrEquals",
                    "contains",
                    "startsWith",
                    "endsWith",
                ];
                let Some(by) = Function::named(&operator).filter(|by| comparisons.contains(&by.name()))
                else {
                    let known = comparisons.join(", ");
                    return Err(
                        operands.refuse("there is no such operator", &format!("use and, or, not, {known}"))
                    );
                };
                let pair = operands.elements()?;
                let [left, right] = pair.as_slice() else {
                    return Err(operands.refuse("a comparison takes two values", "write [a, b]"));
                };
                Ok(Self::Compare(Comparison { by, left: template(left)?, right: template(right)? }))
            }
        }
    }

    /// Evaluates the condition.
    pub(crate) fn holds(&self, facts: &dyn Facts) -> Result<bool, EvaluationError> {
        match self {
            Self::All(list) => {
                for one in list {
                    if !one.holds(facts)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(list) => {
                for one in list {
                    if one.holds(facts)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(one) => Ok(!one.holds(facts)?),
            Self::Compare(Comparison { by, left, right }) => {
                compare(*by, &left.evaluate(facts)?, &right.evaluate(facts)?)
            }
            Self::Expression(template) => template
                .evaluate(facts)?
                .as_bool()
                .ok_or_else(|| EvaluationError("the condition is neither true nor false".to_owned())),
        }
    }

    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::templates).collect(),
            Self::Not(one) => one.templates(),
            Self::Compare(Comparison { left, right, .. }) => vec![left, right],
            Self::Expression(template) => vec![template],
        }
    }
}
