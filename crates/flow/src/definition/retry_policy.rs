//! Parses `retryPolicy` (reference §4.4).

use outlive_clock::Span;

use super::node::Node;
use super::refusal::DefinitionError;
use crate::retry::{COUNT, INTERVAL, RetryPolicy};

pub(super) fn read(node: &Node<'_>) -> Result<RetryPolicy, DefinitionError> {
    node.only(&["type", "count", "interval", "minimumInterval", "maximumInterval"])?;
    let kind = node.required("type", "use default, none, fixed or exponential")?;
    match kind.text()?.to_ascii_lowercase().as_str() {
        "default" => Ok(RetryPolicy::default()),
        "none" => Ok(RetryPolicy::None),
        "fixed" => Ok(RetryPolicy::Fixed { count: count(node)?, interval: interval(node)? }),
        "exponential" => {
            let minimum = span(node, "minimumInterval")?.unwrap_or(INTERVAL.0);
            let maximum = span(node, "maximumInterval")?.unwrap_or(INTERVAL.1);
            if minimum > maximum {
                return Err(node.refuse("minimumInterval is longer than maximumInterval", "exchange them"));
            }
            Ok(RetryPolicy::Exponential { count: count(node)?, interval: interval(node)?, minimum, maximum })
        }
        _ => Err(kind.refuse("this is not a retry policy", "use default, none, fixed or exponential")),
    }
}

fn count(node: &Node<'_>) -> Result<u32, DefinitionError> {
    let remedy = format!("give a whole number from {} to {}", COUNT.0, COUNT.1);
    let count = node.required("count", &remedy)?;
    let number = count
        .value()
        .as_u64()
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (COUNT.0..=COUNT.1).contains(n));
    number.ok_or_else(|| count.refuse("this count is out of range", &remedy))
}

fn interval(node: &Node<'_>) -> Result<Span, DefinitionError> {
    match span(node, "interval")? {
        Some(span) => Ok(span),
        None => Err(node.refuse("'interval' is missing", "give one from PT5S to P1D")),
    }
}

fn span(node: &Node<'_>, member: &str) -> Result<Option<Span>, DefinitionError> {
    let Some(written) = node.optional(member) else { return Ok(None) };
    let span: Option<Span> = written.text()?.parse().ok();
    match span.filter(|span| INTERVAL.0 <= *span && *span <= INTERVAL.1) {
        Some(span) => Ok(Some(span)),
        None => Err(written.refuse("this interval is out of range", "give one from PT5S to P1D")),
    }
}
