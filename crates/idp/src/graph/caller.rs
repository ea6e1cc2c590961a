//! The caller of a request to Microsoft Graph, and the caller's permissions.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use outlive_chassis::{CallerOrigin, Trace, record_client};
use outlive_clock::{Instant, UserId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{
    AccessClaims, BearerExpectations, BearerRefusal, Challenge, InitiatingEntity, bearer_token, peek_tenant,
};
use outlive_wire::events::Actor;
use outlive_wire::{JournalEvent, Subject};

use super::error::GraphError;
use super::evaluation::is_ended;
use super::odata::{EntityType, Options};
use super::permissions::Permission;
use crate::directory::platform::{GRAPH, GRAPH_URI};
use crate::directory::{Tenant, User};
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::security_events::queue_event;

/// A caller with a valid access token for Microsoft Graph.
pub(crate) struct Caller {
    pub(crate) idp: Idp,
    pub(crate) tenant: Tenant,
    pub(crate) claims: AccessClaims,
    pub(crate) now: Instant,
    pub(crate) trace: Trace,
    /// The signed-in user; none if an application calls for itself.
    pub(crate) user: Option<User>,
    /// The origin and the path of the request, for links to the next page.
    pub(crate) origin: CallerOrigin,
    pub(crate) path: String,
    /// The query.
    pub(crate) parameters: Parameters,
    /// Whether the request has `ConsistencyLevel: eventual`, which some queries require.
    pub(crate) eventual: bool,
}

impl FromRequestParts<Idp> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self, Response> {
        let Ok(trace) = Trace::from_request_parts(parts, idp).await;
        let Ok(origin) = CallerOrigin::from_request_parts(parts, idp).await;
        let challenge = Challenge::new("", &format!("{origin}/common/oauth2/authorize"))
            .with_client_id(&GRAPH.to_string());
        let tenant = tenant_of(idp, &parts.headers).await.map_err(|error| error.answer(&trace, None))?;
        // Also an invalid token names a tenant, whose clock the error shows.
        let now = match &tenant {
            Some(tenant) => Some(now(idp, tenant).await.map_err(|error| error.answer(&trace, None))?),
            None => None,
        };
        let refuse = |refusal: BearerRefusal| {
            GraphError::unauthorized(&refusal, refusal.www_authenticate(&challenge)).answer(&trace, now)
        };
        let token = bearer_token(&parts.headers).map_err(refuse)?;
        if peek_tenant(token).is_none() {
            return Err(refuse(BearerRefusal::Malformed));
        }
        let (Some(tenant), Some(now)) = (tenant, now) else { return Err(refuse(BearerRefusal::Issuer)) };
        let audiences = [GRAPH_URI.to_owned(), format!("{GRAPH_URI}/"), GRAPH.to_string()];
        let expected = BearerExpectations { tenant: tenant.id, audiences: &audiences, now };
        let claims = idp.verifier.verify(&expected, token, &trace).await.map_err(refuse)?;
        record_client(claims.appid);
        let user = match claims.user() {
            None => None,
            Some(id) => {
                let user = idp.directory.user(tenant.id, id).await;
                user.map_err(|error| GraphError::from(error).answer(&trace, Some(now)))?
            }
        };
        if is_ended(&claims, user.as_ref()) {
            let challenge = challenge.no_older_than(now).to_header_value();
            return Err(GraphError::revoked(challenge).answer(&trace, Some(now)));
        }
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, idp).await;
        let parameters = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
        let path = uri.path().to_owned();
        let level = parts.headers.get("consistencylevel").map(HeaderValue::as_bytes);
        let eventual = level.is_some_and(|level| level.eq_ignore_ascii_case(b"eventual"));
        Ok(Self { idp: idp.clone(), tenant, claims, now, trace, user, origin, path, parameters, eventual })
    }
}

/// The virtual time for an error: that of the tenant that the token names, whether the token is
/// valid or not.
pub(crate) async fn instant_of_call(idp: &Idp, headers: &HeaderMap) -> Option<Instant> {
    let tenant = tenant_of(idp, headers).await.ok()??;
    now(idp, &tenant).await.ok()
}

async fn now(idp: &Idp, tenant: &Tenant) -> Result<Instant, GraphError> {
    Ok(idp.now(tenant.id).await?)
}

/// The tenant that the token of a request names, whether the token is valid or not.
async fn tenant_of(idp: &Idp, headers: &HeaderMap) -> Result<Option<Tenant>, GraphError> {
    match bearer_token(headers).ok().and_then(peek_tenant) {
        Some(id) => Ok(idp.directory.tenant(id).await?),
        None => Ok(None),
    }
}

impl Caller {
    /// Whether the caller has one of these permissions: as a scope of a user, or as an app role of
    /// an application.
    pub(crate) fn may(&self, permissions: &[&str]) -> bool {
        let app_only = self.claims.is_app_only();
        permissions.iter().any(|permission| {
            if app_only { self.claims.has_role(permission) } else { self.claims.has_scope(permission) }
        })
    }

    /// Whether the caller has this permission.
    pub(crate) fn is_allowed(&self, permission: &Permission) -> bool {
        let role = match &self.user {
            Some(user) => permission.roles.is_empty() || user.has_role(permission.roles),
            None => self.claims.is_app_only(),
        };
        role && self.may(permission.any_of)
    }

