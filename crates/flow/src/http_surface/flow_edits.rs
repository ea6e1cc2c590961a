//! The request bodies that create or change a flow.

use axum::body::Bytes;
use outlive_chassis::Problem;
use serde_json::{Map, Value};

use crate::service::{FlowEdit, Mistake, WantedIdentity};
use crate::tables::flows::FlowState;

/// The maximum length of a display name, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS_MAX: usize = 256;

/// Whether this can be a flow's display name.
pub(crate) fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().nth(DISPLAY_NAME_CHARACTERS_MAX).is_none()
}

/// Parses `{"identity"?, "properties": {displayName?, definition?, connectionReferences?,
/// state?}}`. Ignores the other members of a flow (times, links).
pub(super) fn read(body: &Bytes) -> Result<FlowEdit, Problem> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!("The body is not JSON: {error}. Send {{\"properties\": {{…}}}}."))
    })?;
    let Some(properties) = body.get("properties").and_then(Value::as_object) else {
        return Err(Problem::bad_request(
            "properties: this is missing or not an object; send {\"properties\": {…}}.",
        ));
    };
    let mut mistakes = Vec::new();
    let display_name = text(properties, "displayName", &mut mistakes).map(str::to_owned);
    if display_name.as_ref().is_some_and(|name| !is_display_name(name)) {
        let message = format!("must have 1 to {DISPLAY_NAME_CHARACTERS_MAX} characters.");
        mistakes.push(Mistake::property("properties.displayName", message));
    }
    let state = text(properties, "state", &mut mistakes).and_then(|state| match state.parse() {
        Ok(state @ (FlowState::Started | FlowState::Stopped)) => Some(state),
        _ => {
            mistakes.push(Mistake::property("properties.state", "use Started or Stopped."));
            None
        }
    });
    let identity = match body.get("identity") {
        None | Some(Value::Null) => None,
        Some(value) => WantedIdentity::read(value, &mut mistakes),
    };
    let object = |name: &str| properties.get(name).filter(|value| !value.is_null()).cloned();
    Ok(FlowEdit {
        display_name,
        definition: object("definition"),
        references: object("connectionReferences"),
        access_control: object("accessControl"),
        state,
        identity,
        mistakes,
    })
}

fn text<'a>(properties: &'a Map<String, Value>, name: &str, mistakes: &mut Vec<Mistake>) -> Option<&'a str> {
    match properties.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => {
            mistakes.push(Mistake::property(&format!("properties.{name}"), "must be a string."));
            None
        }
    }
}
