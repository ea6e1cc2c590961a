//! Flows: creation, start and stop, run history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Instant;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::portal::{Audience, Maker, MakerError};
use crate::http::CallError;

/// The header with the connections that the user of a flow provides.
const INVOKER_CONNECTIONS: &str = "X-MS-APIM-Tokens";
/// The API version of the flow service.
const API_VERSION: &str = "2016-11-01";
/// Maximum number of pages of run history read.
const PAGES_MAX: usize = 2_000;

/// Whose connection a flow uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuntimeSource {
    /// The one that its owner selected.
    #[default]
    Embedded,
    /// For runs of a run-only user, one that this user provides.
    Invoker,
}

/// A flow to create.
#[derive(Clone, Debug)]
pub(crate) struct NewFlow<'a> {
    pub id: &'a str,
    pub display_name: &'a str,
    /// The workflow definition.
    pub definition: &'a Value,
    /// The connection its actions use and its connector, which is also the name of the connection
    /// reference; `None` if they use none.
    pub connection: Option<(&'a str, &'a str)>,
    pub runtime_source: RuntimeSource,
    /// Its managed identities, as in an Azure resource.
    pub identity: Option<&'a Value>,
}

/// A run in the run history.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FlowRun {
    pub name: String,
    pub properties: FlowRunProperties,
}

/// The properties of a run that expectations refer to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowRunProperties {
    /// When it started, in virtual time.
    pub start_time: Instant,
    /// Its status (`Succeeded`, `Failed`, …).
    pub status: String,
    #[serde(default)]
    pub correlation: RunCorrelation,
}

/// Identifiers of a run in other services.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunCorrelation {
    /// The trace id of its calls.
    pub trace_id: Option<String>,
}

/// An action of a run in the run history.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RunAction {
    pub properties: RunActionProperties,
}

/// The properties of an action that expectations refer to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunActionProperties {
    /// Its status (`Succeeded`, `Failed`, …).
    pub status: String,
    /// Its code (`OK`, `Unauthorized`, …).
    pub code: Option<String>,
    /// The number of retries.
    #[serde(default)]
    pub retry_count: u64,
    /// The response to the action: `statusCode`, `headers`, `body`.
    #[serde(default)]
    pub outputs: Value,
}

/// Returns the connection that a user provides for a run, with the user's own token for the calls
/// through it, if there is one.
fn invoker_tokens(connection: &str, reference: &str, token: Option<&str>) -> String {
    let id = format!("/providers/Microsoft.PowerApps/apis/{reference}/connections/{connection}");
    let mut provided = json!({ "connectionId": id });
    if let Some(token) = token {
        provided["authentication"] = json!({"type": "Raw", "scheme": "Bearer", "parameter": token});
    }
    STANDARD.encode(json!({"$connections": {reference: provided}}).to_string())
}

impl Maker {
    fn flow_url(&self, flow: &str, rest: &str) -> String {
        let (origin, tenant) = (&self.endpoints.flow, self.endpoints.tenant);
        format!(
            "{origin}/providers/Microsoft.ProcessSimple/environments/Default-{tenant}/flows/{flow}{rest}?api-version={API_VERSION}"
        )
    }

    /// Creates a flow and starts it.
    pub(crate) async fn put_flow(&mut self, now: Instant, flow: &NewFlow<'_>) -> Result<Value, MakerError> {
        let references = flow.connection.map(|(connection, connector)| {
            json!({connector: {
                "runtimeSource": flow.runtime_source,
                "connection": {"name": connection},
                "api": {"name": connector},
            }})
        });
        let mut body = json!({"properties": {
            "displayName": flow.display_name,
            "state": "Started",
            "definition": flow.definition,
            "connectionReferences": references.unwrap_or_else(|| json!({})),
        }});
        if let Some(identity) = flow.identity {
            body["identity"] = identity.clone();
        }
        self.write_flow(now, flow.id, &body).await
    }

    /// Creates or replaces a flow.
    pub(crate) async fn write_flow(
        &mut self,
        now: Instant,
        id: &str,
        body: &Value,
    ) -> Result<Value, MakerError> {
        let url = self.flow_url(id, "");
        Ok(self.call(Audience::Flow, now, Method::PUT, &url, Some(body)).await?.expect()?)
    }

