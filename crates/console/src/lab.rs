//! A client of the lab API.

use std::collections::HashMap;
use std::time::Duration;

use outlive_chassis::{HttpClient, Trace};
use outlive_clock::{Randomness, Span, TenantId};
use outlive_wire::JournalLine;
use outlive_wire::lab_api::{
    ClockAnswer, ClockRequest, JournalAnswer, ListedTenant, TenantCredentials, TenantList,
};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
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

    pub(crate) async fn tenants(&self) -> Result<Vec<ListedTenant>, LabError> {
        let (url, request) = self.request(Method::GET, "");
        Ok(answer::<TenantList>(url, request).await?.tenants)
    }

    pub(crate) async fn tenant(&self, tenant: TenantId) -> Result<TenantCredentials, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}"));
        answer(url, request).await
    }

    /// Returns the state of a tenant's clock.
    pub(crate) async fn clock(&self, tenant: TenantId) -> Result<ClockAnswer, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/clock"));
        answer(url, request).await
    }

    /// Advances time, and returns when all due work is done.
    pub(crate) async fn advance(&self, tenant: TenantId, by: Span) -> Result<ClockAnswer, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/clock"));
        let change = ClockRequest { advance: Some(by), ..ClockRequest::default() };
        answer(url, request.timeout(ADVANCE_TIMEOUT).json(&change)).await
    }

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
    ) -> Result<JournalAnswer<JournalLine>, LabError> {
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
