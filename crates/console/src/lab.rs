//! A client of the lab API.

use std::time::Duration;

use outlive_chassis::{HttpClient, RequestBuilder, SendError, Trace};
use outlive_clock::{Instant, Randomness, Span, Speed, TenantId};
use outlive_wire::faults::{FaultSpec, Faults};
use outlive_wire::lab_api::{
    ClockAnswer, ClockRequest, CodeRedeemed, CodeRedemption, ConnectionConfirmation, ConnectionFix,
    ConnectionFixed, JournalAnswer, ListedTenant, SignInRequest, TenantCredentials, TenantList,
    TenantRequest,
};
use outlive_wire::phone::{AuthenticatorSecret, PasskeyAnswer, Phone};
use outlive_wire::story::Story;
use outlive_wire::timeline::Timeline;
use outlive_wire::{FlowAction, FlowDetails, FlowShare, HeldConnections, JournalLine, RunDetails};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::executed_connections::ConnectionMatrix;
use crate::executed_matrix::Matrix;
use crate::inspector::Why;

/// Timeout of an advance (wall time): it may do thousands of runs.
pub(crate) const ADVANCE_TIMEOUT: Duration = Duration::from_secs(900);

/// Timeout of the execution of a table (wall time).
const MATRIX_TIMEOUT: Duration = Duration::from_secs(180);

/// Maximum length of a response, in bytes.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// A failed call of the lab API.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LabError {
    /// The lab does not answer, or not in time.
    #[error("the lab does not answer at {url}: {cause}")]
    Unreachable { url: String, cause: String },
    /// There is no such tenant.
    #[error("the lab has no such tenant")]
    UnknownTenant,
    /// The lab refused.
    #[error("the lab refused ({status}): {message}")]
    Refused { status: u16, code: String, message: String },
    /// The response is not valid.
    #[error("the lab's response cannot be read: {0}")]
    Garbled(String),
}

