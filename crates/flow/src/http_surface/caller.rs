//! Authenticates callers: a user with a token for this service, in the environment of their own
//! tenant.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use outlive_chassis::{CallerOrigin, ClockError, Problem, Trace, record_client};
use outlive_clock::{Instant, TenantId, UserId};
use outlive_tokens::{BearerExpectations, BearerRefusal, Challenge, bearer_token, peek_tenant};

use crate::ids::{environment_name, tenant_of_environment};
use crate::service::{Actor, Flows};

/// The audience of caller tokens.
pub(crate) const AUDIENCE: &str = "https://service.flow.microsoft.com/";

const SCOPE: &str = "User";
/// The templates of the directory roles that manage flows: Global Administrator and Power Platform
/// Administrator.
const ADMINISTRATORS: [&str; 2] =
    ["62e90394-69f5-4237-9190-012177145e10", "11648597-926c-4cf3-9c36-bcebb0ba8dcc"];
pub(super) const API_VERSION: &str = "2016-11-01";

/// An authenticated caller, in the environment of the path.
pub(super) struct Caller {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    /// The sign-in name and the display name; empty if the token does not contain them.
    address: String,
    display_name: String,
    is_administrator: bool,
    pub(super) environment: String,
    /// The origin at which the caller reached the service, for links.
    pub(super) origin: CallerOrigin,
    /// The address from which the caller calls.
    pub(super) address_of_client: IpAddr,
    pub(super) trace: Trace,
    /// The tenant's time at the request.
    pub(super) now: Instant,
}

/// An authenticated caller who is an administrator of the tenant.
pub(super) struct Administrator(pub(super) Caller);

impl FromRequestParts<Arc<Flows>> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, flows: &Arc<Flows>) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, flows).await?;
        if caller.is_administrator {
            return Ok(Self(caller));
        }
        let message =
            "Only a Global Administrator or Power Platform Administrator can manage flows of others.";
        Err(Problem::new(StatusCode::FORBIDDEN, "Forbidden", message).into())
    }
}

/// The error for a caller who is not authenticated, with a challenge, or not authorized.
pub(super) struct Refusal {
    problem: Problem,
    challenge: Option<HeaderValue>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.challenge.map(|challenge| [(WWW_AUTHENTICATE, challenge)]), self.problem).into_response()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, challenge: None }
    }
}

impl Refusal {
    /// A token is missing or not valid.
    pub(super) fn unauthorized(flows: &Flows, tenant: &str, refusal: &BearerRefusal) -> Self {
        unauthorized(flows, tenant, refusal)
    }

    /// Adds a challenge to an error with the status 401.
    pub(super) fn challenged(flows: &Flows, tenant: &str, problem: Problem) -> Self {
        let is_unauthorized = problem.status == StatusCode::UNAUTHORIZED;
        let challenge = is_unauthorized.then(|| challenge(flows, tenant, &BearerRefusal::Missing));
        Self { problem, challenge }
    }
}

impl Caller {
    pub(super) fn actor(&self) -> Actor<'_> {
        Actor {
            tenant: self.tenant,
            user: self.user,
            address: &self.address,
            display_name: &self.display_name,
            trace: &self.trace,
            now: self.now,
        }
    }
}

impl FromRequestParts<Arc<Flows>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, flows: &Arc<Flows>) -> Result<Self, Refusal> {
        // Both extensions are always present.
        let Ok(trace) = Trace::from_request_parts(parts, flows).await;
        let Ok(origin) = CallerOrigin::from_request_parts(parts, flows).await;
        let token = bearer_token(&parts.headers)
            .and_then(|token| Ok((token, peek_tenant(token).ok_or(BearerRefusal::Malformed)?)));
        let (token, tenant) = token.map_err(|refusal| unauthorized(flows, "common", &refusal))?;
        let time = match flows.chassis.clocks.reading(tenant).await {
            Ok(time) => time,
            Err(ClockError::UnknownTenant(_)) => {
                return Err(unauthorized(flows, "common", &BearerRefusal::Issuer));
            }
            Err(error) => return Err(Problem::from(error).into()),
        };
        let now = time.now;
        let expected = BearerExpectations { tenant, audiences: &[AUDIENCE], now };
        let claims = flows
            .verifier
            .verify(&expected, token, &trace)
            .await
            .map_err(|refusal| unauthorized(flows, &tenant.to_string(), &refusal))?;
        record_client(claims.appid);
        let forbidden =
            |message: String| Refusal::from(Problem::new(StatusCode::FORBIDDEN, "Forbidden", message));
        let user = claims.user().filter(|_| claims.has_scope(SCOPE));
        let user = user.ok_or_else(|| {
            forbidden(format!("The token must be a delegated token with the scope '{SCOPE}'."))
        })?;
        let environment = environment_of(parts, flows).await;
        let of_path = tenant_of_environment(&environment).ok_or_else(|| {
            Problem::not_found(
                "EnvironmentNotFound",
                "The environment does not exist; the environment of a tenant is named Default-<tenant id>.",
            )
        })?;
        if of_path != tenant {
            return Err(forbidden(format!(
                "The environment does not belong to tenant {tenant}, which issued the token."
            )));
        }
        check_version(parts.uri.query().unwrap_or_default())?;
        let trace = flows.chassis.carry_time(trace, tenant, time);
        let environment = environment_name(tenant);
        let (address, display_name) = (claims.upn.unwrap_or_default(), claims.name.unwrap_or_default());
        let is_administrator = claims.wids.iter().any(|role| ADMINISTRATORS.contains(&role.as_str()));
        let address_of_client = outlive_chassis::client_address(&parts.headers);
        Ok(Self {
            tenant,
            user,
            address,
            display_name,
            is_administrator,
            environment,
            origin,
            address_of_client,
            trace,
            now,
        })
    }
}

fn challenge(flows: &Flows, tenant: &str, refusal: &BearerRefusal) -> HeaderValue {
    let authorize =
        format!("{}/{tenant}/oauth2/v2.0/authorize", flows.config.idp_public_url.trim_end_matches('/'));
    refusal.www_authenticate(&Challenge::new("", &authorize))
}

fn unauthorized(flows: &Flows, tenant: &str, refusal: &BearerRefusal) -> Refusal {
    let code = match refusal {
        BearerRefusal::Missing => "MissingAuthenticationToken",
        BearerRefusal::KeysUnavailable => "ServiceUnavailable",
        _ => "InvalidAuthenticationToken",
    };
    let status = refusal.status();
    let challenge = (status == StatusCode::UNAUTHORIZED).then(|| challenge(flows, tenant, refusal));
    let problem = Problem::new(status, code, format!("The caller is not authenticated: {refusal}."));
    Refusal { problem, challenge }
}

async fn environment_of(parts: &mut Parts, flows: &Arc<Flows>) -> String {
    match RawPathParams::from_request_parts(parts, flows).await {
        Ok(params) => params
            .iter()
            .find(|(name, _)| *name == "environment")
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// Checks the version of the API that a query names.
pub(super) fn check_version(query: &str) -> Result<(), Problem> {
    let given = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    match given {
        Some((_, version)) if version == API_VERSION => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "InvalidApiVersionParameter",
            format!("The api-version is not supported; use api-version={API_VERSION}."),
        )),
        None => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            format!("The query parameter api-version is missing; use api-version={API_VERSION}."),
        )),
    }
}
