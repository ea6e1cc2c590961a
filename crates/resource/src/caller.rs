//! Authorized callers and the recording of their requests.

use axum::response::Response;
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::AccessClaims;
use outlive_wire::Subject;
use outlive_wire::events::RequestAccepted;

use crate::Permission;
use crate::api::Api;
use crate::refusal::Refusal;
use crate::rejection::{Bearer, Rejection, RequestHead};

/// The outcome of a route: the response, and the change to commit before it is sent.
pub(crate) struct Served {
    pub(crate) response: Response,
    /// The number of orders in the response.
    pub(crate) orders: usize,
    pub(crate) change: Change,
}

pub(crate) struct Caller<'a> {
    api: &'a Api,
    head: RequestHead<'a>,
    claims: AccessClaims,
    fingerprint: String,
    now: Instant,
    needed: Permission,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(
        api: &'a Api,
        head: RequestHead<'a>,
        (claims, fingerprint): (AccessClaims, String),
        now: Instant,
        needed: Permission,
    ) -> Self {
        Self { api, head, claims, fingerprint, now, needed }
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.claims.tid
    }

    /// The tenant's time when the request arrived.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// The object id of the user or service principal.
    pub(crate) fn object_id(&self) -> String {
        self.claims.oid.to_string()
    }

    /// Whether the token has the required permission.
    pub(crate) fn may(&self) -> bool {
        self.needed.is_held_by(&self.claims)
    }

    /// The refusal if it has not.
    pub(crate) fn forbidden(&self) -> Refusal {
        Refusal::Forbidden {
            needed: self.needed.named_for(&self.claims),
            app_only: self.claims.is_app_only(),
        }
    }

    /// Commits the change together with the journal event, then responds.
    pub(crate) async fn conclude(&self, outcome: Result<Served, Refusal>) -> Result<Response, Rejection> {
        let served = match outcome {
            Ok(served) => served,
            Err(refusal) => return Err(self.refuse(refusal).await),
        };
        let Bearer { user, service_principal, client, scope, role, uti, .. } = self.bearer();
        let accepted = RequestAccepted {
            user,
            service_principal,
            client,
            scope,
            role,
            uti,
            token: self.fingerprint.clone(),
            method: self.head.method.as_str().to_owned(),
            path: self.head.path().to_owned(),
            status: served.response.status().as_u16(),
            orders: u64::try_from(served.orders).unwrap_or(u64::MAX),
        };
        let event = Event::new(self.tenant(), self.now, self.subject(), self.head.trace, accepted)
            .about([&self.fingerprint]);
        let mut change = served.change;
        change.append(self.api.chassis.journal.entry(&event));
        let committed = self.api.chassis.store.commit(change).await;
        committed.map_err(|error| self.api.rejection(Some(self.tenant()), error.into()))?;
        Ok(served.response)
    }

    /// Records that the request was rejected.
    pub(crate) async fn refuse(&self, refusal: Refusal) -> Rejection {
        self.api.reject(self.head, (self.tenant(), self.now), self.subject(), self.bearer(), refusal).await
    }

    fn subject(&self) -> Subject {
        match self.claims.user() {
            Some(user) => Subject::user(user),
            None => Subject::client(self.claims.appid),
        }
    }

    fn bearer(&self) -> Bearer {
        let (user, service_principal) = (Some(self.claims.oid), None);
        let (scope, role) = (Some(self.needed.named_for(&self.claims).to_string()), None);
        let is_app_only = self.claims.is_app_only();
        Bearer {
            user: if is_app_only { service_principal } else { user },
            service_principal: if is_app_only { user } else { service_principal },
            client: Some(self.claims.appid),
            scope: if is_app_only { role.clone() } else { scope.clone() },
            role: if is_app_only { scope } else { role },
            uti: Some(self.claims.uti.clone()),
            token: Some(self.fingerprint.clone()),
        }
    }
}
