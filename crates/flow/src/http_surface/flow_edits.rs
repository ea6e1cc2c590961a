//! The request bodies that create or change a flow.

use axum::body::Bytes;
use outlive_chassis::Problem;
use outlive_clock::UserId;
use serde_json::{Map, Value};

use crate::ids::FlowId;
use crate::service::{FlowEdit, Mistake, WantedIdentity};
use crate::tables::flows::FlowState;

/// The maximum length of a display name, in characters.
pub(crate) const DISPLAY_NAME_CHARACTERS_MAX: usize = 256;

/// Whether this can be a flow's display name.
pub(crate) fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().nth(DISPLAY_NAME_CHARACTERS_MAX).is_none()
}

/// The members of `properties` that a caller writes.
const WRITTEN: [&str; 5] = ["accessControl", "connectionReferences", "definition", "displayName", "state"];
/// The members of `properties` that the service sets. What was read can be written, with the values
/// of an earlier time.
const SHOWN: [&str; 8] = [
    "apiId",
    "createdTime",
    "flowSuspensionReason",
    "flowSuspensionTime",
    "flowTriggerUri",
    "lastModifiedTime",
    "nextRunTime",
    "userType",
];
/// Other members of exported flows. They describe the flow, and have no effect here.
const DESCRIPTIVE: [&str; 9] = [
    "definitionSummary",
    "flowFailureAlertSubscribed",
    "installationStatus",
    "isManaged",
    "provisioningMethod",
    "referencedResources",
    "sharingType",
    "templateName",
    "workflowEntityId",
];

/// The parameter with the connections of an exported workflow.
const CONNECTIONS: &str = "$connections";

/// The flow that a PATCH changes.
pub(super) struct Target<'a> {
    pub(super) environment: &'a str,
    pub(super) id: FlowId,
    pub(super) owner: UserId,
}

/// Parses `{"identity"?, "properties": {displayName?, definition?, connectionReferences?,
/// accessControl?, state?}}`; a workflow has `parameters.$connections` in place of
/// `connectionReferences`. A member that is neither honored nor part of a flow as shown or
/// exported is a mistake.
///
/// `target` is the flow that a PATCH changes. A PUT or POST can have an exported flow, also again,
/// whose name, environment and creator are not those of the flow that it writes.
pub(super) fn read(body: &Bytes, target: Option<&Target<'_>>) -> Result<FlowEdit, Problem> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!("The body is not JSON: {error}. Send {{\"properties\": {{…}}}}."))
    })?;
    let Some(properties) = body.get("properties").and_then(Value::as_object) else {
        return Err(Problem::bad_request(
            "properties: this is missing or not an object; send {\"properties\": {…}}.",
        ));
    };
    let mut mistakes = Vec::new();
    check_members(&body, properties, target, &mut mistakes);
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
    // A workflow has its connections in a parameter.
    let of_workflow = || properties.get("parameters")?.get(CONNECTIONS)?.get("value").cloned();
    Ok(FlowEdit {
        display_name,
        definition: object("definition"),
        references: object("connectionReferences").or_else(of_workflow),
        access_control: object("accessControl"),
        state,
        identity,
        mistakes,
    })
}

/// Records the members that are unknown, and those that only the service sets and that have another
/// value.
fn check_members(
    body: &Value,
    properties: &Map<String, Value>,
    target: Option<&Target<'_>>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut wrong = |path: &str, message: &str| mistakes.push(Mistake::property(path, message));
    const ANOTHER: &str = "is read-only and has another value; leave it out.";
    for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "properties" | "identity" | "schemaVersion" | "type" => {}
            "name" | "id" => {
                let last = value.as_str().and_then(|text| text.rsplit('/').next());
                let id = last.and_then(|text| text.parse::<FlowId>().ok());
                if target.is_some_and(|target| id != Some(target.id)) {
                    wrong(name, ANOTHER);
                }
            }
            _ => wrong(&shown_name("", name), "there is no such member; a flow has properties and identity."),
        }
    }
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_null()) {
        let path = shown_name("properties.", name);
        let is_text = |member: &str, expected: &str| {
            value.get(member).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(expected))
        };
        match name.as_str() {
            "environment" => {
                if target.is_some_and(|target| !is_text("name", target.environment)) {
                    wrong(&path, ANOTHER);
                }
            }
            "creator" => {
                if target.is_some_and(|target| !is_text("objectId", &target.owner.to_string())) {
                    wrong(&path, ANOTHER);
                }
            }
            "parameters" => {
                let names = value.as_object().into_iter().flat_map(|values| values.keys());
                for name in names.filter(|name| *name != CONNECTIONS) {
                    wrong(
                        &shown_name("properties.parameters.", name),
                        "values of parameters cannot be given beside the definition; write them as defaultValue in \
                         properties.definition.parameters.",
                    );
                }
                if !value.is_object() {
                    wrong(&path, "must be an object.");
                }
                let has_both = properties.get("connectionReferences").is_some_and(|given| !given.is_null());
                if has_both && value.get(CONNECTIONS).is_some() {
                    wrong(
                        "properties.parameters.$connections",
                        "the flow has connectionReferences, too; leave one of them out.",
                    );
                }
            }
            known if [&WRITTEN[..], &SHOWN, &DESCRIPTIVE].iter().any(|names| names.contains(&known)) => {}
            _ => wrong(
                &path,
                "there is no such member; use displayName, definition, connectionReferences, accessControl and \
                 state.",
            ),
        }
    }
}

/// Returns the path of a member, whose name may be long.
fn shown_name(before: &str, name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    format!("{before}{name}")
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