impl LabError {
    /// Whether the lab does not know the owner's password. Other operations are refused with the
    /// same status.
    pub(crate) fn asks_for_password(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "OwnerCannotSignIn")
    }
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

    /// Begins a request below `/lab/tenants`.
    fn request(&self, method: Method, path: &str) -> (String, RequestBuilder) {
        self.request_at(method, &format!("/tenants{path}"))
    }

    /// Begins a request below `/lab`.
    pub(crate) fn request_at(&self, method: Method, path: &str) -> (String, RequestBuilder) {
        let url = format!("{}/lab{path}", self.base.as_str().trim_end_matches('/'));
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

    /// Advances time to `instant`, and returns when all due work is done.
    pub(crate) async fn advance_to(
        &self,
        tenant: TenantId,
        instant: Instant,
    ) -> Result<ClockAnswer, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/clock"));
        let change = ClockRequest { set: Some(instant), ..ClockRequest::default() };
        answer(url, request.timeout(ADVANCE_TIMEOUT).json(&change)).await
    }

    /// Sets the speed of time; 0 freezes it.
    pub(crate) async fn run(&self, tenant: TenantId, speed: Speed) -> Result<ClockAnswer, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/clock"));
        answer(url, request.json(&ClockRequest { run: Some(speed), ..ClockRequest::default() })).await
    }

    /// Returns the newest notable events, newest first.
    pub(crate) async fn notable(
        &self,
        tenant: TenantId,
        limit: u32,
    ) -> Result<JournalAnswer<JournalLine>, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/journal"));
        let limit = limit.to_string();
        answer(url, request.query(&[("newest", "true"), ("notable", "true"), ("limit", &limit)])).await
    }

    /// Reads journal events by these criteria.
    pub(crate) async fn journal(
        &self,
        tenant: TenantId,
        criteria: &[(&str, &str)],
    ) -> Result<JournalAnswer<JournalLine>, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/journal"));
        answer(url, request.query(criteria)).await
    }

    /// Returns the event with which the set-up of a tenant began.
    pub(crate) async fn begin_of_set_up(&self, tenant: TenantId) -> Result<Option<JournalLine>, LabError> {
        let read = self.journal(tenant, &[("kind", "tenant.created"), ("limit", "1")]).await?;
        Ok(read.lines.into_iter().next())
    }

    /// Explains a credential, connection or run, by value or name, and adds the verdict after an
    /// event; `None` if it is unknown.
    pub(crate) async fn why(
        &self,
        tenant: TenantId,
        of: &str,
        after: Option<&str>,
    ) -> Result<Option<Why>, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/why"));
        match answer(url, request.json(&serde_json::json!({ "of": of, "after": after }))).await {
            Ok(why) => Ok(Some(why)),
            // The tenant is known: its page reads it, too.
            Err(LabError::UnknownTenant) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Executes every cell of a revocation table, in temporary tenants.
    pub(crate) async fn matrix(&self, rules: &str) -> Result<Matrix, LabError> {
        let (url, request) = self.request_at(Method::POST, "/matrix/credentials");
        answer(url, request.timeout(MATRIX_TIMEOUT).json(&serde_json::json!({ "rules": rules }))).await
    }

    /// Executes every cell of the matrix of connections, and its repair, in temporary tenants.
    pub(crate) async fn connection_matrix(&self) -> Result<ConnectionMatrix, LabError> {
        let (url, request) = self.request_at(Method::POST, "/matrix/connections");
        answer(url, request.timeout(MATRIX_TIMEOUT).json(&serde_json::json!({}))).await
    }

    /// Returns which credentials are alive and why, and which flows run.
    pub(crate) async fn story(&self, tenant: TenantId) -> Result<Story, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/story"));
        answer(url, request).await
    }

    /// Returns what happened to credentials and flows in a range of time that ends at `until`, or
    /// now.
    pub(crate) async fn timeline(
        &self,
        tenant: TenantId,
        length: Span,
        until: Option<Instant>,
    ) -> Result<Timeline, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/timeline"));
        let until = until.map(|until| ("until", until.to_string()));
        answer(url, request.query(&[("length", length.to_string())]).query(&until.as_slice())).await
    }

    /// Returns the connections of a tenant and what each stores.
    pub(crate) async fn connections(&self, tenant: TenantId) -> Result<HeldConnections, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/connections"));
        answer(url, request).await
    }

    /// Returns a flow with a page of its run history.
    pub(crate) async fn flow(
        &self,
        tenant: TenantId,
        flow: &str,
        history: &[(&str, &str)],
    ) -> Result<FlowDetails, LabError> {
        let (url, request) = self.request(Method::GET, &flow_path(tenant, flow, ""));
        answer(url, request.query(history)).await
    }

    /// Returns a run of a flow with its actions.
    pub(crate) async fn flow_run(
        &self,
        tenant: TenantId,
        flow: &str,
        run: &str,
    ) -> Result<RunDetails, LabError> {
        let (url, request) =
            self.request(Method::GET, &flow_path(tenant, flow, &format!("/runs/{}", segment(run))));
        answer(url, request).await
    }

    /// Does `start`, `stop` or `run` as the owner of a flow.
    pub(crate) async fn act_on_flow(
        &self,
        tenant: TenantId,
        flow: &str,
        what: &str,
        action: &FlowAction,
    ) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &flow_path(tenant, flow, &format!("/{what}")));
        answer::<Value>(url, request.json(action)).await.map(drop)
    }

    /// Shares a flow as its owner, or stops to.
    pub(crate) async fn share_flow(
        &self,
        tenant: TenantId,
        flow: &str,
        share: &FlowShare,
    ) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &flow_path(tenant, flow, "/share"));
        answer::<Value>(url, request.json(share)).await.map(drop)
    }

    /// Begins to fix a connection as its owner.
    pub(crate) async fn fix(
        &self,
        tenant: TenantId,
        connection: &str,
        fix: &ConnectionFix,
    ) -> Result<ConnectionFixed, LabError> {
        let (url, request) = self.request(Method::POST, &connection_path(tenant, connection, "fix"));
        answer(url, request.json(fix)).await
    }

    /// Redeems a code as a public client.
    pub(crate) async fn redeem(
        &self,
        tenant: TenantId,
        redemption: &CodeRedemption,
    ) -> Result<CodeRedeemed, LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/redeem"));
        answer(url, request.json(redemption)).await
    }

    /// Confirms the sign-in for a connection.
    pub(crate) async fn confirm(
        &self,
        tenant: TenantId,
        connection: &str,
        code: &str,
    ) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &connection_path(tenant, connection, "confirm"));
        let confirmation = ConnectionConfirmation { code: code.to_owned(), password: None };
        answer::<Value>(url, request.json(&confirmation)).await.map(drop)
    }

    /// Returns the faults of a tenant.
    pub(crate) async fn faults(&self, tenant: TenantId) -> Result<Faults, LabError> {
        let (url, request) = self.request(Method::GET, &format!("/{tenant}/faults"));
        answer(url, request).await
    }

    /// Adds a fault.
    pub(crate) async fn add_fault(&self, tenant: TenantId, fault: &FaultSpec) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/faults"));
        answer::<Value>(url, request.json(fault)).await.map(drop)
    }

    /// Removes a fault.
    pub(crate) async fn remove_fault(&self, tenant: TenantId, id: &str) -> Result<(), LabError> {
        let (url, request) = self.request(Method::DELETE, &format!("/{tenant}/faults/{}", segment(id)));
        answer_or_refusal::<Value>(url, request).await.map(drop)
    }

    /// Removes all faults of a tenant.
    pub(crate) async fn remove_faults(&self, tenant: TenantId) -> Result<(), LabError> {
        let (url, request) = self.request(Method::DELETE, &format!("/{tenant}/faults"));
        answer_or_refusal::<Value>(url, request).await.map(drop)
    }

    /// Returns what a user's phone shows.
    pub(crate) async fn phone(&self, tenant: TenantId, user: &str) -> Result<Phone, LabError> {
        let (url, request) = self.request(Method::GET, &phone_path(tenant, user));
        answer(url, request).await
    }

    /// Adds an account to a user's authenticator app.
    pub(crate) async fn add_authenticator(
        &self,
        tenant: TenantId,
        user: &str,
        secret: &str,
    ) -> Result<(), LabError> {
        let path = format!("{}/authenticator", phone_path(tenant, user));
        let (url, request) = self.request(Method::PUT, &path);
        answer(url, request.json(&AuthenticatorSecret { secret: secret.to_owned() })).await
    }

    /// Removes the account from a user's authenticator app.
    pub(crate) async fn remove_authenticator(&self, tenant: TenantId, user: &str) -> Result<(), LabError> {
        let path = format!("{}/authenticator", phone_path(tenant, user));
        let (url, request) = self.request(Method::DELETE, &path);
        answer(url, request).await
    }

    /// Responds to a page that waits for a user's phone.
    pub(crate) async fn answer_passkey_request(
        &self,
        tenant: TenantId,
        user: &str,
        request: &str,
        given: &PasskeyAnswer,
    ) -> Result<(), LabError> {
        let path = format!("{}/passkey-requests/{}", phone_path(tenant, user), segment(request));
        let (url, request) = self.request(Method::POST, &path);
        answer(url, request.json(given)).await
    }

    /// Removes the passkeys from a user's phone.
    pub(crate) async fn remove_passkeys(&self, tenant: TenantId, user: &str) -> Result<(), LabError> {
        let (url, request) = self.request(Method::DELETE, &format!("{}/passkeys", phone_path(tenant, user)));
        answer(url, request).await
    }

    /// Removes one passkey from a user's phone.
    pub(crate) async fn remove_passkey(
        &self,
        tenant: TenantId,
        user: &str,
        passkey: &str,
    ) -> Result<(), LabError> {
        let path = format!("{}/passkeys/{}", phone_path(tenant, user), segment(passkey));
        let (url, request) = self.request(Method::DELETE, &path);
        answer(url, request).await
    }

    /// Creates a tenant from the default seed.
    pub(crate) async fn create(&self) -> Result<TenantCredentials, LabError> {
        let (url, request) = self.request(Method::POST, "");
        answer(url, request.json(&TenantRequest::default())).await
    }

    /// Creates a tenant.
    pub(crate) async fn create_like(&self, wanted: &TenantRequest) -> Result<TenantCredentials, LabError> {
        let (url, request) = self.request(Method::POST, "");
        answer(url, request.json(wanted)).await
    }

    /// Deletes a tenant with all its data.
    pub(crate) async fn delete(&self, tenant: TenantId) -> Result<(), LabError> {
        let (url, request) = self.request(Method::DELETE, &format!("/{tenant}"));
        answer::<Value>(url, request).await.map(drop)
    }

    /// Signs a user in to an application.
    pub(crate) async fn sign_in(&self, tenant: TenantId, sign_in: &SignInRequest) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/sign_in"));
        answer::<Value>(url, request.json(sign_in)).await.map(drop)
    }

    /// Deletes a tenant and creates it again.
    pub(crate) async fn reset(&self, tenant: TenantId) -> Result<(), LabError> {
        let (url, request) = self.request(Method::POST, &format!("/{tenant}/reset"));
        answer::<Value>(url, request.json(&serde_json::json!({}))).await.map(drop)
    }
}

