//! Someone who was let in, and what becomes of the request.

use axum::response::Response;
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::AccessClaims;
use serde_json::{Map, Value, json};

use crate::Permission;
use crate::api::Api;
use crate::gate::Knock;
use crate::refusal::Refusal;

/// What a route did for a caller: the answer, and what has to be written before it leaves.
pub(crate) struct Served {
    /// The answer.
    pub(crate) response: Response,
    /// How many orders are in it.
    pub(crate) orders: usize,
    /// What changes with it.
    pub(crate) change: Change,
}

/// A caller with a good token.
pub(crate) struct Caller<'a> {
    api: &'a Api,
    knock: Knock<'a>,
    claims: AccessClaims,
    fingerprint: String,
    now: Instant,
    needed: Permission,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(
        api: &'a Api,
        knock: Knock<'a>,
        (claims, fingerprint): (AccessClaims, String),
        now: Instant,
        needed: Permission,
    ) -> Self {
        Self { api, knock, claims, fingerprint, now, needed }
    }

    /// The tenant.
    pub(crate) const fn tenant(&self) -> TenantId {
        self.claims.tid
    }

    /// The tenant's time when the request came.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// The object id of the user or service principal.
    pub(crate) fn object_id(&self) -> String {
        self.claims.oid.to_string()
    }

    /// Whether the token allows what the request needs.
    pub(crate) fn may(&self) -> bool {
        self.needed.is_held_by(&self.claims)
    }

    /// What to say if it does not.
    pub(crate) fn forbidden(&self) -> Refusal {
        Refusal::Forbidden {
            needed: self.needed.named_for(&self.claims),
            app_only: self.claims.is_app_only(),
        }
    }

    /// Writes down what became of the request, together with its change, and then answers it.
    pub(crate) async fn conclude(&self, outcome: Result<Served, Refusal>) -> Response {
        let served = match outcome {
            Ok(served) => served,
            Err(refusal) => return self.refuse(refusal).await,
        };
        let mut told = self.told();
        told.extend(self.knock.told());
        told.insert("status".to_owned(), json!(served.response.status().as_u16()));
        told.insert("orders".to_owned(), json!(served.orders));
        let event = Event::new(self.tenant(), self.now, "request.accepted", self.subject(), self.knock.trace)
            .with(told)
            .about([&self.fingerprint]);
        let mut change = served.change;
        change.append(self.api.chassis.journal.entry(&event));
        match self.api.chassis.store.commit(change).await {
            Ok(()) => served.response,
            Err(error) => Refusal::from(error).answer(&self.api.challenge(Some(self.tenant()))),
        }
    }

    /// Writes down that the request was refused, and answers it.
    pub(crate) async fn refuse(&self, refusal: Refusal) -> Response {
        self.api.turn_away(self.knock, (self.tenant(), self.now), self.subject(), self.told(), &refusal).await
    }

    fn subject(&self) -> String {
        match self.claims.user() {
            Some(user) => format!("user:{user}"),
            None => format!("client:{}", self.claims.appid),
        }
    }

    /// Who it is and by which right, as the journal tells it; the token by its fingerprint and `uti`.
    fn told(&self) -> Map<String, Value> {
        let who = if self.claims.is_app_only() { "service_principal" } else { "user" };
        let right = if self.claims.is_app_only() { "role" } else { "scope" };
        Map::from_iter([
            (who.to_owned(), json!(self.claims.oid)),
            ("client".to_owned(), json!(self.claims.appid)),
            (right.to_owned(), json!(self.needed.named_for(&self.claims))),
            ("uti".to_owned(), json!(self.claims.uti)),
            ("token".to_owned(), json!(self.fingerprint)),
        ])
    }
}
