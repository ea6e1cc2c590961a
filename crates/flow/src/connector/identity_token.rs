//! The managed identities of flows: their endpoints at the identity provider, and tokens for them.
//! Such a token is the flow's own and not that of a user, who cannot lose or revoke it.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderName, Method, StatusCode};
use outlive_chassis::RequestBuilder;
use outlive_clock::{Instant, Span};
use outlive_tokens::Secret;
use outlive_wire::managed_identity::{AssignedIdentities, ResourceIdentities, identity_endpoint_path};
use serde_json::Value;
use url::Url;

use super::hub::{CallContext, Hub, Workflow, fresh, refused};
use super::response::{RequestError, ServiceResponse, failure_of};
use crate::engine::{Failure, Outcome};
use crate::ids::FlowId;

/// How long before its expiry a token is no longer used (virtual time).
const REFRESH_BEFORE: Span = Span::from_minutes(5);
/// The maximum time that a token is cached, whatever its lifetime (virtual time).
const CACHED_MAX: Span = Span::from_days(1);
/// The maximum length of an audience, which is part of the key of the cache.
const AUDIENCE_CHARS_MAX: usize = 1_000;
const API_VERSION: &str = "2019-08-01";
static IDENTITY_HEADER: HeaderName = HeaderName::from_static("x-identity-header");

/// Why the directory did not change the identities of a flow.
pub(crate) struct IdentityFailure {
    /// The status of the response, if there was one.
    pub(crate) status: Option<u16>,
    pub(crate) message: String,
}

impl IdentityFailure {
    fn unreachable(error: &RequestError) -> Self {
        let failure = error.outcome("The identity provider").failure;
        Self { status: None, message: failure.map_or_else(String::new, |failure| failure.message) }
    }

    fn of(response: &ServiceResponse) -> Self {
        let message = failure_of(response.status, &response.value()).message;
        Self { status: Some(response.status.as_u16()), message }
    }
}

impl Hub {
    /// Sets the identities of a flow. Tokens of its former ones are no longer used.
    pub(crate) async fn put_identity(
        &self,
        context: &CallContext<'_>,
        authorization: HeaderValue,
        flow: FlowId,
        wanted: &ResourceIdentities,
    ) -> Result<AssignedIdentities, IdentityFailure> {
        let request = self.identity_request(context, Method::PUT, flow).json(wanted);
        let response = self.change_identity(context, authorization, flow, request).await?;
        let unreadable = || IdentityFailure {
            status: None,
            message: "The response of the identity provider cannot be read.".to_owned(),
        };
        serde_json::from_slice(&response.body).ok().ok_or_else(unreadable)
    }

    /// Deletes the identity endpoint of a flow, and the identity that belongs to the flow.
    pub(crate) async fn delete_identity(
        &self,
        context: &CallContext<'_>,
        authorization: HeaderValue,
        flow: FlowId,
    ) -> Result<(), IdentityFailure> {
        let request = self.identity_request(context, Method::DELETE, flow);
        self.change_identity(context, authorization, flow, request).await.map(|_| ())
    }

    fn identity_request(&self, context: &CallContext<'_>, method: Method, flow: FlowId) -> RequestBuilder {
        let (idp, tenant) = (&self.config.idp_url, context.tenant);
        let url = format!("{idp}/_lab/tenants/{tenant}/identity-endpoints/{flow}");
        self.http.request(context.trace, method, url)
    }

    async fn change_identity(
        &self,
        context: &CallContext<'_>,
        authorization: HeaderValue,
        flow: FlowId,
        request: RequestBuilder,
    ) -> Result<ServiceResponse, IdentityFailure> {
        let response = ServiceResponse::send(request.header(AUTHORIZATION, authorization)).await;
        self.identity_tokens.retain(|(tenant, of, ..), _| (*tenant, *of) != (context.tenant, flow));
        let response = response.map_err(|error| IdentityFailure::unreachable(&error))?;
        if response.status.is_success() { Ok(response) } else { Err(IdentityFailure::of(&response)) }
    }