    /// Changes who may use a flow: `{"put": […], "delete": […]}`.
    pub(crate) async fn modify_permissions(
        &mut self,
        now: Instant,
        flow: &str,
        as_administrator: bool,
        change: &Value,
    ) -> Result<(), MakerError> {
        let mut url = self.flow_url(flow, "/modifyPermissions");
        if as_administrator {
            url = url.replace("/Microsoft.ProcessSimple/", "/Microsoft.ProcessSimple/scopes/admin/");
        }
        let answer = self.call(Audience::Flow, now, Method::POST, &url, Some(change)).await?;
        if answer.status < 300 { Ok(()) } else { Err(answer.refused().into()) }
    }

    /// Performs an operation on a flow: `start`, `stop`, `triggers/manual/run`. `provided` is a
    /// connection of the user for a connection reference.
    pub(crate) async fn post_flow_action(
        &mut self,
        now: Instant,
        flow: &str,
        verb: &str,
        provided: Option<(&str, &str)>,
    ) -> Result<(), MakerError> {
        let url = self.flow_url(flow, &format!("/{verb}"));
        let tokens = provided.map(|(connection, reference)| invoker_tokens(connection, reference, None));
        let headers: Vec<_> = tokens.iter().map(|tokens| (INVOKER_CONNECTIONS, tokens.as_str())).collect();
        let request = (Method::POST, url.as_str());
        let answer = self.call_with(Audience::Flow, now, request, &headers, Some(&json!({}))).await?;
        if answer.status < 300 { Ok(()) } else { Err(answer.refused().into()) }
    }

    /// Deletes a flow.
    pub(crate) async fn delete_flow(&mut self, now: Instant, flow: &str) -> Result<(), MakerError> {
        let url = self.flow_url(flow, "");
        let answer = self.call(Audience::Flow, now, Method::DELETE, &url, None).await?;
        if answer.status < 300 { Ok(()) } else { Err(answer.refused().into()) }
    }

    /// Runs a flow with a connection of the user, for the calls of which the flow gets the user's
    /// own token.
    pub(crate) async fn run_with_own_token(
        &mut self,
        now: Instant,
        flow: &str,
        reference: &str,
        connection: &str,
    ) -> Result<(), MakerError> {
        let token = self.token(Audience::Hub, now).await?;
        let provided = invoker_tokens(connection, reference, Some(&token));
        let url = self.flow_url(flow, "/triggers/manual/run");
        let headers = [(INVOKER_CONNECTIONS, provided.as_str())];
        let request = (Method::POST, url.as_str());
        let answer = self.call_with(Audience::Flow, now, request, &headers, Some(&json!({}))).await?;
        if answer.status < 300 { Ok(()) } else { Err(answer.refused().into()) }
    }

    /// Returns the actions of a run in order of execution.
    pub(crate) async fn run_actions(
        &mut self,
        now: Instant,
        flow: &str,
        run: &str,
    ) -> Result<Vec<RunAction>, MakerError> {
        #[derive(Deserialize)]
        struct Actions {
            value: Vec<RunAction>,
        }
        let url = self.flow_url(flow, &format!("/runs/{run}/actions"));
        let answer = self.call(Audience::Flow, now, Method::GET, &url, None).await?;
        Ok(answer.expect::<Actions>()?.value)
    }

    /// Returns the runs of a flow that started after virtual instant `since`, oldest first.
    pub(crate) async fn runs(
        &mut self,
        now: Instant,
        flow: &str,
        since: Instant,
    ) -> Result<Vec<FlowRun>, MakerError> {
        #[derive(Deserialize)]
        struct RunPage {
            value: Vec<FlowRun>,
            #[serde(rename = "nextLink", default)]
            next: Option<String>,
        }
        let mut url = self.flow_url(flow, "/runs") + "&$top=250";
        let mut runs: Vec<FlowRun> = Vec::new();
        for _ in 0..PAGES_MAX {
            let answer = self.call(Audience::Flow, now, Method::GET, &url, None).await?;
            let page: RunPage = answer.expect()?;
            // The history lists the newest runs first: a page that reaches `since` is the last one
            // needed.
            let reached = page.value.iter().any(|run| run.properties.start_time <= since);
            runs.extend(page.value.into_iter().filter(|run| run.properties.start_time > since));
            match page.next {
                Some(next) if !reached => url = next,
                _ => {
                    // Runs that started at the same instant keep the order of the history.
                    runs.reverse();
                    runs.sort_by_key(|run| run.properties.start_time);
                    return Ok(runs);
                }
            }
        }
        Err(MakerError::Call(CallError {
            call: self.flow_url(flow, "/runs"),
            problem: format!("returned more than {PAGES_MAX} pages of runs"),
            status: Some(200),
        }))
    }
}
