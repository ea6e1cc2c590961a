//! `POST /security-events`: receives security event tokens from the issuer (RFC 8935).

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use outlive_chassis::{Cause, ClockError, Problem, Trace};
use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError, sql};
use outlive_tokens::{
    BearerExpectations, BearerRefusal, ReceivedSecurityEvent, SECURITY_EVENT_MEDIA_TYPE, TOKEN_CHARS_MAX,
    fingerprint, peek_tenant_of_issuer,
};
use outlive_wire::Subject;
use outlive_wire::events::{Happened, SecurityEventReceived, SecurityEventRejected};
use serde_json::json;

use super::cut_off::upsert_cut_off;
use crate::api::Api;

/// How long token identifiers are stored for replay detection (virtual time); older tokens are
/// rejected.
const JTI_RETENTION: Span = Span::from_days(30);

/// Why a token was rejected: the error of RFC 8935, section 2.4, and a description.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    Token {
        err: &'static str,
        description: String,
    },
    /// The token could not be checked: the issuer may retry.
    Unavailable(Option<Cause>),
}

impl Refusal {
    fn new(err: &'static str, description: impl std::fmt::Display) -> Self {
        Self::Token { err, description: format!("{description}.") }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Token { err, description } => {
                let body = Json(json!({"err": err, "description": description}));
                (StatusCode::BAD_REQUEST, [(CONTENT_LANGUAGE, "en")], body).into_response()
            }
            Self::Unavailable(source) => {
                let problem = Problem { source, ..Problem::unavailable() };
                ([(RETRY_AFTER, "1")], problem).into_response()
            }
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Some(Cause::new(error)))
    }
}

impl From<BearerRefusal> for Refusal {
    fn from(refusal: BearerRefusal) -> Self {
        match refusal {
            BearerRefusal::KeysUnavailable => Self::Unavailable(None),
            BearerRefusal::Issuer | BearerRefusal::Tenant { .. } => Self::new("invalid_issuer", refusal),
            BearerRefusal::Audience => Self::new("invalid_audience", refusal),
            BearerRefusal::Signature | BearerRefusal::UnknownKey | BearerRefusal::Algorithm => {
                Self::new("invalid_key", refusal)
            }
            _ => Self::new("invalid_request", refusal),
        }
    }
}

/// Responds 202 when the event is stored.
pub(crate) async fn receive(
    State(api): State<Arc<Api>>,
    trace: Trace,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(SECURITY_EVENT_MEDIA_TYPE) {
        return Err(Refusal::new(
            "invalid_request",
            format!("the body has to be {SECURITY_EVENT_MEDIA_TYPE}"),
        ));
    }
    // Without its source, which may quote the token.
    let malformed = || Refusal::new("invalid_request", "the body is not a security event token");
    let body = to_bytes(body, TOKEN_CHARS_MAX).await.ok().ok_or_else(malformed)?;
    let token = std::str::from_utf8(&body).ok().ok_or_else(malformed)?.trim();
    let tenant = peek_tenant_of_issuer(token).ok_or_else(malformed)?;
    let now = match api.chassis.clocks.now(tenant).await {
        Ok(now) => now,
        Err(ClockError::UnknownTenant(_)) => {
            return Err(Refusal::new("invalid_issuer", "this API does not exist in the issuer's tenant"));
        }
        Err(ClockError::Store(error)) => return Err(error.into()),
    };
    let result = verify_event(&api, tenant, now, token, &trace).await;
    let result = match result {
        Ok(event) => store_event(&api, tenant, now, &event, &trace).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(Refusal::Token { err, description }) = &result {
        let name = fingerprint(token);
        let rejected = SecurityEventRejected {
            token: name.clone(),
            err: (*err).to_owned(),
            description: description.to_string(),
        };
        let event = Event::new(tenant, now, Subject::token(name), &trace, rejected);
        api.chassis.journal.append(&event).await?;
    }
    result.map(|()| StatusCode::ACCEPTED)
}

async fn verify_event(
    api: &Api,
    tenant: TenantId,
    now: Instant,
    token: &str,
    trace: &Trace,
) -> Result<ReceivedSecurityEvent, Refusal> {
    let audiences = api.audiences.of(tenant).await?;
    let expected = BearerExpectations { tenant, audiences: &audiences, now };
    let event = api.verifier.verify_security_event(&expected, token, trace).await?;
    if event.issued_at < now - JTI_RETENTION {
        return Err(Refusal::new("invalid_request", "the token is too old to be checked for replay"));
    }
    Ok(event)
}

/// Stores the token identifier, the cutoffs and the journal event in one transaction.
async fn store_event(
    api: &Api,
    tenant: TenantId,
    now: Instant,
    event: &ReceivedSecurityEvent,
    trace: &Trace,
) -> Result<(), Refusal> {
    let mut change = Change::from(sql!(
        "DELETE FROM received_events WHERE tenant = $1 AND received_us < $2",
        tenant,
        now - JTI_RETENTION
    ));
    change.add(sql!(
        "INSERT INTO received_events (tenant, jti, received_us) VALUES ($1, $2, $3)",
        tenant,
        &event.jti,
        now
    ));
    for (kind, at) in &event.happened {
        change.add(upsert_cut_off(tenant, event.user, *kind, *at));
    }
    let happened = event.happened.iter();
    let received = SecurityEventReceived {
        jti: event.jti.clone(),
        txn: event.txn.clone(),
        happened: happened.map(|(kind, at)| Happened { event: kind.name().to_owned(), at: *at }).collect(),
    };
    let received = Event::new(tenant, now, Subject::user(event.user), trace, received);
    change.append(api.chassis.journal.entry(&received));
    match api.chassis.store.commit(change).await {
        Ok(()) => Ok(()),
        Err(error) if error.is_conflict() => {
            Err(Refusal::new("invalid_request", "the token was received before"))
        }
        Err(error) => Err(error.into()),
    }
}