    /// Returns a token of one of the flow's identities: of the one that belongs to it, or of the
    /// user-assigned one with this resource id. It is cached until it is about to expire.
    pub(super) async fn identity_token(
        &self,
        workflow: &Workflow<'_>,
        audience: &str,
        identity: Option<&str>,
    ) -> Result<Arc<Secret>, Outcome> {
        let Workflow { tenant, flow, now, .. } = *workflow;
        let selected = identity.filter(|name| !name.eq_ignore_ascii_case("SystemAssigned"));
        let held = workflow.identity.ok_or_else(|| not_enabled(flow))?;
        let is_held = match selected {
            None => held.system_assigned,
            Some(name) => held.user_assigned.iter().any(|known| known.eq_ignore_ascii_case(name)),
        };
        if !is_held {
            return Err(selected.map_or_else(|| not_enabled(flow), |name| not_assigned(flow, name)));
        }
        if audience.chars().nth(AUDIENCE_CHARS_MAX).is_some() {
            let message =
                format!("The audience of the authentication has more than {AUDIENCE_CHARS_MAX} characters.");
            return Err(refused(Failure::new("BadRequest", message)));
        }
        let selector = selected.unwrap_or_default().to_ascii_lowercase();
        let key = (tenant, flow, selector, audience.to_owned());
        if let Some(token) = fresh(self.identity_tokens.get(&key), now) {
            return Ok(token);
        }
        let path = identity_endpoint_path(&tenant.to_string(), flow.uuid());
        let url = Url::parse(&format!("{}{path}", self.config.idp_url));
        let mut url = url.map_err(|_| token_failure("the address of the identity provider is not a URL"))?;
        url.query_pairs_mut().append_pair("api-version", API_VERSION).append_pair("resource", audience);
        if let Some(name) = selected {
            url.query_pairs_mut().append_pair("mi_res_id", name);
        }
        let mut header = HeaderValue::from_str(held.header.expose())
            .map_err(|_| token_failure("the header of the identity endpoint is not valid"))?;
        header.set_sensitive(true);
        let request = self.http.request(workflow.trace, Method::GET, url).header(&IDENTITY_HEADER, header);
        let response =
            ServiceResponse::send(request).await.map_err(|error| error.outcome("The identity endpoint"))?;
        let body = response.value();
        let token = body.get("access_token").and_then(Value::as_str).filter(|_| response.status.is_success());
        let Some(token) = token else {
            let mut outcome = token_failure(&failure_of(response.status, &body).message);
            // A server error may be transient.
            let is_transient =
                response.status.is_server_error() || response.status == StatusCode::TOO_MANY_REQUESTS;
            outcome.status = is_transient.then(|| response.status.as_u16());
            return Err(outcome);
        };
        let token = Arc::new(Secret::new(token));
        let expires = body.get("expires_on").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let stale = expires.map_or(now, |seconds| Instant::from_seconds(seconds) - REFRESH_BEFORE);
        self.identity_tokens.insert(key, (stale.min(now + CACHED_MAX), Arc::clone(&token)));
        Ok(token)
    }
}

fn not_enabled(flow: FlowId) -> Outcome {
    refused(Failure::new(
        "ManagedServiceIdentityNotEnabled",
        format!(
            "The workflow '{flow}' does not have managed identity enabled. Save the flow with an identity, for example \
             {{\"identity\": {{\"type\": \"SystemAssigned\"}}}}."
        ),
    ))
}

fn not_assigned(flow: FlowId, name: &str) -> Outcome {
    let shown: String = name.chars().take(200).collect();
    refused(Failure::new(
        "ManagedServiceIdentityNotEnabled",
        format!(
            "The managed identity '{shown}' is not assigned to the workflow '{flow}'. Save the flow with it in \
             identity.userAssignedIdentities."
        ),
    ))
}

pub(super) fn token_failure(why: &str) -> Outcome {
    refused(Failure::new(
        "BadRequest",
        format!(
            "Http request failed as there is an error getting a token for the managed identity: '{why}'."
        ),
    ))
}
