//! Selects connections by id when a flow is saved, because a name can later refer to another
//! connection.

use http::Method;
use outlive_clock::UserId;
use serde_json::Value;

use super::hub::{CallContext, Credentials, Hub, connection_path};
use crate::engine::{Failure, Outcome};

/// What a name of a connection means for a maker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The maker may use the connection.
    Usable {
        id: String,
        /// Whether the maker created it; otherwise its owner shared it.
        is_own: bool,
        /// The resource for which it uses the managed identity of the flow, if it does. Empty if
        /// the connector names none.
        audience: Option<String>,
    },
    /// The connection belongs to someone else.
    Forbidden {
        id: String,
        /// Its connector.
        api: Option<String>,
        /// As above.
        audience: Option<String>,
    },
    Missing,
}

impl Hub {
    /// Returns the id of the connection of this name, if `maker` may select it.
    pub(crate) async fn find_selectable(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        maker: UserId,
        name: &str,
    ) -> Result<Option<String>, Outcome> {
        match self.find_for(context, credentials, maker, name).await? {
            Found::Usable { id, .. } => Ok(Some(id)),
            Found::Forbidden { .. } | Found::Missing => Ok(None),
        }
    }

    /// Finds the connection of this name, and whether `maker` may use it.
    pub(crate) async fn find_for(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        maker: UserId,
        name: &str,
    ) -> Result<Found, Outcome> {
        let path = connection_path(name);
        let connection =
            match self.request_control_plane(context, credentials, Method::GET, &path, &[], None).await {
                Ok(connection) => connection,
                // The name is not in use, or cannot be that of a connection.
                Err(outcome) if matches!(outcome.status, Some(400 | 404)) => return Ok(Found::Missing),
                Err(outcome) => return Err(outcome),
            };
        let url = connection.pointer("/properties/connectionRuntimeUrl").and_then(Value::as_str);
        let Some(id) = url.and_then(id_of) else { return Ok(Found::Missing) };
        let audience = audience_of(&connection);
        let maker = maker.to_string();
        let is = |member: Option<&Value>| {
            member.and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(&maker))
        };
        if is(connection.pointer("/properties/createdBy/id")) {
            return Ok(Found::Usable { id, is_own: true, audience });
        }
        let list = [&path[..], &["accessPolicies"]].concat();
        let policies =
            self.request_control_plane(context, credentials, Method::GET, &list, &[], None).await?;
        let policies = policies.get("value").and_then(Value::as_array);
        let is_shared = policies
            .into_iter()
            .flatten()
            .any(|policy| is(policy.pointer("/properties/principal/identity/objectId")));
        if is_shared {
            return Ok(Found::Usable { id, is_own: false, audience });
        }
        let api = connection.pointer("/properties/api/name").and_then(Value::as_str);
        Ok(Found::Forbidden { id, api: api.map(str::to_owned), audience })
    }
}

/// Returns the resource for which a connection uses a managed identity, if it does.
fn audience_of(connection: &Value) -> Option<String> {
    let settings = connection.pointer("/properties/managedIdentitySettings")?.as_object()?;
    let resource = settings.get("resourceUri").and_then(Value::as_str);
    Some(resource.unwrap_or_default().to_owned())
}

/// Returns the id of a connection: the last segment of its runtime URL.
pub(super) fn id_of(runtime_url: &str) -> Option<String> {
    let url = url::Url::parse(runtime_url).ok()?;
    let last = url.path().trim_end_matches('/').rsplit('/').next()?;
    (!last.is_empty()).then(|| last.to_ascii_lowercase())
}

/// The failure of an action whose connection does not exist or is not the selected one.
pub(super) fn not_found(name: &str) -> Outcome {
    let failure = Failure::new("ConnectionNotFound", format!("The connection '{name}' could not be found."));
    Outcome { status: Some(404), outputs: None, failure: Some(failure) }
}
