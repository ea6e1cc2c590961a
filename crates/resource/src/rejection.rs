//! Rejected requests and their recording.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, Uri};
use outlive_chassis::{PeerCertificate, Trace};
use outlive_clock::{ClientId, Instant, TenantId};
use outlive_journal::Event;
use outlive_tokens::Challenge;
use outlive_wire::Subject;
use outlive_wire::events::RequestRefused;
use uuid::Uuid;

use crate::api::Api;
use crate::orders::OrderId;
use crate::refusal::Refusal;
use crate::scheme::Scheme;

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
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    /// The certificate of the connection's client.
    pub(crate) certificate: Option<&'a PeerCertificate>,
    pub(crate) trace: &'a Trace,
}

impl RequestHead<'_> {
    /// The path as recorded in the journal. An order id is included only if it is valid, because
    /// clients may put anything into a path, even tokens.
    pub(crate) fn path(&self) -> &str {
        let (path, scheme) = (self.uri.path(), self.scheme());
        let below = path.strip_prefix(scheme.prefix()).and_then(|path| path.strip_prefix("/orders/"));
        match below {
            Some(id) if OrderId::parse(id).is_none() => match scheme {
                Scheme::Bearer => "/orders/{id}",
                Scheme::Basic => "/basic/orders/{id}",
                Scheme::ApiKey => "/key/orders/{id}",
                Scheme::Certificate => "/certificate/orders/{id}",
            },
            _ => path,
        }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        Scheme::of_path(self.uri.path())
    }
}

/// What events say about a caller: the principal, and what permits the request.
#[derive(Debug, Default)]
pub(crate) struct Bearer {
    pub(crate) user: Option<Uuid>,
    pub(crate) service_principal: Option<Uuid>,
    pub(crate) client: Option<ClientId>,
    pub(crate) scope: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) uti: Option<String>,
    pub(crate) token: Option<String>,
    /// The name of the API key.
    pub(crate) key: Option<String>,
    /// The name of the client certificate.
    pub(crate) certificate: Option<String>,
}

impl Api {
    /// Returns the rejection with the tenant's challenge, or the common one without a tenant.
    pub(crate) fn rejection(&self, tenant: Option<TenantId>, refusal: Refusal) -> Rejection {
        Rejection { refusal, challenge: self.challenge(tenant) }
    }

    /// Records that a request was rejected.
    pub(crate) async fn reject(
        &self,
        head: RequestHead<'_>,
        (tenant, now): (TenantId, Instant),
        subject: Subject,
        bearer: Bearer,
        refusal: Refusal,
    ) -> Rejection {
        let Bearer { user, service_principal, client, scope, role, uti, token, key, certificate } = bearer;
        let (event, event_at) = refusal.revoked_by().unzip();
        let rejected = RequestRefused {
            user,
            service_principal,
            client,
            scope,
            role,
            uti,
            key,
            certificate,
            token: token.clone(),
            method: head.method.as_str().to_owned(),
            path: head.path().to_owned(),
            status: refusal.status().as_u16(),
            reason: refusal.reason().to_owned(),
            message: refusal.message(),
            event,
            event_at,
        };
        let event = Event::new(tenant, now, subject, head.trace, rejected).about(token);
        let recorded = self.chassis.journal.append(&event).await;
        self.rejection(Some(tenant), recorded.err().map_or(refusal, Refusal::from))
    }
}
