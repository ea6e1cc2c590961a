//! The values of XPath 1.0, and the bound on the work.

use std::cell::Cell;

use super::document::Document;

/// The maximum work of a query: nodes visited, and bytes of texts.
pub(in super::super) const WORK_MAX: usize = 16 << 20;
/// The work of visiting a node.
pub(super) const VISIT: usize = 8;

#[derive(Clone, Debug)]
pub(in super::super) enum Result {
    /// Nodes in document order.
    Nodes(Vec<usize>),
    Text(String),
    Number(f64),
    Boolean(bool),
}

/// The place at which a query is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) node: usize,
    pub(super) position: usize,
    pub(super) size: usize,
}

/// Converts values, as long as there is work left.
pub(super) struct Values<'a> {
    pub(super) document: &'a Document,
    work: &'a Cell<usize>,
}

impl<'a> Values<'a> {
    pub(super) fn of(document: &'a Document, work: &'a Cell<usize>) -> Self {
        Self { document, work }
    }

    pub(super) fn work(&self, units: usize) -> std::result::Result<(), String> {
        let left = self.work.get().checked_sub(units).ok_or("it takes too many steps for this document")?;
        self.work.set(left);
        Ok(())
    }

    pub(super) fn node_text(&self, node: usize) -> std::result::Result<String, String> {
        let text = self.document.text(node);
        self.work(text.len() + VISIT)?;
        Ok(text)
    }

    pub(super) fn text(&self, value: &Result) -> std::result::Result<String, String> {
        match value {
            Result::Nodes(nodes) => nodes.first().map_or(Ok(String::new()), |node| self.node_text(*node)),
            Result::Text(text) => {
                self.work(text.len())?;
                Ok(text.clone())
            }
            Result::Number(number) if number.is_nan() => Ok("NaN".to_owned()),
            Result::Number(number) if number.is_infinite() => {
                Ok(if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned())
            }
            Result::Number(number) => Ok((number + 0.0).to_string()),
            Result::Boolean(is) => Ok(is.to_string()),
        }
    }

    pub(super) fn number(&self, value: &Result) -> std::result::Result<f64, String> {
        Ok(match value {
            Result::Number(number) => *number,
            Result::Boolean(is) => f64::from(u8::from(*is)),
            other => self.text(other)?.trim().parse().unwrap_or(f64::NAN),
        })
    }

    pub(super) fn boolean(&self, value: &Result) -> bool {
        match value {
            Result::Nodes(nodes) => !nodes.is_empty(),
            Result::Text(text) => !text.is_empty(),
            Result::Number(number) => *number != 0.0 && !number.is_nan(),
            Result::Boolean(is) => *is,
        }
    }
}
