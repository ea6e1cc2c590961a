//! Settings that actions of all kinds have: what is hidden in the run history, static results,
//! limits and tracked properties.

use std::collections::BTreeMap;

use outlive_clock::Span;
use serde_json::Value;

use super::node::Node;
use super::refusal::{Collected, DefinitionError};
use super::template_reader::templates_in;
use crate::expression::Template;
use crate::status::ActionStatus;

/// Which values of an action or a trigger the run history and the journal do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Hidden {
    pub inputs: bool,
    pub outputs: bool,
    /// Why it failed: the text can contain a value.
    #[serde(default)]
    pub error: bool,
    /// The tracked properties of an action, the tracking id of a trigger.
    #[serde(default)]
    pub tracked: bool,
}

impl Hidden {
    pub(crate) const fn nothing(&self) -> bool {
        !self.inputs && !self.outputs && !self.error && !self.tracked
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub hidden: Hidden,
    /// The result that the action has without being executed.
    pub static_result: Option<StaticResult>,
    /// The maximum duration, with all retries (virtual time).
    pub timeout: Option<Span>,
    pub tracked: Option<Template>,
    /// Whether a response 202 is the result, instead of the response of its `Location`.
    pub is_synchronous: bool,
}

/// A result that an action has without being executed.
#[derive(Clone, Debug)]
pub(crate) struct StaticResult {
    pub status: ActionStatus,
    pub code: Option<String>,
    pub message: Option<String>,
    pub outputs: Option<Value>,
}

/// Members of `runtimeConfiguration` that change nothing here: how large values are transferred.
const TRANSFER: [&str; 3] = ["contentTransfer", "paginationPolicy", "requestOptions"];

/// How many iterations or runs there are at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Concurrency {
    pub at_once: usize,
    /// The maximum number of runs that wait for others.
    pub waiting: Option<usize>,
}

/// Parses `runtimeConfiguration`. Returns the concurrency, if it is set.
pub(super) fn runtime_configuration(
    node: &Node<'_>,
    is_trigger: bool,
    settings: &mut Settings,
    results: &BTreeMap<String, StaticResult>,
    errors: &mut Collected,
) -> Option<Concurrency> {
    let configuration = node.optional("runtimeConfiguration")?;
    let mut new = Collected::default();
    let concurrency = configured(&configuration, is_trigger, settings, results, &mut new);
    errors.extend_new(new);
    concurrency
}

fn configured(
    configuration: &Node<'_>,
    is_trigger: bool,
    settings: &mut Settings,
    results: &BTreeMap<String, StaticResult>,
    errors: &mut Collected,
) -> Option<Concurrency> {
    let known = [&["concurrency", "secureData", "staticResult"][..], &TRANSFER].concat();
    errors.keep(configuration.only(&known))?;
    if let Some(secure) = configuration.optional("secureData") {
        settings.hidden = errors.keep(hidden(&secure)).unwrap_or_default();
    }
    if let Some(chosen) = configuration.optional("staticResult") {
        settings.static_result = errors.keep(static_result(&chosen, results)).flatten();
    }
    let concurrency = configuration.optional("concurrency")?;
    let (name, high) = if is_trigger { ("runs", 100) } else { ("repetitions", 50) };
    let known = if is_trigger { &["runs", "maximumWaitingRuns"][..] } else { &["repetitions"] };
    errors.keep(concurrency.only(known))?;
    let waiting = errors.keep(number(&concurrency, "maximumWaitingRuns", 1, 100)).flatten();
    let at_once = errors.keep(number(&concurrency, name, 1, high)).flatten();
    at_once.map(|at_once| Concurrency { at_once, waiting })
}

fn hidden(node: &Node<'_>) -> Result<Hidden, DefinitionError> {
    node.only(&["properties"])?;
    let mut hidden = Hidden::default();
    for property in node.required("properties", "write [\"inputs\", \"outputs\"]")?.elements()? {
        match property.text()? {
            "inputs" => hidden.inputs = true,
            "outputs" => hidden.outputs = true,
            _ => return Err(property.refuse("this cannot be hidden", "use inputs or outputs")),
        }
    }
    Ok(hidden)
}

fn static_result(
    node: &Node<'_>,
    results: &BTreeMap<String, StaticResult>,
) -> Result<Option<StaticResult>, DefinitionError> {
    node.only(&["staticResultOptions", "name"])?;
    let is_enabled = match node.optional("staticResultOptions") {
        None => false,
        Some(option) => match option.text()? {
            text if text.eq_ignore_ascii_case("Enabled") => true,
            text if text.eq_ignore_ascii_case("Disabled") => false,
            _ => return Err(option.refuse("this is not an option", "use Enabled or Disabled")),
        },
    };
    let name = node.required("name", "name a member of definition.staticResults")?;
    match results.get(name.text()?) {
        Some(result) => Ok(is_enabled.then(|| result.clone())),
        None => Err(name.refuse("there is no such static result", "add it to definition.staticResults")),
    }
}

