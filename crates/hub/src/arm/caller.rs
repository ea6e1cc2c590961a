//! Authenticates callers by bearer token.

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use outlive_chassis::{ClockError, Trace, record_client};
use outlive_clock::{Instant, TenantId};
use outlive_tokens::{
    AccessClaims, BearerExpectations, BearerRefusal, Challenge, Secret, bearer_token, peek_audience,
    peek_tenant,
};
use uuid::Uuid;

use super::ArmRefusal;
use crate::Hub;
use crate::connection::american_date;

/// The maximum length of a token's audience in an error, in characters.
const AUDIENCE_CHARS_MAX: usize = 200;
/// The audiences that caller tokens can have.
const AUDIENCES: [&str; 3] =
    ["https://apihub.azure.com", "https://apihub.azure.com/", "fe053c5f-3692-4f14-aef2-ee34fc081cae"];
/// The scope that a user's token requires.
const SCOPE: &str = "user_impersonation";
/// The app role of an application that runs flows for their owners.
const FLOWS_ROLE: &str = "Flows.Act";
/// The template of the directory role that manages what belongs to the tenant.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A caller with a valid token for the hub.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    /// The object id of the user or service principal.
    pub(crate) oid: Uuid,
    pub(crate) kind: CallerKind,
    /// The tenant's time when the token was verified.
    pub(crate) now: Instant,
    /// The user principal name of a user.
    pub(crate) account: Option<String>,
    /// The token.
    pub(crate) token: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// A user, with a delegated token.
    User {
        /// Whether it is an administrator of the tenant.
        is_administrator: bool,
    },
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
        matches!(self.kind, CallerKind::User { .. })
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.kind == CallerKind::User { is_administrator: true }
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
        let challenge = challenge(hub, tenant);
        let (code, message) = described(refusal, headers, token.as_ref().ok().copied());
        let refused = refusal.www_authenticate(&challenge);
        ArmRefusal::unauthenticated(refusal.status(), code, message, refused)
    };
    let token = token.as_ref().copied().map_err(&refuse)?;
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
    Ok(Caller { tenant, oid: claims.oid, kind, now, account: claims.upn, token: Secret::new(token) })
}

fn kind_of(claims: &AccessClaims) -> Result<CallerKind, ArmRefusal> {
    if claims.is_app_only() {
        return Ok(CallerKind::App { acts_for_flows: claims.has_role(FLOWS_ROLE) });
    }
    if claims.has_scope(SCOPE) {
        let is_administrator = claims.wids.iter().any(|role| role == GLOBAL_ADMINISTRATOR);
        return Ok(CallerKind::User { is_administrator });
    }
    Err(ArmRefusal::new(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!("The access token does not have the scope '{SCOPE}'."),
    ))
}

/// The challenge of this tenant's issuer, or of any tenant's.
fn challenge(hub: &Hub, tenant: Option<TenantId>) -> Challenge {
    let authority = tenant.map_or_else(|| "common".to_owned(), |tenant| tenant.to_string());
    let origin = hub.config.idp_public_url.as_str().trim_end_matches('/');
    Challenge::new("", &format!("{origin}/{authority}/oauth2/authorize"))
}

/// Returns the error code and message of a rejected token, as the resource manager words them.
fn described(refusal: &BearerRefusal, headers: &HeaderMap, token: Option<&str>) -> (&'static str, String) {
    match refusal {
        BearerRefusal::Missing if headers.contains_key(AUTHORIZATION) => (
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.".to_owned(),
        ),
        BearerRefusal::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.".to_owned(),
        ),
        BearerRefusal::Expired { exp, now } => (
            "ExpiredAuthenticationToken",
            format!(
                "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                american_date(*exp),
                american_date(*now)
            ),
        ),
        BearerRefusal::Audience => {
            let audience = token.and_then(peek_audience).unwrap_or_default();
            let audience: String = audience.chars().take(AUDIENCE_CHARS_MAX).collect();
            let allowed = AUDIENCES.join("','");
            let message = format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly \
                 match with one of the allowed audiences '{allowed}'."
            );
            ("InvalidAuthenticationTokenAudience", message)
        }
        BearerRefusal::KeysUnavailable => {
            ("ServiceUnavailable", format!("Authentication failed: {refusal}."))
        }
        other => ("InvalidAuthenticationToken", format!("The access token is invalid: {other}.")),
    }
}

/// 401: the token is of another tenant than the subscription.
pub(super) fn wrong_tenant(hub: &Hub, given: TenantId, expected: TenantId) -> ArmRefusal {
    let origin = hub.config.idp_public_url.as_str().trim_end_matches('/');
    let message = format!(
        "The access token is from the wrong issuer 'https://sts.windows.net/{given}/'. It must match the tenant \
         'https://sts.windows.net/{expected}/' associated with this subscription. Please use the authority (URL) \
         '{origin}/{expected}' to get the token."
    );
    let refused = BearerRefusal::Tenant { expected }.www_authenticate(&challenge(hub, Some(expected)));
    ArmRefusal::unauthenticated(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationTokenTenant",
        message,
        refused,
    )
}
