//! Authorization of requests.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};
use outlive_chassis::{ClockError, Trace, record_client};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_tokens::{BearerExpectations, BearerRefusal, Challenge, bearer_token, fingerprint, peek_tenant};
use outlive_wire::Subject;
use outlive_wire::events::RequestRefused;

use crate::Permission;
use crate::api::Api;
use crate::audiences::Audiences;
use crate::caller::{Bearer, Caller};
use crate::evaluation::{ClaimsChallenge, find_cut_off};
use crate::orders::OrderId;
use crate::refusal::Refusal;

/// A rejected request, with the challenge of its tenant.
pub(crate) struct Rejection {
    refusal: Refusal,
    challenge: Challenge,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.refusal.answer(&self.challenge)
    }
}

/// A request to authorize.
#[derive(Clone, Copy)]
pub(crate) struct Knock<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) trace: &'a Trace,
}

impl Knock<'_> {
    /// The path as recorded in the journal. An order id is included only if it is valid, because
    /// clients may put anything into a path, even tokens.
    pub(crate) fn path(&self) -> &str {
        match self.uri.path().strip_prefix("/orders/") {
            Some(id) if OrderId::parse(id).is_none() => "/orders/{id}",
            _ => self.uri.path(),
        }
    }
}

impl Api {
    /// Authorizes a request whose token has the `needed` permission, or responds to it.
    ///
    /// Checks, in this order: token present, tenant known, token valid, token not revoked,
    /// permission held. A refusal is recorded in the tenant's journal before the response; without
    /// a known tenant there is no journal.
    pub(crate) async fn admit<'a>(
        &'a self,
        knock: Knock<'a>,
        needed: Permission,
    ) -> Result<Caller<'a>, Rejection> {
        let nowhere = |refusal: Refusal| self.rejection(None, refusal);
        let token = bearer_token(knock.headers).map_err(|refusal| nowhere(Refusal::Token(refusal)))?;
        let tenant = peek_tenant(token).ok_or_else(|| nowhere(Refusal::Token(BearerRefusal::Malformed)))?;
        let now = self.chassis.clocks.now(tenant).await.map_err(|error| {
            nowhere(match error {
                ClockError::UnknownTenant(tenant) => Refusal::UnknownTenant(tenant),
                ClockError::Store(error) => error.into(),
            })
        })?;
        let audiences = self.audiences.of(tenant).await.map_err(|error| nowhere(error.into()))?;
        let expected = BearerExpectations { tenant, audiences: &audiences, now };
        match self.verifier.verify(&expected, token, knock.trace).await {
            Ok(claims) => {
                record_client(claims.appid);
                let ended = find_cut_off(&self.chassis.store, tenant, &claims).await;
                let caller = Caller::new(self, knock, (claims, fingerprint(token)), now, needed);
                match ended {
                    Ok(None) => {}
                    Ok(Some(ended)) => {
                        let (uri, client) =
                            (self.common_authorization_uri(), Audiences::client_id(&audiences));
                        let challenge = ClaimsChallenge::new(now, ended, uri, client, knock.trace);
                        return Err(caller.refuse(Refusal::Ended(challenge)).await);
                    }
                    Err(error) => return Err(nowhere(error.into())),
                }
                if caller.may() { Ok(caller) } else { Err(caller.refuse(caller.forbidden()).await) }
            }
            Err(refusal) => {
                let fingerprint = fingerprint(token);
                let subject = Subject::token(&fingerprint);
                let bearer = Bearer { token: Some(fingerprint), ..Bearer::default() };
                Err(self.reject(knock, (tenant, now), subject, bearer, Refusal::Token(refusal)).await)
            }
        }
    }

    /// Returns the rejection with the tenant's challenge, or the common one without a tenant.
    pub(crate) fn rejection(&self, tenant: Option<TenantId>, refusal: Refusal) -> Rejection {
        Rejection { refusal, challenge: self.challenge(tenant) }
    }

    /// Records that a request was rejected.
    pub(crate) async fn reject(
        &self,
        knock: Knock<'_>,
        (tenant, now): (TenantId, Instant),
        subject: Subject,
        bearer: Bearer,
        refusal: Refusal,
    ) -> Rejection {
        let Bearer { user, service_principal, client, scope, role, uti, token } = bearer;
        let (event, event_at) = refusal.revoked_by().unzip();
        let rejected = RequestRefused {
            user,
            service_principal,
            client,
            scope,
            role,
            uti,
            token: token.clone(),
            method: knock.method.as_str().to_owned(),
            path: knock.path().to_owned(),
            status: refusal.status().as_u16(),
            reason: refusal.reason().to_owned(),
            message: refusal.message(),
            event,
            event_at,
        };
        let event = Event::new(tenant, now, subject, knock.trace, rejected).about(token);
        let recorded = self.chassis.journal.append(&event).await;
        self.rejection(Some(tenant), recorded.err().map_or(refusal, Refusal::from))
    }
}