fn phone_path(tenant: TenantId, user: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    format!("/{tenant}/phone/{}", name.replace('+', "%20"))
}

fn connection_path(tenant: TenantId, connection: &str, what: &str) -> String {
    format!("/{tenant}/connections/{}/{what}", segment(connection))
}

fn flow_path(tenant: TenantId, flow: &str, rest: &str) -> String {
    format!("/{tenant}/flows/{}{rest}", segment(flow))
}

/// Escapes a name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    escaped.replace('+', "%20")
}

/// Sends a request below a tenant: 404 means that there is no such tenant.
pub(crate) async fn answer<T: DeserializeOwned>(url: String, request: RequestBuilder) -> Result<T, LabError> {
    match answer_or_refusal(url, request).await {
        Err(LabError::Refused { status: 404, .. }) => Err(LabError::UnknownTenant),
        answer => answer,
    }
}

/// Sends a request, and returns every refusal with its message.
pub(crate) async fn answer_or_refusal<T: DeserializeOwned>(
    url: String,
    request: RequestBuilder,
) -> Result<T, LabError> {
    let body = body(url, request).await?;
    let body: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(body).map_err(|error| LabError::Garbled(error.to_string()))
}

/// Sends a request for a file.
pub(crate) async fn text(url: String, request: RequestBuilder) -> Result<String, LabError> {
    let body = body(url, request).await?;
    String::from_utf8(body.into()).map_err(|error| LabError::Garbled(error.to_string()))
}

async fn body(url: String, request: RequestBuilder) -> Result<axum::body::Bytes, LabError> {
    let unreachable = |error: SendError| LabError::Unreachable {
        url: url.clone(),
        cause: if error.is_timeout() { "it took too long".to_owned() } else { deepest(&error) },
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    if response.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX) {
        return Err(LabError::Garbled("it is too long".to_owned()));
    }
    let body = response.bytes().await.map_err(|error| unreachable(error.into()))?;
    if (200..300).contains(&status) {
        return Ok(body);
    }
    let error: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message =
        error["error"]["message"].as_str().or(error["message"].as_str()).unwrap_or("without a reason");
    let code = error["error"]["code"].as_str().unwrap_or_default();
    Err(LabError::Refused {
        status,
        code: code.chars().take(80).collect(),
        message: message.chars().take(400).collect(),
    })
}

/// Returns the innermost cause: "connection refused" rather than "error sending request".
fn deepest(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), deepest)
}
