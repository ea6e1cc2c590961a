//! The body with which a connection is created or changed.

use serde_json::{Value, json};

use super::connection_values::{CurrentValues, GivenValues, ResolvedValues};
use super::paths::ResourcePath;
use crate::arm::{ArmRefusal, ControlCall, JsonBody, LOCATION, Members, Mistakes, connection_id};
use crate::connector::{ApiProperties, DISPLAY_NAME_RULE, is_display_name};

/// Members that follow from the others, or from what happened to the connection.
const READ_ONLY: [&str; 10] = [
    "overallStatus",
    "statuses",
    "authenticatedUser",
    "createdTime",
    "changedTime",
    "createdBy",
    "connectionRuntimeUrl",
    "testLinks",
    "testRequests",
    "managedIdentitySettings",
];
/// What a body asks for.
#[derive(Debug, Default)]
pub(super) struct ConnectionBody {
    pub(super) display_name: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) api: Option<ApiBody>,
    values: GivenValues,
    mistakes: Mistakes,
}

/// `properties.api`.
#[derive(Debug)]
pub(super) struct ApiBody {
    pub(super) id: String,
    /// Its other members, which the connector determines.
    others: Members,
}

impl ConnectionBody {
    /// Reads a body. `current` is the connection as its caller sees it, if it exists.
    pub(super) fn read(
        body: JsonBody,
        call: &ControlCall,
        path: &ResourcePath,
        current: Option<&Value>,
    ) -> Self {
        let mut read = Self::default();
        let mistakes = &mut read.mistakes;
        let mut members = body.members();
        let id = connection_id(call.tenant, path.group.as_str(), path.name.as_str());
        members.read_only("id", &json!(id), mistakes);
        members.read_only("name", &json!(path.name.as_str()), mistakes);
        members.read_only("type", &json!("Microsoft.Web/connections"), mistakes);
        members.read_only("kind", &json!("V2"), mistakes);
        resource_members(&mut members, mistakes);
        let properties = members.object("properties", mistakes);
        members.end(mistakes);
        let Some(mut properties) = properties else { return read };
        read.display_name = properties.text("displayName", mistakes);
        if read.display_name.as_ref().is_some_and(|name| !is_display_name(name)) {
            mistakes.add("properties.displayName", DISPLAY_NAME_RULE);
        }
        read.enabled = match properties.text("connectionState", mistakes).as_deref() {
            None => None,
            Some("Enabled") => Some(true),
            Some("Disabled") => Some(false),
            Some(_) => {
                mistakes.add("properties.connectionState", "it must be Enabled or Disabled");
                None
            }
        };
        if let Some(mut api) = properties.object("api", mistakes) {
            let id = api.required_text("id", mistakes);
            read.api = id.map(|id| ApiBody { id, others: api });
        }
        read.values = GivenValues::read(&mut properties, mistakes);
        for name in READ_ONLY {
            let current = current.and_then(|current| current["properties"].get(name));
            properties.read_only(name, current.unwrap_or(&Value::Null), mistakes);
        }
        properties.end(mistakes);
        read
    }

    /// Records a mistake.
    pub(super) fn mistake(&mut self, at: &str, why: impl std::fmt::Display) {
        self.mistakes.add(at, why);
    }

    /// Returns an error with all mistakes so far, if there are any.
    pub(super) fn check(&mut self) -> Result<(), ArmRefusal> {
        std::mem::take(&mut self.mistakes).into_result()
    }

    /// Returns the values of the connection's parameters after the change.
    pub(super) fn resolve_values(
        &mut self,
        connector: &ApiProperties,
        current: Option<CurrentValues>,
    ) -> ResolvedValues {
        std::mem::take(&mut self.values).resolve(connector, current, &mut self.mistakes)
    }

    /// Whether the body gives values of parameters, or a parameter set.
    pub(super) fn has_values(&self) -> bool {
        !self.values.is_empty()
    }

    /// Compares the other members of `properties.api` with those of the connector.
    pub(super) fn compare_api(&mut self, current: &Value) {
        if let Some(api) = &mut self.api {
            for name in ["name", "displayName", "brandColor", "type"] {
                api.others.read_only(name, &current[name], &mut self.mistakes);
            }
            std::mem::take(&mut api.others).end(&mut self.mistakes);
        }
    }
}

/// Reads the members that all resources have: `location` and `tags`.
pub(super) fn resource_members(members: &mut Members, mistakes: &mut Mistakes) {
    if let Some(location) = members.text("location", mistakes) {
        let name: String = location.chars().filter(|c| *c != ' ').collect();
        if !name.eq_ignore_ascii_case(LOCATION) {
            mistakes.add("location", format!("the only location is '{LOCATION}'"));
        }
    }
    if members.object("tags", mistakes).is_some_and(|tags| !tags.rest().is_empty()) {
        mistakes.add("tags", "resources here have no tags");
    }
}
