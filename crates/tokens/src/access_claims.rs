//! The claims of a verified access token, of either version.

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use serde::Deserialize;
use uuid::Uuid;

/// The claims of a verified access token. Only [`Verifier`](crate::Verifier) constructs them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessClaims {
    /// The tenant.
    pub tid: TenantId,
    /// The object id of the user, or of the service principal in app-only tokens.
    pub oid: Uuid,
    /// The subject: pairwise for users, `oid` in app-only tokens.
    pub sub: String,
    /// The audience, as written.
    pub aud: String,
    /// The issuer, as written.
    pub iss: String,
    /// The client: `appid` of version 1, `azp` of version 2.
    pub appid: ClientId,
    /// How the client authenticated: `appidacr` or `azpacr`; "0" public, "1" secret, "2"
    /// certificate.
    pub azpacr: String,
    /// The granted scopes; empty in app-only tokens.
    pub scp: Vec<String>,
    /// Application permissions, or the user's app roles.
    pub roles: Vec<String>,
    /// The ids of the templates of the user's directory roles, if the resource gets them.
    pub wids: Vec<String>,
    /// `app` in app-only tokens, if the resource configures it.
    pub idtyp: Option<String>,
    /// Not valid from this instant on (virtual time).
    pub exp: Instant,
    /// Not valid before (virtual time).
    pub nbf: Instant,
    /// The `iat` claim, 300 s before the actual issue instant (virtual time).
    pub iat: Instant,
    /// The token's identifier.
    pub uti: String,
    /// The user principal name: `upn` of version 1, `preferred_username` of version 2.
    pub upn: Option<String>,
    /// The user's display name.
    pub name: Option<String>,
    /// The browser session, if included.
    pub sid: Option<SessionId>,
    /// How the user authenticated (version 1).
    pub amr: Vec<String>,
    /// Client capabilities (`cp1`).
    pub xms_cc: Vec<String>,
    /// The token version: "1.0" or "2.0".
    pub ver: String,
    /// The Azure resource id of a managed identity, or of the resource that it belongs to
    /// (`xms_mirid`).
    pub managed_identity: Option<String>,
}

impl AccessClaims {
    /// Whether the token was issued to the application itself, without a user.
    #[must_use]
    pub fn is_app_only(&self) -> bool {
        match self.idtyp.as_deref() {
            Some(idtyp) => idtyp == "app",
            None => self.scp.is_empty() && self.sub == self.oid.to_string(),
        }
    }

    /// The user, unless the token is app-only.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        (!self.is_app_only()).then(|| UserId::from_uuid(self.oid))
    }

    /// Whether the client handles claims challenges (capability `cp1`).
    #[must_use]
    pub fn can_be_challenged(&self) -> bool {
        self.xms_cc.iter().any(|capability| capability.eq_ignore_ascii_case("cp1"))
    }

    /// Whether the token has this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scp.iter().any(|s| s == scope)
    }

    /// Whether the token has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }
}

/// The claims as serialized in the token.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenClaims {
    tid: TenantId,
    oid: Uuid,
    sub: String,
    aud: String,
    iss: String,
    appid: Option<ClientId>,
    azp: Option<ClientId>,
    appidacr: Option<String>,
    azpacr: Option<String>,
    #[serde(default)]
    scp: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    wids: Vec<String>,
    idtyp: Option<String>,
    exp: i64,
    nbf: Option<i64>,
    iat: i64,
    #[serde(default)]
    uti: String,
    upn: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    sid: Option<SessionId>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default)]
    xms_cc: Vec<String>,
    #[serde(default)]
    ver: String,
    xms_mirid: Option<String>,
}

impl WrittenClaims {
    /// Unifies both versions; `None` without a client id.
    pub(crate) fn read(self) -> Option<AccessClaims> {
        Some(AccessClaims {
            tid: self.tid,
            oid: self.oid,
            sub: self.sub,
            aud: self.aud,
            iss: self.iss,
            appid: self.appid.or(self.azp)?,
            azpacr: self.appidacr.or(self.azpacr).unwrap_or_else(|| "0".into()),
            scp: self.scp.split_ascii_whitespace().map(str::to_owned).collect(),
            roles: self.roles,
            wids: self.wids,
            idtyp: self.idtyp,
            exp: Instant::from_seconds(self.exp),
            nbf: Instant::from_seconds(self.nbf.unwrap_or(self.iat)),
            iat: Instant::from_seconds(self.iat),
            uti: self.uti,
            upn: self.upn.or(self.preferred_username),
            name: self.name,
            sid: self.sid,
            amr: self.amr,
            xms_cc: self.xms_cc,
            ver: self.ver,
            managed_identity: self.xms_mirid,
        })
    }
}