    /// Returns an error if the caller does not have this permission.
    pub(crate) fn allowed(&self, permission: &Permission) -> Result<(), GraphError> {
        if self.is_allowed(permission) { Ok(()) } else { Err(GraphError::denied()) }
    }

    /// The query options of a request for one object.
    pub(crate) fn entity_options(&self, kind: &EntityType) -> Result<Options, GraphError> {
        Options::of_entity(&self.parameters, kind)
    }

    /// Whether the request is for the number of objects in a collection (`…/$count`).
    pub(crate) fn counts(&self) -> bool {
        self.path.ends_with("/$count")
    }

    /// Rejects a request for a number of objects that does not accept eventual consistency.
    pub(crate) fn check_eventual(&self) -> Result<(), GraphError> {
        if self.eventual {
            return Ok(());
        }
        // As observed in December 2025.
        Err(GraphError::unsupported_query(
            "Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to \
             https://aka.ms/graph-docs/advanced-queries for more information",
        ))
    }

    /// The query options of a collection that cannot be counted.
    pub(crate) fn uncountable_options(&self, kind: &EntityType) -> Result<Options, GraphError> {
        if self.parameters.get("$count").is_some() || self.counts() {
            return Err(GraphError::unsupported_query("Query option '$count' is not supported."));
        }
        self.countable_options(kind)
    }

    /// The query options of a collection.
    pub(crate) fn countable_options(&self, kind: &EntityType) -> Result<Options, GraphError> {
        Options::of_collection(&self.parameters, kind, self.tenant.id, &self.idp.chassis.sealer)
    }

    /// The caller as events name it.
    pub(crate) fn actor(&self) -> Option<Actor> {
        let AccessClaims { oid, appid, .. } = &self.claims;
        Some(Actor { by: *oid, by_client: *appid, by_application: self.claims.is_app_only() })
    }

    /// Returns the change that records an event.
    pub(crate) fn entry(&self, subject: Subject, event: impl Into<JournalEvent>) -> Change {
        let event = Event::new(self.tenant.id, self.now, subject, &self.trace, event);
        self.idp.chassis.journal.entry(&event)
    }

    /// Commits a change together with the event that records it.
    pub(crate) async fn commit(
        &self,
        mut change: Change,
        subject: Subject,
        event: impl Into<JournalEvent>,
    ) -> Result<(), GraphError> {
        change.append(self.entry(subject, event));
        Ok(self.idp.directory.commit(self.tenant.id, change).await?)
    }

    /// Commits a change to a user, together with the event that records it and the security events
    /// for APIs that it results in.
    pub(crate) async fn commit_user(
        &self,
        (before, after): (&User, &User),
        mut change: Change,
        event: impl Into<JournalEvent>,
    ) -> Result<(), GraphError> {
        let by = InitiatingEntity::Admin;
        let pending = queue_event(&self.idp, (before, after), by, self.now, &self.trace, &mut change).await?;
        self.commit(change, Subject::user(after.id), event).await?;
        pending.deliver().await;
        Ok(())
    }

    /// Whether the caller may act on this user's credentials: its own user's, or another's with a
    /// directory role.
    pub(crate) fn may_act_on(&self, target: &User, permissions: &[&str]) -> bool {
        let role = match &self.user {
            None => self.claims.is_app_only(),
            Some(user) => user.id == target.id || user.is_user_administrator(),
        };
        role && self.may(permissions)
    }

    /// Whether the caller may administer accounts: an application, or a user with a directory role.
    pub(crate) fn may_administer(&self, permissions: &[&str]) -> bool {
        let role = self.user.as_ref().map_or(self.claims.is_app_only(), User::is_user_administrator);
        role && self.may(permissions)
    }

    /// Whether the caller may reset this user's password: that of a user with a directory role
    /// requires a privileged role ("Update user").
    pub(crate) fn outranks(&self, target: &User) -> bool {
        const OF_EVERYBODY: [&str; 2] = ["Global Administrator", "Privileged Authentication Administrator"];
        target.directory_roles.is_empty()
            || self.user.as_ref().is_none_or(|caller| caller.has_role(&OF_EVERYBODY))
    }

    /// Returns the user with this id or user principal name.
    pub(crate) async fn target(&self, id: &str) -> Result<User, GraphError> {
        let found = match id.parse::<UserId>() {
            Ok(id) => self.idp.directory.user(self.tenant.id, id).await?,
            Err(_) => self.idp.directory.user_by_upn(self.tenant.id, id).await?,
        };
        found.filter(|user| user.deleted_at.is_none()).ok_or_else(|| GraphError::not_found(id))
    }

    /// Returns the signed-in user.
    pub(crate) fn me(&self) -> Result<&User, GraphError> {
        let user = self.user.as_ref().ok_or_else(|| {
            GraphError::bad_request("/me request is only valid with delegated authentication flow.")
        })?;
        // The token can still be valid when its user was deleted.
        if user.deleted_at.is_some() { Err(GraphError::not_found(user.id)) } else { Ok(user) }
    }

    /// Returns the response, or that of the error.
    pub(crate) fn answer(&self, result: Result<Response, GraphError>) -> Response {
        result.unwrap_or_else(|error| error.answer(&self.trace, Some(self.now)))
    }
}
