//! Evaluates XPath 1.0, with a bound on the work.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::document::{Document, Kind, local};
use super::xpath_functions::call;
use super::xpath_syntax::{Axis, Query, Start, Step, Test, parse};
use super::xpath_values::{Context, Result, VISIT, Values};

type Evaluated = std::result::Result<Result, String>;

/// Evaluates a query at the root of a document, with the work that is left. An error says what is
/// wrong.
pub(in super::super) fn evaluate(document: &Document, query: &str, work: &Cell<usize>) -> Evaluated {
    Evaluator { document, values: Values::of(document, work) }
        .query(&parse(query)?, Context { node: 0, position: 1, size: 1 })
}

struct Evaluator<'a> {
    document: &'a Document,
    values: Values<'a>,
}

impl Evaluator<'_> {
    fn query(&self, query: &Query, context: Context) -> Evaluated {
        self.values.work(VISIT)?;
        match query {
            Query::Number(number) => Ok(Result::Number(*number)),
            Query::Text(text) => Ok(Result::Text(text.clone())),
            Query::Negative(query) => Ok(Result::Number(-self.values.number(&self.query(query, context)?)?)),
            Query::Call(name, arguments) => {
                let arguments = arguments
                    .iter()
                    .map(|argument| self.query(argument, context))
                    .collect::<std::result::Result<_, _>>()?;
                call(&self.values, name, arguments, context)
            }
            Query::Binary(operator, left, right) => self.binary(operator, left, right, context),
            Query::Path(start, steps) => {
                let mut nodes = match start {
                    Start::Root => vec![0],
                    Start::Context => vec![context.node],
                    Start::Value(value, predicates) => {
                        let nodes = self.nodes(value, context)?;
                        self.filtered(nodes, predicates)?
                    }
                };
                for step in steps {
                    let mut found = BTreeSet::new();
                    for node in nodes {
                        found.extend(self.step(node, step)?);
                    }
                    nodes = found.into_iter().collect();
                }
                Ok(Result::Nodes(nodes))
            }
        }
    }

    fn nodes(&self, query: &Query, context: Context) -> std::result::Result<Vec<usize>, String> {
        match self.query(query, context)? {
            Result::Nodes(nodes) => Ok(nodes),
            _ => Err("a step or a predicate follows a value that is no node".to_owned()),
        }
    }

    fn binary(&self, operator: &str, left: &Query, right: &Query, context: Context) -> Evaluated {
        match operator {
            "or" | "and" => {
                let first = self.values.boolean(&self.query(left, context)?);
                if first == (operator == "or") {
                    return Ok(Result::Boolean(first));
                }
                return Ok(Result::Boolean(self.values.boolean(&self.query(right, context)?)));
            }
            "|" => {
                let both = [self.nodes(left, context)?, self.nodes(right, context)?].concat();
                return Ok(Result::Nodes(both.into_iter().collect::<BTreeSet<_>>().into_iter().collect()));
            }
            _ => {}
        }
        let (left, right) = (self.query(left, context)?, self.query(right, context)?);
        if matches!(operator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
            return Ok(Result::Boolean(self.compare(operator, &left, &right)?));
        }
        let (a, b) = (self.values.number(&left)?, self.values.number(&right)?);
        Ok(Result::Number(match operator {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "div" => a / b,
            _ => a % b,
        }))
    }

    /// Compares two values; of nodes, one that fits is enough (section 3.4).
    fn compare(&self, operator: &str, left: &Result, right: &Result) -> std::result::Result<bool, String> {
        let is_equality = matches!(operator, "=" | "!=");
        match (left, right) {
            (Result::Boolean(_), _) | (_, Result::Boolean(_)) if is_equality => {
                Ok((self.values.boolean(left) == self.values.boolean(right)) == (operator == "="))
            }
            (Result::Nodes(nodes), other) => {
                for node in nodes {
                    if self.compare(operator, &Result::Text(self.values.node_text(*node)?), other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (value, Result::Nodes(nodes)) => {
                for node in nodes {
                    if self.compare(operator, value, &Result::Text(self.values.node_text(*node)?))? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Result::Text(a), Result::Text(b)) if is_equality => Ok((a == b) == (operator == "=")),
            _ => {
                let (a, b) = (self.values.number(left)?, self.values.number(right)?);
                Ok(match operator {
                    "=" => a == b,
                    "!=" => a != b,
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                })
            }
        }
    }

    fn step(&self, node: usize, step: &Step) -> std::result::Result<Vec<usize>, String> {
        let mut candidates = Vec::new();
        self.collect(node, step.axis, &mut candidates)?;
        candidates.retain(|candidate| self.matches(*candidate, step));
        self.filtered(candidates, &step.predicates)
    }

    /// Keeps the nodes for which the predicates hold.
    fn filtered(
        &self,
        mut nodes: Vec<usize>,
        predicates: &[Query],
    ) -> std::result::Result<Vec<usize>, String> {
        for predicate in predicates {
            let size = nodes.len();
            let mut kept = Vec::new();
            for (at, node) in nodes.into_iter().enumerate() {
                let context = Context { node, position: at + 1, size };
                let holds = match self.query(predicate, context)? {
                    Result::Number(number) => number == context.position as f64,
                    other => self.values.boolean(&other),
                };
                if holds {
                    kept.push(node);
                }
            }
            nodes = kept;
        }
        Ok(nodes)
    }

    /// Collects the nodes on an axis, the nearest first.
    fn collect(&self, node: usize, axis: Axis, found: &mut Vec<usize>) -> std::result::Result<(), String> {
        let document = self.document;
        let parent = document.nodes[node].parent;
        let siblings = || if node == 0 { &[][..] } else { document.children(parent) };
        let before = found.len();
        match axis {
            Axis::Child => found.extend(document.children(node)),
            Axis::Attribute => found.extend(document.attributes(node)),
            Axis::Itself => found.push(node),
            Axis::Parent if node != 0 => found.push(parent),
            Axis::Descendant => self.descendants(node, found)?,
            Axis::DescendantOrSelf => {
                found.push(node);
                self.descendants(node, found)?;
            }
            Axis::Ancestor | Axis::AncestorOrSelf => {
                if axis == Axis::AncestorOrSelf {
                    found.push(node);
                }
                let mut at = node;
                while at != 0 {
                    at = document.nodes[at].parent;
                    found.push(at);
                }
            }
            Axis::FollowingSibling => {
                let is_child = siblings().binary_search(&node).is_ok();
                found.extend(siblings().iter().filter(|sibling| is_child && **sibling > node));
                self.values.work(siblings().len())?;
            }
            Axis::PrecedingSibling => {
                found.extend(siblings().iter().rev().filter(|sibling| **sibling < node));
                self.values.work(siblings().len())?;
            }
            Axis::Parent => {}
        }
        self.values.work((found.len() - before) * VISIT)
    }

    fn descendants(&self, node: usize, found: &mut Vec<usize>) -> std::result::Result<(), String> {
        for child in self.document.children(node) {
            self.values.work(VISIT)?;
            found.push(*child);
            self.descendants(*child, found)?;
        }
        Ok(())
    }

    fn matches(&self, node: usize, step: &Step) -> bool {
        let kind = self.document.kind(node);
        let is_principal = if step.axis == Axis::Attribute {
            matches!(kind, Kind::Attribute { .. })
        } else {
            matches!(kind, Kind::Element { .. })
        };
        match &step.test {
            Test::Node => true,
            Test::Text => matches!(kind, Kind::Text(_)),
            Test::Comment => matches!(kind, Kind::Comment(_)),
            Test::Instruction => matches!(kind, Kind::Instruction { .. }),
            Test::Any => is_principal,
            Test::Name(wanted) => {
                let (name, namespace) = self.document.name(node);
                is_principal && namespace.is_empty() && local(name) == wanted
            }
        }
    }
}
