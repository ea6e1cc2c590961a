//! Authorized callers and the recording of their requests.

use axum::response::Response;
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::events::RequestAccepted;

use crate::Permission;
use crate::api::Api;
use crate::principal::Principal;
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
    principal: Principal,
    now: Instant,
    needed: Permission,
}

impl<'a> Caller<'a> {
    pub(crate) const fn new(
        api: &'a Api,
        head: RequestHead<'a>,
        principal: Principal,
        now: Instant,
        needed: Permission,
    ) -> Self {
        Self { api, head, principal, now, needed }
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.principal.tenant()
    }

    /// The tenant's time when the request arrived.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// What an order that the caller creates names as its creator.
    pub(crate) fn creator(&self) -> String {
        self.principal.creator()
    }

    /// Returns what precedes `/orders` in links for the caller.
    pub(crate) fn prefix(&self) -> &'static str {
        self.head.scheme().prefix()
    }

    /// Returns the caller, or rejects the request if the credential lacks the required permission.
    pub(crate) async fn check_permission(self) -> Result<Self, Rejection> {
        match &self.principal {
            Principal::Token { claims, .. } if !self.principal.holds(self.needed) => {
                let (needed, app_only) = (self.needed.named_for(claims), claims.is_app_only());
                Err(self.refuse(Refusal::Forbidden { needed, app_only }).await)
            }
            _ => Ok(self),
        }
    }

    /// Commits the change together with the journal event, then responds.
    pub(crate) async fn conclude(&self, outcome: Result<Served, Refusal>) -> Result<Response, Rejection> {
        let served = match outcome {
            Ok(served) => served,
            Err(refusal) => return Err(self.refuse(refusal).await),
        };
        let Bearer { user, service_principal, client, scope, role, uti, token, key, certificate } =
            self.principal.for_events(self.needed);
        let accepted = RequestAccepted {
            user,
            service_principal,
            client,
            scope,
            role,
            uti,
            key,
            certificate,
            token: token.clone(),
            method: self.head.method.as_str().to_owned(),
            path: self.head.path().to_owned(),
            status: served.response.status().as_u16(),
            orders: u64::try_from(served.orders).unwrap_or(u64::MAX),
        };
        let event = Event::new(self.tenant(), self.now, self.principal.subject(), self.head.trace, accepted)
            .about(token);
        let mut change = served.change;
        change.append(self.api.chassis.journal.entry(&event));
        let committed = self.api.chassis.store.commit(change).await;
        committed.map_err(|error| self.api.rejection(Some(self.tenant()), error.into()))?;
        Ok(served.response)
    }

    /// Records that the request was rejected.
    pub(crate) async fn refuse(&self, refusal: Refusal) -> Rejection {
        let (subject, bearer) = (self.principal.subject(), self.principal.for_events(self.needed));
        self.api.reject(self.head, (self.tenant(), self.now), subject, bearer, refusal).await
    }
}
