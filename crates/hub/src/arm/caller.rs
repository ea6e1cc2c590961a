//! Authenticates callers by bearer token.

use http::{HeaderMap, StatusCode};
use outlive_chassis::{ClockError, Trace, record_client};
use outlive_clock::{Instant, TenantId};
use outlive_tokens::{AccessClaims, BearerExpectations, BearerRefusal, Challenge, bearer_token, peek_tenant};
use uuid::Uuid;

use super::ArmRefusal;
use crate::Hub;

/// The audiences that caller tokens can have.
const AUDIENCES: [&str; 3] =
    ["https://apihub.azure.com", "https://apihub.azure.com/", "fe053c5f-3692-4f14-aef2-ee34fc081cae"];
/// The scope that a user's token requires.
const SCOPE: &str = "user_impersonation";
/// The app role of an application that runs flows for their owners.
const FLOWS_ROLE: &str = "Flows.Act";

/// A caller with a valid token for the hub.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    /// The object id of the user or service principal.
    pub(crate) oid: Uuid,
    pub(crate) kind: CallerKind,
    /// The tenant's time when the token was verified.
    pub(crate) now: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// A user, with a delegated token.
    User,
    /// An application, with an app-only token.
    App {
        /// Whether it has the role `Flows.Act`.
        acts_for_flows: bool,
    },
}

impl Caller {
    /// Whether the caller is an application that acts for flows.
    pub(crate) fn acts_for_flows(&self) -> bool {
        self.kind == CallerKind::App { acts_for_flows: true }
    }

    pub(crate) fn is_user(&self) -> bool {
        self.kind == CallerKind::User
    }
}

/// Verifies the bearer token of a request by the clock of the tenant that issued it. The caller of
/// this function compares that tenant with the tenant of the request.
pub(crate) async fn authenticate(
    hub: &Hub,
    headers: &HeaderMap,
    trace: &Trace,
) -> Result<Caller, ArmRefusal> {
    let token = bearer_token(headers);
    let tenant = token.as_ref().ok().copied().and_then(peek_tenant);
    let refuse = |refusal: &BearerRefusal| {
        let authority = tenant.map_or_else(|| "common".to_owned(), |tenant| tenant.to_string());
        let origin = hub.config.idp_public_url.as_str().trim_end_matches('/');
        let challenge = Challenge::new("", &format!("{origin}/{authority}/oauth2/authorize"));
        let message = format!("Authentication failed: {refusal}.");
        ArmRefusal::unauthenticated(refusal.status(), message, refusal.www_authenticate(&challenge))
    };
    let token = token.map_err(|refusal| refuse(&refusal))?;
    let tenant = tenant.ok_or_else(|| refuse(&BearerRefusal::Malformed))?;
    let now = match hub.chassis.clocks.now(tenant).await {
        Ok(now) => now,
        Err(ClockError::UnknownTenant(_)) => return Err(refuse(&BearerRefusal::Issuer)),
        Err(error) => return Err(error.into()),
    };
    let expected = BearerExpectations { tenant, audiences: &AUDIENCES, now };
    let claims = hub.verifier.verify(&expected, token, trace).await.map_err(|refusal| refuse(&refusal))?;
    record_client(claims.appid);
    let kind = kind_of(&claims)?;
    Ok(Caller { tenant, oid: claims.oid, kind, now })
}

fn kind_of(claims: &AccessClaims) -> Result<CallerKind, ArmRefusal> {
    if claims.is_app_only() {
        return Ok(CallerKind::App { acts_for_flows: claims.has_role(FLOWS_ROLE) });
    }
    if claims.has_scope(SCOPE) {
        return Ok(CallerKind::User);
    }
    Err(ArmRefusal::new(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!("The access token does not have the scope '{SCOPE}'."),
    ))
}
