//! The caller of a request to Microsoft Graph, and the caller's permissions.

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use outlive_chassis::{CallerOrigin, Trace, record_client};
use outlive_clock::{Instant, Stream, UserId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{
    AccessClaims, BearerExpectations, BearerRefusal, Challenge, InitiatingEntity, bearer_token, peek_tenant,
};
use outlive_wire::events::Actor;
use outlive_wire::{JournalEvent, Subject};
use serde_json::Value;

use super::error::{Answer, GraphError, Result};
use super::evaluation::is_ended;
use super::odata::{EntityType, Options};
use super::path::UserName;
use super::permissions::{Permission, READ_ME, READ_USERS};
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
    pub(crate) parameters: Parameters,
    /// Whether the request has `ConsistencyLevel: eventual`, which some queries require.
    pub(crate) eventual: bool,
}

impl FromRequestParts<Idp> for Caller {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self> {
        let Ok(trace) = Trace::from_request_parts(parts, idp).await;
        let Ok(origin) = CallerOrigin::from_request_parts(parts, idp).await;
        let challenge = Challenge::new("", &format!("{origin}/common/oauth2/authorize"))
            .with_client_id(&GRAPH.to_string());
        let refuse =
            |refusal: BearerRefusal| GraphError::unauthorized(&refusal, refusal.www_authenticate(&challenge));
        let tenant = tenant_of(idp, &parts.headers).await?;
        let token = bearer_token(&parts.headers).map_err(refuse)?;
        if peek_tenant(token).is_none() {
            return Err(refuse(BearerRefusal::Malformed));
        }
        let tenant = tenant.ok_or_else(|| refuse(BearerRefusal::Issuer))?;
        let now = idp.now(tenant.id).await?;
        let audiences = [GRAPH_URI.to_owned(), format!("{GRAPH_URI}/"), GRAPH.to_string()];
        let expected = BearerExpectations { tenant: tenant.id, audiences: &audiences, now };
        let claims = idp.verifier.verify(&expected, token, &trace).await.map_err(refuse)?;
        record_client(claims.appid);
        let user = match claims.user() {
            None => None,
            Some(id) => idp.directory.user(tenant.id, id).await?,
        };
        if is_ended(&claims, user.as_ref()) {
            return Err(GraphError::revoked(challenge.no_older_than(now).to_header_value()));
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
pub(super) async fn instant_of_call(idp: &Idp, headers: &HeaderMap) -> Option<Instant> {
    let tenant = tenant_of(idp, headers).await.ok()??;
    idp.now(tenant.id).await.ok()
}

/// The tenant that the token of a request names, whether the token is valid or not.
async fn tenant_of(idp: &Idp, headers: &HeaderMap) -> Result<Option<Tenant>> {
    match bearer_token(headers).ok().and_then(peek_tenant) {
        Some(id) => Ok(idp.directory.tenant(id).await?),
        None => Ok(None),
    }
}

impl Caller {
    /// Whether the token has one of these permissions: as a scope of a user, or as an app role of
    /// an application.
    pub(crate) fn has(&self, permission: &Permission) -> bool {
        let app_only = self.claims.is_app_only();
        permission
            .sufficient()
            .any(|name| if app_only { self.claims.has_role(name) } else { self.claims.has_scope(name) })
    }

    /// Whether the caller has this permission.
    pub(crate) fn is_allowed(&self, permission: &Permission) -> bool {
        let role = match &self.user {
            Some(user) => permission.roles.is_empty() || user.has_role(permission.roles),
            None => self.claims.is_app_only(),
        };
        role && self.has(permission)
    }

    /// Whether the caller has this permission for a user's account. For the own account, no role is
    /// required.
    pub(crate) fn is_allowed_on(&self, target: &User, permission: &Permission) -> bool {
        self.is(target) && self.has(permission) || self.is_allowed(permission)
    }

    /// Returns an error if the caller does not have this permission.
    pub(crate) fn allowed(&self, permission: &Permission) -> Result<()> {
        require(self.is_allowed(permission))
    }

    pub(crate) fn is(&self, user: &User) -> bool {
        self.user.as_ref().is_some_and(|me| me.id == user.id)
    }

    /// The query options of a request for one object.
    pub(crate) fn entity_options(&self, kind: &'static EntityType) -> Result<Options> {
        Options::of_entity(&self.parameters, kind)
    }

    pub(crate) fn entity(&self, kind: &'static EntityType, object: &Value) -> Answer {
        Ok(self.entity_options(kind)?.entity(StatusCode::OK, object))
    }

    /// Whether the request is for the number of objects in a collection (`…/$count`).
    pub(crate) fn counts(&self) -> bool {
        self.path.ends_with("/$count")
    }

    /// Rejects a request for a number of objects that does not accept eventual consistency.
    pub(crate) fn check_eventual(&self) -> Result<()> {
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
    pub(crate) fn uncountable_options(&self, kind: &'static EntityType) -> Result<Options> {
        if self.parameters.get("$count").is_some() || self.counts() {
            return Err(GraphError::unsupported_query("Query option '$count' is not supported."));
        }
        self.countable_options(kind)
    }

    /// The query options of a collection.
    pub(crate) fn countable_options(&self, kind: &'static EntityType) -> Result<Options> {
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

    /// Commits a change together with the event that records it. Returns the status of a response
    /// without body.
    pub(crate) async fn commit(
        &self,
        change: impl Into<Change>,
        subject: Subject,
        event: impl Into<JournalEvent>,
    ) -> Result<StatusCode> {
        let mut change = change.into();
        change.append(self.entry(subject, event));
        self.idp.directory.commit(self.tenant.id, change).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// Commits a change to a user, together with the event that records it and the security events
    /// for APIs that it results in.
    pub(crate) async fn commit_user(
        &self,
        (before, after): (&User, &User),
        mut change: Change,
        event: impl Into<JournalEvent>,
    ) -> Result<StatusCode> {
        change.add(after.update(before));
        let by = InitiatingEntity::Admin;
        let pending = queue_event(&self.idp, (before, after), by, self.now, &self.trace, &mut change).await?;
        let status = self.commit(change, Subject::user(after.id), event).await?;
        pending.deliver().await;
        Ok(status)
    }

    /// A labelled stream of the tenant's randomness.
    pub(crate) fn stream(&self, label: &'static str) -> Stream {
        self.idp.chassis.random.of(self.tenant.id).stream(label)
    }

    /// Whether the caller may reset this user's password: that of a user with a directory role
    /// requires a privileged role ("Update user").
    pub(crate) fn outranks(&self, target: &User) -> bool {
        const OF_EVERYBODY: [&str; 2] = ["Global Administrator", "Privileged Authentication Administrator"];
        target.directory_roles.is_empty()
            || self.user.as_ref().is_none_or(|caller| caller.has_role(&OF_EVERYBODY))
    }

    /// Returns the user with this id or user principal name.
    pub(crate) async fn target(&self, id: &str) -> Result<User> {
        let found = match id.parse::<UserId>() {
            Ok(id) => self.idp.directory.user(self.tenant.id, id).await?,
            Err(_) => self.idp.directory.user_by_upn(self.tenant.id, id).await?,
        };
        found.filter(|user| user.deleted_at.is_none()).ok_or_else(|| GraphError::not_found(id))
    }

    pub(crate) fn me(&self) -> Result<&User> {
        let user = self.user.as_ref().ok_or_else(|| {
            GraphError::bad_request("/me request is only valid with delegated authentication flow.")
        })?;
        // The token can still be valid when its user was deleted.
        if user.deleted_at.is_some() { Err(GraphError::not_found(user.id)) } else { Ok(user) }
    }

    pub(crate) async fn user(&self, name: &UserName) -> Result<User> {
        match name {
            UserName::Me => self.me().cloned(),
            UserName::Named(id) => self.target(id).await,
        }
    }

    /// Returns the user in the path, if the caller may read it.
    pub(crate) async fn readable_user(&self, name: &UserName) -> Result<User> {
        let user = self.user(name).await?;
        self.allowed(if self.is(&user) { &READ_ME } else { &READ_USERS })?;
        Ok(user)
    }
}

/// Returns an error if a required permission is absent.
pub(super) fn require(allowed: bool) -> Result<()> {
    if allowed { Ok(()) } else { Err(GraphError::denied()) }
}
