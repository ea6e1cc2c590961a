//! The key with which a flow uses a connection (`listConnectionKeys`, reference §3.1).

use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use outlive_tokens::Secret;
use serde_json::{Value, json};

use super::hub::{ConnectionKey, Credentials, Hub, Workflow, connection_path, fresh, refused};
use super::invoker::UsedConnection;
use super::selection::{id_of, not_found};
use crate::engine::{Failure, Outcome};

/// The requested validity of a key (virtual time), as tools request it.
const VALIDITY: Span = Span::from_days(7);
/// How long a key is used (virtual time): shorter than its validity.
pub(super) const USED_FOR: Span = Span::from_hours(7 * 24 - 1);
const _: () = assert!(USED_FOR.as_micros() < VALIDITY.as_micros());

impl Hub {
    /// Returns the key for a connection that a call to a connector uses. One that the user provides
    /// has to be of this connector: what the flow sends must not go to another one of their choice.
    pub(super) async fn connection_key(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        connection: UsedConnection<'_>,
    ) -> Result<Arc<ConnectionKey>, Outcome> {
        let key = self.key_of(workflow, credentials, connection).await?;
        let expected = connection.api.filter(|_| connection.of.is_some());
        if let (Some(expected), Some(api)) = (expected, api_of(&key.runtime_url))
            && !api.eq_ignore_ascii_case(expected)
        {
            let message = format!(
                "The connection '{}' is of the connector '{api}', and the flow needs one of '{expected}'.",
                connection.name
            );
            return Err(refused(Failure::new("InvokerConnectionOverrideFailed", message)));
        }
        Ok(key)
    }

    async fn key_of(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        connection: UsedConnection<'_>,
    ) -> Result<Arc<ConnectionKey>, Outcome> {
        let (tenant, now) = (workflow.tenant, workflow.now);
        let UsedConnection { name: connection, of: user, .. } = connection;
        let name = (tenant, workflow.flow, connection.to_owned(), user);
        let selected =
            if user.is_none() { workflow.selections.get(&connection.to_ascii_lowercase()) } else { None };
        let known = fresh(self.keys.get(&name), now);
        if let Some(key) = known.filter(|key| selected.is_none_or(|selected| *selected == key.connection)) {
            return Ok(key);
        }
        let context = workflow.context();
        // If the connection was not looked up when the flow was saved, the name refers to a
        // connection that the maker, or the user who provides it, may select now.
        let selected = match (selected, user.or(workflow.maker)) {
            (Some(selected), _) => Some(selected.clone()),
            (None, Some(maker)) => self.find_selectable(&context, credentials, maker, connection).await?,
            (None, None) => None,
        };
        let selected = selected.ok_or_else(|| not_found(connection))?;
        let path = [&connection_path(connection)[..], &["listConnectionKeys"]].concat();
        // With a connection that a user provides, the flow calls as that user.
        let body = match user {
            Some(user) => json!({"validityTimeSpan": VALIDITY.to_dotnet(), "objectId": user}),
            None => json!({"validityTimeSpan": VALIDITY.to_dotnet(), "workflowId": workflow.flow}),
        };
        let response = match self
            .request_control_plane(&context, credentials, Method::POST, &path, &[], Some(&body))
            .await
        {
            Err(outcome) if outcome.status == Some(404) => return Err(not_found(connection)),
            response => response?,
        };
        let text = |member: &str| response.get(member).and_then(Value::as_str);
        let (Some(key), Some(url)) = (text("connectionKey"), text("runtimeUrl")) else {
            return Err(refused(Failure::new(
                "BadGateway",
                "The API Hub returned no connection key or runtime URL.",
            )));
        };
        if id_of(url).is_none_or(|id| id != selected) {
            return Err(not_found(connection));
        }
        // The hub's runtime URL contains its public origin. Use the configured origin instead, so
        // that the key is sent nowhere else.
        let Some(path) = url::Url::parse(url).ok().map(|url| url.path().trim_end_matches('/').to_owned())
        else {
            return Err(refused(Failure::new(
                "BadGateway",
                "The API Hub returned a runtime URL that is not valid.",
            )));
        };
        let key = Arc::new(ConnectionKey {
            runtime_url: format!("{}{path}", self.config.hub_url),
            key: Secret::new(key),
            connection: selected,
        });
        self.keys.insert(name, (now + USED_FOR, Arc::clone(&key)));
        Ok(key)
    }
}

/// Returns the connector in a runtime URL: the segment before the id of the connection.
fn api_of(runtime_url: &str) -> Option<&str> {
    runtime_url.rsplit('/').nth(1)
}
