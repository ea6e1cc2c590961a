//! Connection references (`connectionReferences`), in all known forms.

use std::sync::OnceLock;

use serde_json::Value;

use super::limits;
use super::node::Node;
use super::refusal::{Collected, DefinitionError};

/// The references of a flow. Most flows have one or two.
#[derive(Clone, Debug, Default)]
pub(crate) struct References {
    /// In the order of the keys.
    entries: Box<[(String, ConnectionReference)]>,
    /// Made when an expression first reads it: most connections are found without.
    parameter: OnceLock<Value>,
}

impl References {
    pub(crate) fn get(&self, key: &str) -> Option<&ConnectionReference> {
        let place = self.entries.binary_search_by(|(known, _)| known.as_str().cmp(key)).ok()?;
        self.entries.get(place).map(|(_, reference)| reference)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &ConnectionReference)> {
        self.entries.iter().map(|(key, reference)| (key.as_str(), reference))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &ConnectionReference> {
        self.entries.iter().map(|(_, reference)| reference)
    }

    /// Returns the key of the first reference to the connection of this resource id.
    pub(crate) fn key_of(&self, id: &str) -> Option<&str> {
        self.iter().find(|(_, reference)| reference.resource_id() == id).map(|(key, _)| key)
    }

    /// Returns the value of the parameter `$connections`, in which expressions look connections up.
    pub(crate) fn as_parameter(&self) -> &Value {
        self.parameter.get_or_init(|| self.to_value())
    }

    fn to_value(&self) -> Value {
        let entries = self.iter().map(|(key, reference)| {
            let api = reference.api.as_deref().unwrap_or_default();
            let entry = serde_json::json!({
                "connectionId": reference.resource_id(),
                "connectionName": reference.connection.as_deref().unwrap_or_default(),
                "id": format!("/providers/Microsoft.PowerApps/apis/{api}"),
            });
            (key.to_owned(), entry)
        });
        Value::Object(entries.collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionReference {
    /// The connector (`shared_contoso-orders`), if the reference names it.
    pub api: Option<String>,
    /// The connection's name in the hub; `None` if the reference is not mapped.
    pub connection: Option<String>,
    /// Whose connection it is.
    pub source: Source,
    /// The managed identity of the flow with which the data source is called, if the connection
    /// uses one (`connectionProperties.authentication`).
    pub identity: Option<ConnectionIdentity>,
    /// The path of the connection's name.
    pub path: String,
}

impl ConnectionReference {
    /// The resource id of the connection.
    fn resource_id(&self) -> String {
        format!("/providers/Microsoft.Web/connections/{}", self.connection.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
impl std::ops::Index<&str> for References {
    type Output = ConnectionReference;

    fn index(&self, key: &str) -> &ConnectionReference {
        self.get(key).expect("the reference")
    }
}

/// How calls through a connection authenticate at the data source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionIdentity {
    /// The resource of the token, if it is not the one that the connector names.
    pub audience: Option<String>,
    /// The resource id of a user-assigned identity; otherwise it is the flow's own.
    pub identity: Option<String>,
}

/// Where the connection of a reference comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An owner selected it.
    Embedded,
    /// The user who starts a run provides it. Runs that a trigger starts, and those of owners who
    /// provide nothing, use the connection that the reference names.
    Invoker,
}

/// Parses the references that can be parsed.
pub(super) fn read(node: &Node<'_>, errors: &mut Collected) -> References {
    if node.value().is_null() {
        return References::default();
    }
    let Some(members) = errors.keep(node.members()) else { return References::default() };
    if members.len() > limits::ACTIONS_MAX {
        errors.push(
            node.refuse("there are too many references", &format!("keep at most {}", limits::ACTIONS_MAX)),
        );
        return References::default();
    }
    let read = members.into_iter().filter_map(|(key, reference)| Some((key, errors.keep(one(&reference))?)));
    let mut references: Vec<_> = read.collect();
    references.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    References { entries: references.into_boxed_slice(), parameter: OnceLock::new() }
}

fn one(node: &Node<'_>) -> Result<ConnectionReference, DefinitionError> {
    node.object()?;
    let mut source = Source::Embedded;
    for member in ["runtimeSource", "source"] {
        let Some(given) = node.optional(member) else { continue };
        source = match given.text()?.to_ascii_lowercase().as_str() {
            "embedded" => source,
            "invoker" => Source::Invoker,
            _ => {
                return Err(
                    given.refuse("this is not a source of connections", "use \"embedded\" or \"invoker\"")
                );
            }
        };
    }
    // {connection: {name}, api: {name}} of a stored flow, {connection: {id}, api: {id}} of a
    // workflow, or {connectionName, id | apiName} of a package.
    let (connection, path) = match node.optional("connection") {
        Some(connection) => {
            let has_only_id = connection.optional("name").is_none() && connection.optional("id").is_some();
            let member = if has_only_id { "id" } else { "name" };
            (text(&connection, member)?, format!("{}.{member}", connection.path()))
        }
        None => match text(node, "connectionId")? {
            Some(id) => (Some(id), format!("{}.connectionId", node.path())),
            None => (text(node, "connectionName")?, format!("{}.connectionName", node.path())),
        },
    };
    let api = match node.optional("api") {
        Some(api) => match text(&api, "name")? {
            Some(name) => Some(name),
            None => text(&api, "id")?,
        },
        None => match text(node, "apiName")? {
            Some(api) => Some(api),
            None => text(node, "id")?,
        },
    };
    let last = |id: String| id.rsplit('/').next().unwrap_or_default().to_owned();
    let identity = match node.optional("connectionProperties") {
        Some(properties) => properties.optional("authentication").as_ref().map(identity).transpose()?,
        None => None,
    };
    Ok(ConnectionReference {
        identity,
        api: api.map(last).filter(|api| !api.is_empty()),
        connection: connection.map(last).filter(|connection| !connection.is_empty()),
        source,
        path,
    })
}

/// Reads `connectionProperties.authentication`.
fn identity(node: &Node<'_>) -> Result<ConnectionIdentity, DefinitionError> {
    let remedy = "write ManagedServiceIdentity";
    let kind = node.required("type", remedy)?;
    if !kind.text()?.eq_ignore_ascii_case("ManagedServiceIdentity") {
        return Err(kind.refuse("this is no authentication for connections", remedy));
    }
    Ok(ConnectionIdentity { audience: text(node, "audience")?, identity: text(node, "identity")? })
}

fn text(node: &Node<'_>, member: &str) -> Result<Option<String>, DefinitionError> {
    node.object()?;
    let Some(value) = node.optional(member) else { return Ok(None) };
    let text = value.text()?;
    if text.len() > 400 || text.chars().any(char::is_control) {
        return Err(value.refuse("this is not a name", "give the name of a connection or connector"));
    }
    Ok(Some(text.to_owned()))
}

/// Returns the connector in a resource id or name (`/providers/Microsoft.PowerApps/apis/shared_x` →
/// `shared_x`).
pub(super) fn api_name(node: &Node<'_>) -> Result<String, DefinitionError> {
    let Value::String(id) = node.value() else {
        return Err(
            node.refuse("this is not a string", "write /providers/Microsoft.PowerApps/apis/<connector>")
        );
    };
    match id.rsplit('/').next() {
        Some(name) if !name.is_empty() && name.len() <= 400 && !name.chars().any(char::is_control) => {
            Ok(name.to_owned())
        }
        _ => Err(node.refuse(
            "this is not the id of a connector",
            "write /providers/Microsoft.PowerApps/apis/<connector>",
        )),
    }
}
