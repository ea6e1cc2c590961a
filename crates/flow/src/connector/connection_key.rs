//! The key by which a flow uses a connection (`listConnectionKeys`, reference §3.1).

use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use outlive_tokens::Secret;
use serde_json::{Value, json};

use super::hub::{API_VERSION, Credentials, Hub, RESOURCE_GROUP, Workflow, refused};
use super::selection::{id_of, not_found};
use crate::engine::{Failure, Outcome};

/// How long a key is asked for, in virtual time: what tooling asks for.
const VALIDITY: Span = Span::from_days(7);
/// How long a key is used, in virtual time: not to its very end.
pub(super) const USED_FOR: Span = Span::from_hours(7 * 24 - 1);

/// A connection's runtime URL and the key that opens it to one flow.
#[derive(Debug)]
pub(super) struct ConnectionKey {
    /// The URL, at the origin by which this process reaches the hub.
    pub(super) runtime_url: String,
    pub(super) key: Secret,
    /// The connection's id, which no other connection has.
    connection: String,
}

impl Hub {
    pub(super) async fn connection_key(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        connection: &str,
    ) -> Result<Arc<ConnectionKey>, Outcome> {
        let (tenant, now) = (workflow.tenant, workflow.now);
        let name = (tenant, workflow.flow, connection.to_owned());
        let selected = workflow.selections.get(&connection.to_ascii_lowercase());
        let known = self.keys.get(&name, now);
        if let Some(key) = known.filter(|key| selected.is_none_or(|selected| *selected == key.connection)) {
            return Ok(key);
        }
        let occasion = workflow.occasion();
        // Not looked up when the flow was saved: the name then means a connection that the maker may select now.
        let selected = match (selected, workflow.maker) {
            (Some(selected), _) => Some(selected.clone()),
            (None, Some(maker)) => self.selected_by(&occasion, credentials, maker, connection).await?,
            (None, None) => None,
        };
        let selected = selected.ok_or_else(|| not_found(connection))?;
        let tenant = tenant.to_string();
        let path = [
            "subscriptions",
            &tenant,
            "resourceGroups",
            RESOURCE_GROUP,
            "providers",
            "Microsoft.Web",
            "connections",
            connection,
            "listConnectionKeys",
        ];
        let body = json!({"validityTimeSpan": VALIDITY.to_dotnet(), "workflowId": workflow.flow});
        let query = [("api-version", API_VERSION)];
        let answer = match self.ask(&occasion, credentials, Method::POST, &path, &query, Some(&body)).await {
            Err(outcome) if outcome.status == Some(404) => return Err(not_found(connection)),
            answer => answer?,
        };
        let text = |member: &str| answer.get(member).and_then(Value::as_str);
        let (Some(key), Some(url)) = (text("connectionKey"), text("runtimeUrl")) else {
            return Err(refused(Failure::new(
                "BadGateway",
                "The API Hub answered no connection key and runtime URL.",
            )));
        };
        if id_of(url).is_none_or(|id| id != selected) {
            return Err(not_found(connection));
        }
        // The URL is written for whoever asked; the hub's origin from here is known, and the key goes nowhere else.
        let Some(path) = url::Url::parse(url).ok().map(|url| url.path().trim_end_matches('/').to_owned())
        else {
            return Err(refused(Failure::new(
                "BadGateway",
                "The API Hub answered a runtime URL that is none.",
            )));
        };
        let key = Arc::new(ConnectionKey {
            runtime_url: format!("{}{path}", self.config.hub_url),
            key: Secret::new(key),
            connection: selected,
        });
        self.keys.put(name, now + USED_FOR, Arc::clone(&key));
        Ok(key)
    }
}