/// Parses `staticResults` of the definition.
pub(super) fn static_results(
    definition: &Node<'_>,
    errors: &mut Collected,
) -> BTreeMap<String, StaticResult> {
    let mut results = BTreeMap::new();
    let Some(written) = definition.optional("staticResults") else { return results };
    for (name, node) in errors.keep(written.members()).unwrap_or_default() {
        if let Some(result) = errors.keep(one_result(&node)) {
            results.insert(name, result);
        }
    }
    results
}

fn one_result(node: &Node<'_>) -> Result<StaticResult, DefinitionError> {
    node.only(&["status", "outputs", "error", "code"])?;
    let status = match node.optional("status") {
        None => ActionStatus::Succeeded,
        Some(written) => ActionStatus::for_run_after(written.text()?).ok_or_else(|| {
            written.refuse("this is not a final status", "use Succeeded, Failed, Skipped or TimedOut")
        })?,
    };
    let text = |node: &Node<'_>, member: &str| {
        node.optional(member).map(|value| value.text().map(str::to_owned)).transpose()
    };
    let mut code = text(node, "code")?;
    let mut message = None;
    if let Some(error) = node.optional("error") {
        code = text(&error, "code")?.or(code);
        message = text(&error, "message")?;
    }
    let mut outputs = node.optional("outputs").map(|outputs| outputs.value().clone());
    // The platform writes the status as a name.
    if let Some(written) = outputs.as_mut().and_then(|outputs| outputs.get_mut("statusCode"))
        && let Some(name) = written.as_str()
    {
        let number = name.parse::<u16>().ok().or_else(|| status_of(name));
        let number = number.ok_or_else(|| {
            node.refuse_at(".outputs.statusCode", "this is not an HTTP status", "write a number, such as 200")
        })?;
        *written = Value::from(number);
    }
    Ok(StaticResult { status, code, message, outputs })
}

/// Returns the HTTP status of a name such as `NotFound`.
fn status_of(name: &str) -> Option<u16> {
    (100..600_u16).find(|number| {
        http::StatusCode::from_u16(*number)
            .ok()
            .and_then(|status| status.canonical_reason())
            .is_some_and(|reason| reason.chars().filter(char::is_ascii_alphanumeric).eq(name.chars()))
    })
}

/// Whether `operationOptions` contains an option.
pub(super) fn has_option(node: &Node<'_>, option: &str) -> bool {
    let options = node.optional("operationOptions");
    let text = options.as_ref().and_then(|options| options.text().ok()).unwrap_or_default();
    text.split(',').any(|one| one.trim().eq_ignore_ascii_case(option))
}

/// Parses `limit.timeout` of an action that is no loop, and `trackedProperties`.
pub(super) fn limit_and_tracking(
    node: &Node<'_>,
    may_time_out: bool,
    settings: &mut Settings,
    errors: &mut Collected,
) {
    if let Some(limit) = node.optional("limit") {
        if may_time_out {
            settings.timeout = errors.keep(timeout(&limit, &["timeout"])).flatten();
        } else {
            errors.push(limit.refuse(
                "this action has no limit of its own",
                "move it to the actions inside, or to an Until",
            ));
        }
    }
    if let Some(tracked) = node.optional("trackedProperties") {
        settings.tracked = templates_in(&tracked, errors);
    }
}

/// Parses the ISO 8601 duration `timeout` of a `limit`.
pub(super) fn timeout(limit: &Node<'_>, known: &[&str]) -> Result<Option<Span>, DefinitionError> {
    limit.only(known)?;
    let Some(written) = limit.optional("timeout") else { return Ok(None) };
    let span: Option<Span> = written.text()?.parse().ok();
    match span.filter(|span| Span::ZERO < *span && *span <= Span::from_days(90)) {
        Some(span) => Ok(Some(span)),
        None => Err(written.refuse("this is not a duration from PT1S to P90D", "write PT1H for one hour")),
    }
}

/// Parses an optional whole number within limits; also as a string.
pub(super) fn number(
    node: &Node<'_>,
    member: &str,
    low: usize,
    high: usize,
) -> Result<Option<usize>, DefinitionError> {
    let Some(written) = node.optional(member) else { return Ok(None) };
    let number = match written.value() {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    match number.filter(|number| (low..=high).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(written
            .refuse("this number is out of range", &format!("give a whole number from {low} to {high}"))),
    }
}
