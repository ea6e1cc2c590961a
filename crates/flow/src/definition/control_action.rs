//! Parses the actions that decide what runs, and when.

use outlive_clock::Span;
use serde_json::Value;

use super::action::{ActionKind, Response, Until, Wait};
use super::condition;
use super::node::Node;
use super::refusal::Collected;
use super::settings::{self, Concurrency};
use super::template_reader::{optional, required, templates_in};
use super::{literals, values};
use crate::status::RunStatus;

/// The number of iterations of an `Until` without a limit, and the maximum.
const UNTIL_COUNT: (usize, usize) = (60, 5_000);
/// The duration of an `Until` without a limit.
const UNTIL_TIMEOUT: Span = Span::from_hours(1);

pub(super) fn wait(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["interval", "until"]));
    match (inputs.optional("interval"), inputs.optional("until")) {
        (Some(interval), None) => {
            errors.keep(interval.only(&["count", "unit"]));
            let count = required(&interval, "count", "give a number", errors);
            let unit = required(&interval, "unit", "use Second, Minute, Hour, Day, Week or Month", errors);
            literals::follows(&interval, "count", values::interval_count, errors);
            literals::follows(&interval, "unit", values::interval_unit, errors);
            Some(ActionKind::Wait(Wait::For { count: count?, unit: unit? }))
        }
        (None, Some(until)) => {
            // The platform also writes the instant itself.
            if until.value().is_string() {
                literals::follows(inputs, "until", values::timestamp, errors);
                return templates_in(&until, errors).map(Wait::Until).map(ActionKind::Wait);
            }
            errors.keep(until.only(&["timestamp"]));
            literals::follows(&until, "timestamp", values::timestamp, errors);
            required(&until, "timestamp", "give an instant", errors).map(Wait::Until).map(ActionKind::Wait)
        }
        _ => {
            errors.push(inputs.refuse("a Wait has an interval or an until", "give one of them"));
            None
        }
    }
}

pub(super) fn response(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["statusCode", "headers", "body", "schema"]));
    let status = required(inputs, "statusCode", "give an HTTP status", errors);
    literals::follows(inputs, "statusCode", values::response_status, errors);
    literals::headers(inputs, "headers", &[], errors);
    let headers = optional(inputs, "headers", errors);
    let body = optional(inputs, "body", errors);
    if let Some(schema) = inputs.optional("schema") {
        // It describes the body to callers, and is not checked.
        errors.keep(schema.object());
    }
    Some(ActionKind::Response(Box::new(Response { status: status?, headers, body })))
}

pub(super) fn terminate(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["runStatus", "runError"]));
    let status = errors.keep(inputs.required("runStatus", "use Succeeded, Failed or Cancelled"))?;
    let known = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
    let text = errors.keep(status.text())?;
    let found = known.into_iter().find(|known| known.name().eq_ignore_ascii_case(text));
    let (mut code, mut message) = (None, None);
    if let Some(error) = inputs.optional("runError") {
        errors.keep(error.only(&["code", "message"]));
        code = optional(&error, "code", errors);
        message = optional(&error, "message", errors);
    }
    let Some(found) = found else {
        errors.push(status.refuse("a run cannot end with this status", "use Succeeded, Failed or Cancelled"));
        return None;
    };
    Some(ActionKind::Terminate { status: found, code, message })
}

pub(super) fn switch(node: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    let on = required(node, "expression", "give the value to compare", errors);
    let written = node.optional("cases").map(|cases| errors.keep(cases.members()));
    let mut cases = Vec::new();
    for (_, case) in written.flatten().unwrap_or_default() {
        let Some(value) = errors.keep(case.required("case", "give the value of the case")) else { continue };
        match value.value() {
            known @ (Value::String(_) | Value::Number(_) | Value::Bool(_)) if cases.contains(known) => {
                errors.push(value.refuse("another case has this value", "give each case its own value"));
            }
            known @ (Value::String(_) | Value::Number(_) | Value::Bool(_)) => cases.push(known.clone()),
            _ => errors.push(value.refuse("a case is a string or a number", "write the value here")),
        }
    }
    Some(ActionKind::Switch { on: on?, cases })
}

pub(super) fn foreach(
    node: &Node<'_>,
    concurrency: Option<Concurrency>,
    errors: &mut Collected,
) -> Option<ActionKind> {
    let over = required(node, "foreach", "give the array", errors);
    literals::array(node, "foreach", errors);
    let mut is_sequential = false;
    if let Some(options) = node.optional("operationOptions") {
        let text = errors.keep(options.text())?;
        is_sequential = text.split(',').any(|option| option.trim().eq_ignore_ascii_case("Sequential"));
    }
    // Iterations of Power Automate run one after the other, unless it is set otherwise.
    let concurrency =
        if is_sequential { 1 } else { concurrency.map_or(1, |concurrency| concurrency.at_once) };
    Some(ActionKind::Foreach { over: over?, concurrency })
}

pub(super) fn until(node: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    let expression = errors.keep(node.required("expression", "give the condition that ends the loop"));
    let done = expression.and_then(|node| condition::read(&node, errors));
    let (mut count, mut timeout) = (UNTIL_COUNT.0, UNTIL_TIMEOUT);
    if let Some(limit) = node.optional("limit") {
        timeout = errors.keep(settings::timeout(&limit, &["count", "timeout"])).flatten().unwrap_or(timeout);
        count = errors.keep(settings::number(&limit, "count", 1, UNTIL_COUNT.1)).flatten().unwrap_or(count);
    }
    let options = node.optional("operationOptions").map(|options| errors.keep(options.text()));
    let fails_at_limit = options.flatten().is_some_and(|text| {
        text.split(',').any(|one| one.trim().eq_ignore_ascii_case("FailWhenLimitsReached"))
    });
    Some(ActionKind::Until(Until { done: done?, count, timeout, fails_at_limit }))
}
