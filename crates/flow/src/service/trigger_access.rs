//! Decides whether a call of a trigger is authenticated (reference §7.1): by the signature of its
//! address or by a token, never by both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use outlive_chassis::{ClockError, Problem, Trace, record_client};
use outlive_clock::{Instant, TenantId};
use outlive_tokens::{BearerExpectations, BearerRefusal, peek_audience, peek_tenant};
use serde_json::{Map, Value};

use super::access_keys::{SIGNATURE_VERSION, SignedParts};
use super::programs::Program;
use super::state::Flows;
use crate::definition::{Callers, TriggerKind};
use crate::ids::FlowId;

/// The audience of tokens for cloud flows that only users of the tenant can call.
pub(crate) const FLOW_AUDIENCE: &str = "https://service.flow.microsoft.com/";

/// The credentials of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials<'a> {
    None,
    Signature(CallbackSignature),
    Bearer(&'a str),
    /// A token that cannot be read.
    Unreadable(BearerRefusal),
    /// A header `Authorization` of another scheme.
    Other {
        scheme: String,
    },
    /// A signature and a header.
    Both {
        scheme: String,
    },
}

/// The signature in the query of a callback URL, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallbackSignature {
    /// `sp`
    pub(crate) permission: String,
    /// `sv`
    pub(crate) version: String,
    /// `se`
    pub(crate) expiry: Option<String>,
    /// `sig`
    pub(crate) signature: String,
}

/// Why a call is not authenticated.
#[derive(Debug)]
pub(crate) enum Unauthenticated {
    Rejected(Problem),
    Token(BearerRefusal),
}

impl From<Problem> for Unauthenticated {
    fn from(problem: Problem) -> Self {
        Self::Rejected(problem)
    }
}

fn rejected(status: StatusCode, code: &'static str, message: impl Into<String>) -> Unauthenticated {
    Unauthenticated::Rejected(Problem::new(status, code, message.into()))
}

impl Flows {
    /// Checks the credentials of a call.
    pub(crate) async fn authenticate_call(
        &self,
        (tenant, flow): (TenantId, FlowId),
        program: &Program,
        credentials: Credentials<'_>,
        trace: &Trace,
        now: Instant,
    ) -> Result<(), Unauthenticated> {
        let rules = Rules::of(program);
        match credentials {
            Credentials::Both { scheme } => Err(rejected(
                StatusCode::BAD_REQUEST,
                "DirectApiRequestHasMoreThanOneAuthorization",
                format!(
                    "The request has both SAS authentication scheme and '{scheme}' authorization scheme. Only one scheme \
                     should be used."
                ),
            )),
            Credentials::None => Err(rules.required()),
            Credentials::Other { scheme } if rules.accepts_tokens => Err(rejected(
                StatusCode::UNAUTHORIZED,
                "DirectApiInvalidAuthorizationScheme",
                format!(
                    "The authorization scheme '{scheme}' is not valid for this request. Send a 'Bearer' token."
                ),
            )),
            Credentials::Bearer(token) if rules.accepts_tokens => {
                let claims = self.verified_claims(token, trace).await?;
                if rules.is_satisfied_by(tenant, program, &claims) {
                    return Ok(());
                }
                Err(rejected(
                    StatusCode::FORBIDDEN,
                    "MisMatchingOAuthClaims",
                    "One or more claims either missing or does not match with the open authentication access control \
                     policy.",
                ))
            }
            Credentials::Unreadable(refusal) if rules.accepts_tokens => Err(Unauthenticated::Token(refusal)),
            Credentials::Other { .. } | Credentials::Unreadable(_) | Credentials::Bearer(_) => {
                Err(rules.required())
            }
            Credentials::Signature(_) if !rules.allows_signatures => Err(rejected(
                StatusCode::UNAUTHORIZED,
                "DirectApiInvalidAuthorizationScheme",
                "The trigger does not accept signed addresses. Send a 'Bearer' token.",
            )),
            Credentials::Signature(given) => {
                let keys = self.access_keys(tenant, flow).await?;
                let parts = SignedParts { permission: &given.permission, expiry: given.expiry.as_deref() };
                let is_valid = keys.is_some_and(|keys| keys.verify((tenant, flow), parts, &given.signature));
                let permission = format!("/triggers/{}/run", program.trigger.name);
                let failed =
                    |message: &str| rejected(StatusCode::UNAUTHORIZED, "AuthorizationFailed", message);
                if !is_valid || given.permission != permission || given.version != SIGNATURE_VERSION {
                    return Err(failed("The authentication credentials are not valid."));
                }
                // The signature covers the instant, so it is one that was issued.
                let expiry = given.expiry.as_deref().map(str::parse::<Instant>);
                match expiry {
                    None => Ok(()),
                    Some(Ok(expiry)) if now < expiry => Ok(()),
                    Some(_) => {
                        Err(failed("The callback URL has expired. Get a new one with listCallbackUrl."))
                    }
                }
            }
        }
    }

    /// Returns the claims of a token of this installation's identity provider, of any audience.
    async fn verified_claims(
        &self,
        token: &str,
        trace: &Trace,
    ) -> Result<Map<String, Value>, Unauthenticated> {
        let refuse = |refusal| Err(Unauthenticated::Token(refusal));
        // The policies decide about tenant and audience.
        let (Some(tenant), Some(audience)) = (peek_tenant(token), peek_audience(token)) else {
            return refuse(BearerRefusal::Malformed);
        };
        let now = match self.chassis.clocks.now(tenant).await {
            Ok(now) => now,
            Err(ClockError::UnknownTenant(_)) => return refuse(BearerRefusal::Issuer),
            Err(error) => return Err(Problem::from(error).into()),
        };
        let expected = BearerExpectations { tenant, audiences: &[audience], now };
        match self.verifier.verify(&expected, token, trace).await {
            Ok(claims) => record_client(claims.appid),
            Err(refusal) => return refuse(refusal),
        }
        let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        let claims = payload.and_then(|json| serde_json::from_slice(&json).ok());
        claims.map_or_else(|| refuse(BearerRefusal::Malformed), Ok)
    }
}

/// The rules for calls of a trigger.
struct Rules {
    accepts_tokens: bool,
    allows_signatures: bool,
}

impl Rules {
    fn of(program: &Program) -> Self {
        let is_restricted = *callers(program) != Callers::All;
        Self {
            accepts_tokens: is_restricted || !program.access.policies.is_empty(),
            allows_signatures: !is_restricted && program.access.allows_signatures,
        }
    }

    fn required(&self) -> Unauthenticated {
        let message = if self.allows_signatures {
            "The request must be authenticated only by Shared Access scheme."
        } else {
            "The request must be authenticated by a token in the header 'Authorization'."
        };
        rejected(StatusCode::UNAUTHORIZED, "DirectApiAuthorizationRequired", message)
    }

    fn is_satisfied_by(&self, tenant: TenantId, program: &Program, claims: &Map<String, Value>) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_of_tenant = text("tid") == tenant.to_string() && text("aud") == FLOW_AUDIENCE;
        let is_caller = match callers(program) {
            Callers::All => false,
            Callers::Tenant => is_of_tenant,
            Callers::Users(users) => is_of_tenant && users.iter().any(|user| user == text("oid")),
        };
        is_caller || program.access.policies.iter().any(|policy| policy.is_satisfied_by(claims))
    }
}

fn callers(program: &Program) -> &Callers {
    match &program.trigger.kind {
        TriggerKind::Request(request) => &request.callers,
        _ => &Callers::All,
    }
}
