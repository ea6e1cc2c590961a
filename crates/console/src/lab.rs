//! A client of the lab API.

use std::collections::HashMap;
use std::time::Duration;

use outlive_chassis::{HttpClient, Trace};
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_wire::JournalLine;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

/// Timeout of an advance (wall time): it may do thousands of runs.
const ADVANCE_TIMEOUT: Duration = Duration::from_secs(900);

/// Maximum length of a response, in bytes.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// A failed call of the lab API.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    /// The lab does not answer, or not in time.
    #[error("the lab does not answer at {url}: {cause}")]
    Unreachable { url: String, cause: String },
    /// There is no such tenant.
    #[error("the lab has no such tenant")]
    UnknownTenant,
    /// The lab refused.
    #[error("the lab refused ({status}): {message}")]
    Refused { status: u16, message: String },
    /// The response is not valid.
    #[error("the lab's response cannot be read: {0}")]
    Garbled(String),
}

/// A client of the lab.
#[derive(Clone)]
pub(crate) struct Lab {
    http: HttpClient,
    base: Url,
    random: Randomness,
}

impl Lab {
    pub(crate) fn new(http: HttpClient, base: Url, random: Randomness) -> Self {
        Self { http, base, random }
    }

    fn request(&self, method: Method, path: &str) -> (String, RequestBuilder) {
        let url = format!("{}/lab/tenants{path}", self.base.as_str().trim_end_matches('/'));
        let request = self.http.request(&Trace::begin(&self.random), method, &url);
        (url, request)
    }

    /// Lists the tenants.
    pub(crate) async fn tenants(&self) -> Result<Vec<TenantName>, LabError> {
        let (url, request) = self.request(Method::GET, "");
        let Tenants { tenants } = answer(url, request).await?;
        Ok(tenants.into_iter().map(TenantName::from).collect())
    }

    /// Returns a tenant with its credentials.
    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<Tenant, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}"));
        answer(url, request).await
    }

    /// Returns the state of a tenant's clock.
    pub(crate) async fn clock(&self, tenant: TenantId) -> Result<Clock, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/clock"));
        answer(url, request).await
    }

    /// Advances time, and returns when all due work is done.
    pub(crate) async fn advance(&self, tenant: TenantId, by: Span) -> Result<Advanced, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/clock"));
        answer(url, request.timeout(ADVANCE_TIMEOUT).json(&json!({ "advance": by }))).await
    }

    /// Raises an event.
    pub(crate) async fn raise(&self, tenant: TenantId, event: &Value) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/events"));
        answer::<Value>(url, request.json(event)).await.map(drop)
    }

    /// Returns the newest journal events, newest first: of all services, of one, or only notable
    /// ones.
    pub(crate) async fn newest(
        &self,
        tenant: TenantId,
        limit: u32,
        only: &[(&str, &str)],
    ) -> Result<JournalPage, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/journal"));
        let limit = limit.to_string();
        answer(url, request.query(&[("newest", "true"), ("limit", &limit)]).query(only)).await
    }

    /// Returns the number of flow runs, by status.
    pub(crate) async fn run_counts(&self, tenant: TenantId) -> Result<HashMap<String, u64>, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/runs"));
        answer(url, request).await
    }
}

async fn answer<T: DeserializeOwned>(url: String, request: RequestBuilder) -> Result<T, LabError> {
    let unreachable = |error: reqwest::Error| LabError::Unreachable {
        url: url.clone(),
        cause: if error.is_timeout() { "it took too long".to_owned() } else { deepest(&error) },
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    if response.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX) {
        return Err(LabError::Garbled("it is too long".to_owned()));
    }
    let body = response.bytes().await.map_err(unreachable)?;
    if (200..300).contains(&status) {
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        return serde_json::from_slice(body).map_err(|error| LabError::Garbled(error.to_string()));
    }
    if status == 404 {
        return Err(LabError::UnknownTenant);
    }
    let error: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message =
        error["error"]["message"].as_str().or(error["message"].as_str()).unwrap_or("without a reason");
    Err(LabError::Refused { status, message: message.chars().take(400).collect() })
}

/// Returns the innermost cause: "connection refused" rather than "error sending request".
fn deepest(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), deepest)
}

#[derive(Deserialize)]
struct Tenants {
    tenants: Vec<TenantEntry>,
}

/// A tenant in the list: named in full, or by its id alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum TenantEntry {
    Id(TenantId),
    Named { tenant_id: TenantId, domain: Option<String> },
}

/// A tenant in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TenantName {
    pub(crate) id: TenantId,
    pub(crate) domain: Option<String>,
}

impl From<TenantEntry> for TenantName {
    fn from(entry: TenantEntry) -> Self {
        match entry {
            TenantEntry::Id(id) => Self { id, domain: None },
            TenantEntry::Named { tenant_id: id, domain } => Self { id, domain },
        }
    }
}

/// The tenant credentials, as far as the page uses them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) tenant_id: TenantId,
    pub(crate) domain: String,
    #[serde(default)]
    pub(crate) users: Vec<User>,
    #[serde(default)]
    pub(crate) applications: Vec<Application>,
    #[serde(default)]
    pub(crate) flows: Vec<Flow>,
    #[serde(default)]
    pub(crate) connections: Vec<Connection>,
    #[serde(default)]
    pub(crate) urls: Urls,
}

#[derive(Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) role: String,
    pub(crate) upn: String,
    pub(crate) id: String,
    pub(crate) password: Option<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("role", &self.role).field("upn", &self.upn).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) kind: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Flow {
    #[serde(alias = "flow_id")]
    pub(crate) id: String,
    display_name: Option<String>,
    name: Option<String>,
}

impl Flow {
    /// Returns its display name.
    pub(crate) fn title(&self) -> &str {
        self.display_name.as_deref().or(self.name.as_deref()).unwrap_or(&self.id)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Connection {
    display_name: Option<String>,
    name: Option<String>,
    pub(crate) connector: Option<String>,
}

impl Connection {
    /// Returns its display name.
    pub(crate) fn title(&self) -> &str {
        self.display_name.as_deref().or(self.name.as_deref()).unwrap_or("without a name")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Urls {
    pub(crate) idp: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Clock {
    /// Virtual time.
    pub(crate) now: Instant,
    /// Virtual seconds for each wall second.
    pub(crate) speed: u32,
    pub(crate) next_due: Option<Instant>,
    /// The services that do not answer.
    #[serde(default)]
    pub(crate) missing: Vec<String>,
    /// The change of time in progress.
    pub(crate) operation: Option<Operation>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Operation {
    /// `advance` or `run`.
    pub(crate) kind: String,
    pub(crate) target: Option<Instant>,
    #[serde(default)]
    pub(crate) done: u64,
    /// Whether it was interrupted and is being recovered.
    #[serde(default)]
    pub(crate) ending: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Advanced {
    pub(crate) now: Option<Instant>,
    #[serde(default)]
    pub(crate) done: u64,
    #[serde(default)]
    pub(crate) failed: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct JournalPage {
    pub(crate) lines: Vec<JournalLine>,
    /// The cursor at the end of the journals.
    #[serde(default)]
    pub(crate) next: String,
}
