//! Protocol errors: an entry of the AADSTS catalogue with its values, and its responses.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, EXPIRES, PRAGMA, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use outlive_chassis::{Cause, Problem, Trace};
use outlive_clock::{ClientId, Instant, Span};
use outlive_rules::aadsts::OauthError;
use outlive_rules::{Aadsts, Params, Rule, aadsts};
use outlive_store::StoreError;
use outlive_tokens::TokenVersion;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::protocol::decision::Decision;

/// The value with the seconds of `Retry-After`; no message has this placeholder.
const RETRY_AFTER_SECONDS: &str = "retry_after_seconds";

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) error: Aadsts,
    pub(crate) params: Params,
    /// The decision of the rules that led to the error, if any.
    pub(crate) decision: Option<Box<Decision>>,
    /// Whether the version 1.0 token endpoint returns it, which has different names for some
    /// errors.
    pub(crate) on_version_1: bool,
}

impl Refusal {
    pub(crate) const fn new(error: Aadsts) -> Self {
        Self { error, params: Params::new(), decision: None, on_version_1: false }
    }

    /// Sets the value of the placeholder `{name}` in the message.
    pub(crate) fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.params = self.params.with(name, value);
        self
    }

    /// Sets after which time the request may be repeated.
    pub(crate) fn with_retry_after(self, wait: Span) -> Self {
        self.with(RETRY_AFTER_SECONDS, (wait.as_micros() + 999_999) / 1_000_000)
    }

    /// Sets the values that name the client.
    pub(crate) fn with_client(self, id: ClientId, name: &str) -> Self {
        self.with("client", id).with("client_name", name)
    }

    /// Sets the version of the token endpoint.
    pub(crate) const fn at(mut self, endpoint: TokenVersion) -> Self {
        self.on_version_1 = matches!(endpoint, TokenVersion::V1);
        self
    }

    /// A required parameter is missing.
    pub(crate) fn missing(name: &'static str) -> Self {
        Self::new(aadsts::PARAMETER_MISSING).with("name", name)
    }

    /// Returns the refusal for a negative decision.
    pub(crate) fn of_decision(decision: &Decision) -> Option<Self> {
        let verdict = &decision.verdict;
        if verdict.is_accepted() {
            return None;
        }
        Some(Self {
            // A negative decision without an error code of its own means that the grant is invalid
            // for this request.
            error: verdict.code.unwrap_or(aadsts::INVALID_GRANT),
            params: verdict.params.clone(),
            decision: Some(Box::new(decision.clone())),
            on_version_1: false,
        })
    }

    /// Returns the text of `error_description`, including the lines with request ids.
    pub(crate) fn description(&self, details: &RequestDetails) -> String {
        format!(
            "{} Trace ID: {} Correlation ID: {} Timestamp: {}",
            self.error.render(&self.params),
            details.trace_id,
            details.correlation_id,
            timestamp(details.at)
        )
    }

    /// Returns whether a malformed parameter, not a grant, caused the error; they share one number.
    pub(crate) fn is_about_a_parameter(&self) -> bool {
        self.error == aadsts::MALFORMED_GRANT && self.params.get("name").is_some()
    }

    /// Returns the `error` of the token response.
    pub(crate) fn error_name(&self) -> &'static str {
        if self.is_about_a_parameter() {
            return OauthError::InvalidRequest.as_str();
        }
        let rule = self.decision.as_ref().map(|decision| decision.verdict.rule);
        let declined = rule == Some(Rule::DeviceCodeDeclined);
        // RFC 8628 has its own error when the user denies access (device authorization grant flow,
        // "Expected errors").
        if declined {
            OauthError::AuthorizationDeclined.as_str()
        } else if self.on_version_1 {
            self.error.error_on_version_1().as_str()
        } else {
            self.error.error.as_str()
        }
    }

    /// Returns the `error_uri`; `None` where Entra ID has none for this error.
    pub(crate) fn error_uri(&self, details: &RequestDetails) -> Option<String> {
        self.error.error_uri.then(|| format!("{}/error?code={}", details.origin, self.error.number))
    }

    /// Returns the `claims` that the client includes when it prompts the user: JSON that contains
    /// the policy id.
    fn claims(&self) -> Option<String> {
        const OF_POLICIES: [Aadsts; 3] =
            [aadsts::MFA_REQUIRED, aadsts::MFA_NOT_REGISTERED, aadsts::BLOCKED_BY_POLICY];
        if !OF_POLICIES.contains(&self.error) {
            return None;
        }
        let policy = self.params.get("policy")?;
        let claims = json!({"access_token": {"capolids": {"essential": true, "values": [policy]}}});
        Some(claims.to_string())
    }

    /// Returns the error response of the token endpoint (reference: "Error body").
    pub(crate) fn token_response(&self, details: &RequestDetails) -> Response {
        let body = ErrorBody {
            error: self.error_name(),
            error_description: self.description(details),
            error_codes: [self.error.number],
            timestamp: timestamp(details.at),
            trace_id: details.trace_id,
            correlation_id: details.correlation_id,
            error_uri: self.error_uri(details),
            suberror: self.error.suberror_str(),
            claims: self.claims(),
        };
        let status = StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::BAD_REQUEST);
        let headers = [(CACHE_CONTROL, "no-store, no-cache"), (PRAGMA, "no-cache"), (EXPIRES, "-1")];
        let mut response = (status, headers, Json(body)).into_response();
        response.headers_mut().extend(self.retry_after());
        response
    }

    /// Returns `Retry-After` for a request that may be retried soon.
    pub(crate) fn retry_after(&self) -> Option<(HeaderName, HeaderValue)> {
        if let Some(wait) = self.params.get(RETRY_AFTER_SECONDS) {
            return Some((RETRY_AFTER, HeaderValue::from_str(wait).ok()?));
        }
        let soon = self.error == aadsts::TOO_MANY_REQUESTS;
        soon.then_some((RETRY_AFTER, HeaderValue::from_static("1")))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the directory failed");
        Self::new(aadsts::SERVICE_UNAVAILABLE)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        tracing::error!(error = %Cause::new(problem), "the directory failed");
        Self::new(aadsts::SERVICE_UNAVAILABLE)
    }
}

/// The request details in an error response.
#[derive(Debug, Clone)]
pub(crate) struct RequestDetails {
    pub(crate) at: Instant,
    pub(crate) trace_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) origin: String,
}

impl RequestDetails {
    /// Returns the details of the request of `trace`, received at `origin` and evaluated at virtual
    /// instant `at`.
    pub(crate) fn new(trace: &Trace, at: Instant, origin: &str) -> Self {
        Self {
            at,
            trace_id: trace.request_id,
            correlation_id: trace.correlation_id(),
            origin: origin.to_owned(),
        }
    }
}

fn timestamp(at: Instant) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ")
}

/// Fields in Entra's order.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: String,
    trace_id: Uuid,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
}
