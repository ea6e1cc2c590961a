//! One run: its actions with their inputs and outputs.

use outlive_clock::Instant;
use outlive_wire::RunDetails;
use serde_json::Value;

use super::status::style_of;
use crate::when::When;

/// The maximum number of actions on the page.
const ACTIONS_MAX: usize = 60;
/// The maximum length of a value on the page, in characters.
const VALUE_CHARS_MAX: usize = 4_000;

/// The opened run.
pub(super) struct RunView {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) error: String,
    pub(super) steps: Vec<StepView>,
    /// The number of actions that are not shown.
    pub(super) left_out: usize,
}

/// The trigger or an action.
pub(super) struct StepView {
    pub(super) name: String,
    /// When it began.
    pub(super) at: When,
    pub(super) style: &'static str,
    pub(super) icon: &'static str,
    pub(super) status: String,
    pub(super) code: String,
    pub(super) note: String,
    /// A failed action is open.
    pub(super) is_open: bool,
    /// Values, by their names.
    pub(super) values: Vec<(&'static str, String)>,
}

impl RunView {
    pub(super) fn of(run: &RunDetails, now: Instant) -> Self {
        let properties = &run.run["properties"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let started = text(&properties["startTime"]);
        let at = started.parse().map_or(started, |at| When::of(at, now).shown);
        let began = properties["startTime"].as_str().and_then(|at| at.parse().ok()).unwrap_or(now);
        let times = (began, now);
        let trigger = step_of(&text(&properties["trigger"]["name"]), &properties["trigger"], times, true);
        let actions = run.actions.iter().take(ACTIONS_MAX);
        let actions =
            actions.map(|action| step_of(&text(&action["name"]), &action["properties"], times, false));
        Self {
            name: text(&run.run["name"]),
            title: format!("The run of {at}: {}", text(&properties["status"])),
            error: text(&properties["error"]["message"]),
            steps: std::iter::once(trigger).chain(actions).collect(),
            left_out: run.actions.len().saturating_sub(ACTIONS_MAX),
        }
    }
}

/// Describes a step of a run that began at `began`, on a page whose time is `now`.
fn step_of(name: &str, properties: &Value, (began, now): (Instant, Instant), is_trigger: bool) -> StepView {
    let status = properties["status"].as_str().unwrap_or_default();
    let (style, icon) = style_of(status);
    let given = [("Inputs", "inputs"), ("Outputs", "outputs"), ("Error", "error")];
    let values = given.into_iter().filter_map(|(label, member)| {
        properties.get(member).filter(|value| !value.is_null()).map(|value| (label, pretty(value)))
    });
    let secured = properties["secureData"]["properties"].as_array().map_or(0, Vec::len);
    let mut notes = Vec::new();
    if is_trigger {
        notes.push("trigger".to_owned());
    }
    if let Some(count) = properties["repetitionCount"].as_u64() {
        notes.push(format!("{count} repetitions, the newest shown"));
    }
    if let Some(count) = properties["retryCount"].as_u64() {
        notes.push(if count == 1 { "one retry".to_owned() } else { format!("{count} retries") });
    }
    if secured > 0 {
        notes.push("secured values are not shown".to_owned());
    }
    let at = properties["startTime"].as_str().and_then(|at| at.parse().ok()).unwrap_or(began);
    StepView {
        name: name.to_owned(),
        at: When::of(at, now),
        style,
        icon,
        status: status.to_owned(),
        code: properties["code"].as_str().unwrap_or_default().to_owned(),
        note: notes.join("; "),
        is_open: status == "Failed",
        values: values.collect(),
    }
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{} … (the page as application/json has all of it)", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_value_and_many_actions_are_cut() {
        let action = json!({"name": "A", "properties": {"status": "Succeeded", "outputs": "ü".repeat(9_000), "inputs": null}});
        let run = RunDetails { run: json!({"name": "r"}), actions: vec![action; 100] };
        let view = RunView::of(&run, Instant::EPOCH);
        assert_eq!((view.steps.len(), view.left_out), (ACTIONS_MAX + 1, 40));
        let [(label, value)] = &view.steps[1].values[..] else { panic!("outputs only") };
        assert_eq!(*label, "Outputs");
        assert!(value.chars().count() < VALUE_CHARS_MAX + 80 && value.contains("application/json"));
        // A document of another shape is no panic.
        let empty = RunView::of(&RunDetails { run: json!(7), actions: vec![json!([])] }, Instant::EPOCH);
        assert_eq!(empty.steps.len(), 2);
    }
}
