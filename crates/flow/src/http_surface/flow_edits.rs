//! The request bodies that create or change a flow.

use axum::body::Bytes;
use outlive_chassis::Problem;
use serde_json::{Map, Value};

use crate::service::FlowEdit;
use crate::tables::flows::FlowState;

/// The maximum length of a display name, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS_MAX: usize = 256;

/// Whether this can be a flow's display name.
pub(crate) fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().nth(DISPLAY_NAME_CHARACTERS_MAX).is_none()
}

/// Parses `{"properties": {displayName?, definition?, connectionReferences?, state?}}`. Ignores the
/// other members of a flow (times, links).
pub(super) fn read(body: &Bytes) -> Result<FlowEdit, Problem> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!("The body is not JSON: {error}. Send {{\"properties\": {{…}}}}."))
    })?;
    let Some(properties) = body.get("properties").and_then(Value::as_object) else {
        return Err(Problem::bad_request(
            "properties: this is missing or not an object; send {\"properties\": {…}}.",
        ));
    };
    let display_name = match text(properties, "displayName")? {
        Some(name) if !is_display_name(name) => {
            return Err(Problem::bad_request(format!(
                "properties.displayName: must have 1 to {DISPLAY_NAME_CHARACTERS_MAX} characters."
            )));
        }
        name => name.map(str::to_owned),
    };
    let state = match text(properties, "state")? {
        None => None,
        Some(state) => match state.parse() {
            Ok(state @ (FlowState::Started | FlowState::Stopped)) => Some(state),
            _ => return Err(Problem::bad_request("properties.state: use Started or Stopped.")),
        },
    };
    let object = |name: &str| properties.get(name).filter(|value| !value.is_null()).cloned();
    Ok(FlowEdit {
        display_name,
        definition: object("definition"),
        references: object("connectionReferences"),
        state,
    })
}

fn text<'a>(properties: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::bad_request(format!("properties.{name}: must be a string."))),
    }
}
