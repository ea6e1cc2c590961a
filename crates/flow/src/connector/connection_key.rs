//! The key by which a flow uses a connection (`listConnectionKeys`, reference §3.1).

use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use outlive_tokens::Secret;
use serde_json::{Value, json};

use super::hub::{API_VERSION, Credentials, Hub, RESOURCE_GROUP, Workflow, refused};
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
        if let Some(key) = self.keys.get(&name, now) {
            return Ok(key);
        }
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
        let answer = self.ask(workflow, credentials, Method::POST, &path, &query, Some(&body)).await?;
        let text = |member: &str| answer.get(member).and_then(Value::as_str);
        let (Some(key), Some(url)) = (text("connectionKey"), text("runtimeUrl")) else {
            return Err(refused(Failure::new(
                "BadGateway",
                "The API Hub answered no connection key and runtime URL.",
            )));
        };
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
        });
        self.keys.put(name, now + USED_FOR, Arc::clone(&key));
        Ok(key)
    }
}
