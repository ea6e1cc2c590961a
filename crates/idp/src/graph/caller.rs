//! Who calls, and what they may.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use outlive_chassis::{CallerOrigin, Trace};
use outlive_clock::{Instant, UserId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{
    AccessClaims, BearerExpectations, BearerRefusal, Challenge, InitiatingEntity, peek_tenant,
};

use super::error::GraphError;
use super::evaluation::is_ended;
use super::odata::{EntityType, Options};
use super::permissions::Permission;
use crate::directory::platform::{GRAPH, GRAPH_URI};
use crate::directory::{Tenant, User};
use crate::form::Parameters;
use crate::idp::Idp;
use crate::security_events::queue_event;

/// A caller with a valid token for Graph.
pub(crate) struct Caller {
    pub(crate) idp: Idp,
    pub(crate) tenant: Tenant,
    pub(crate) claims: AccessClaims,
    pub(crate) now: Instant,
    pub(crate) trace: Trace,
    /// The user on whose behalf the call is made; nobody for an application by itself.
    pub(crate) user: Option<User>,
    /// The origin by which the call came, and its whole path: what links to the next page are made of.
    pub(crate) origin: CallerOrigin,
    pub(crate) path: String,
    /// The query.
    pub(crate) parameters: Parameters,
    /// Whether the call has `ConsistencyLevel: eventual`, which some queries need.
    pub(crate) eventual: bool,
}

impl FromRequestParts<Idp> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self, Response> {
        let Ok(trace) = Trace::from_request_parts(parts, idp).await;
        let Ok(origin) = CallerOrigin::from_request_parts(parts, idp).await;
        let token = bearer(&parts.headers);
        let challenge = Challenge::new("", &format!("{origin}/common/oauth2/authorize"))
            .with_client_id(&GRAPH.to_string());
        let tenant = tenant_of(idp, &parts.headers).await.map_err(|error| error.answer(&trace, None))?;
        // A token that is not good still names the tenant by whose clock it was refused.
        let now = match &tenant {
            Some(tenant) => Some(now(idp, tenant).await.map_err(|error| error.answer(&trace, None))?),
            None => None,
        };
        let refuse = |refusal: BearerRefusal| {
            GraphError::unauthorized(&refusal, refusal.www_authenticate(&challenge)).answer(&trace, now)
        };
        let token = token.ok_or_else(|| refuse(BearerRefusal::Missing))?;
        if peek_tenant(token).is_none() {
            return Err(refuse(BearerRefusal::Malformed));
        }
        let (Some(tenant), Some(now)) = (tenant, now) else { return Err(refuse(BearerRefusal::Issuer)) };
        let audiences = [GRAPH_URI.to_owned(), format!("{GRAPH_URI}/"), GRAPH.to_string()];
        let expected = BearerExpectations { tenant: tenant.id, audiences: &audiences, now };
        let claims = idp.verifier.verify(&expected, token, &trace).await.map_err(refuse)?;
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

/// The tenant's time as an error of Graph has it: that of the tenant that the call's token names,
/// valid or not.
pub(crate) async fn instant_of_call(idp: &Idp, headers: &HeaderMap) -> Option<Instant> {
    let tenant = tenant_of(idp, headers).await.ok()??;
    now(idp, &tenant).await.ok()
}

async fn now(idp: &Idp, tenant: &Tenant) -> Result<Instant, GraphError> {
    Ok(idp.now(tenant.id).await?)
}

/// The tenant that a call's token names, whether the token is valid or not.
async fn tenant_of(idp: &Idp, headers: &HeaderMap) -> Result<Option<Tenant>, GraphError> {
    match bearer(headers).and_then(peek_tenant) {
        Some(id) => Ok(idp.directory.tenant(id).await?),
        None => Ok(None),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Caller {
    /// The caller holds one of these permissions: as a scope for a user, as an app role for itself.
    pub(crate) fn may(&self, permissions: &[&str]) -> bool {
        let app_only = self.claims.is_app_only();
        permissions.iter().any(|permission| {
            if app_only { self.claims.has_role(permission) } else { self.claims.has_scope(permission) }
        })
    }

    /// The caller may do what asks for this permission.
    pub(crate) fn is_allowed(&self, permission: &Permission) -> bool {
        let role = match &self.user {
            Some(user) => permission.roles.is_empty() || user.has_role(permission.roles),
            None => self.claims.is_app_only(),
        };
        role && self.may(permission.any_of)
    }

    /// The same, as an error if not.
    pub(crate) fn allowed(&self, permission: &Permission) -> Result<(), GraphError> {
        if self.is_allowed(permission) { Ok(()) } else { Err(GraphError::denied()) }
    }

    /// The query options of a call for one object.
    pub(crate) fn entity_options(&self, kind: &EntityType) -> Result<Options, GraphError> {
        Options::of_entity(&self.parameters, kind)
    }

    /// Whether the call is for the number of objects in a collection (`…/$count`).
    pub(crate) fn counts(&self) -> bool {
        self.path.ends_with("/$count")
    }

    /// Rejects a call for a number that does not accept eventual consistency.
    pub(crate) fn check_eventual(&self) -> Result<(), GraphError> {
        if self.eventual {
            return Ok(());
        }
        // As a capture of 2025-12 has it.
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

    /// The journal line that says who made a change.
    pub(crate) fn entry(&self, kind: &'static str, subject: String, mut data: serde_json::Value) -> Change {
        data["by"] = serde_json::json!(self.claims.oid);
        data["by_client"] = serde_json::json!(self.claims.appid);
        data["by_application"] = serde_json::json!(self.claims.is_app_only());
        let event = Event::new(self.tenant.id, self.now, kind, subject, &self.trace).with(data);
        self.idp.chassis.journal.entry(&event)
    }

    /// Commits a change together with the journal line that says who made it.
    pub(crate) async fn commit(
        &self,
        mut change: Change,
        kind: &'static str,
        subject: String,
        data: serde_json::Value,
    ) -> Result<(), GraphError> {
        change.append(self.entry(kind, subject, data));
        Ok(self.idp.directory.commit(self.tenant.id, change).await?)
    }

    /// The same of a change to a user, of which APIs may have to be told.
    pub(crate) async fn commit_user(
        &self,
        (before, after): (&User, &User),
        mut change: Change,
        kind: &'static str,
    ) -> Result<(), GraphError> {
        let by = InitiatingEntity::Admin;
        let delivery =
            queue_event(&self.idp, (before, after), by, self.now, &self.trace, &mut change).await?;
        let subject = format!("user:{}", after.id);
        self.commit(change, kind, subject, serde_json::json!({"upn": after.upn})).await?;
        delivery.deliver().await;
        Ok(())
    }

    /// The caller may act on this user's credentials with these permissions: its own user, or another with a directory role.
    pub(crate) fn may_act_on(&self, target: &User, permissions: &[&str]) -> bool {
        let role = match &self.user {
            None => self.claims.is_app_only(),
            Some(user) => user.id == target.id || user.is_user_administrator(),
        };
        role && self.may(permissions)
    }

    /// The caller may administer accounts with these permissions: an application, or a user with a directory role.
    pub(crate) fn may_administer(&self, permissions: &[&str]) -> bool {
        let role = self.user.as_ref().map_or(self.claims.is_app_only(), User::is_user_administrator);
        role && self.may(permissions)
    }

    /// The caller may give this user another password: of who has a directory role not everybody may ("Update user").
    pub(crate) fn outranks(&self, target: &User) -> bool {
        const OF_EVERYBODY: [&str; 2] = ["Global Administrator", "Privileged Authentication Administrator"];
        target.directory_roles.is_empty()
            || self.user.as_ref().is_none_or(|caller| caller.has_role(&OF_EVERYBODY))
    }

    /// The user named by id or sign-in name.
    pub(crate) async fn target(&self, id: &str) -> Result<User, GraphError> {
        let found = match id.parse::<UserId>() {
            Ok(id) => self.idp.directory.user(self.tenant.id, id).await?,
            Err(_) => self.idp.directory.user_by_upn(self.tenant.id, id).await?,
        };
        found.filter(|user| user.deleted_at.is_none()).ok_or_else(|| GraphError::not_found(id))
    }

    /// The user on whose behalf the call is made.
    pub(crate) fn me(&self) -> Result<&User, GraphError> {
        let user = self.user.as_ref().ok_or_else(|| {
            GraphError::bad_request("/me request is only valid with delegated authentication flow.")
        })?;
        // A token outlives the account it was issued for; the account is gone all the same.
        if user.deleted_at.is_some() { Err(GraphError::not_found(user.id)) } else { Ok(user) }
    }

    /// Writes a result, or the error.
    pub(crate) fn answer(&self, result: Result<Response, GraphError>) -> Response {
        result.unwrap_or_else(|error| error.answer(&self.trace, Some(self.now)))
    }
}
