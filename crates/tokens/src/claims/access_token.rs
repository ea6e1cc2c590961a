//! Access tokens.

use std::net::IpAddr;

use outlive_clock::{ClientId, Instant, ServicePrincipalId, SessionId, TenantId};
use serde::Serialize;
use uuid::Uuid;

use super::claim_values::{backdated, some_unless_empty, uti};
use super::{GroupClaims, PasswordClaims, UserClaims, UserFacts};
use crate::{PairwiseKey, TokenVersion, issuer};

/// How the client authenticated at the token endpoint (`appidacr` or `azpacr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuthentication {
    /// Not at all (`"0"`).
    None,
    /// By a shared secret (`"1"`).
    Secret,
    /// By a certificate, through a signed assertion (`"2"`).
    Certificate,
}

impl ClientAuthentication {
    const fn claim(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Secret => "1",
            Self::Certificate => "2",
        }
    }
}

/// The subject of an access token.
#[derive(Clone, Debug)]
pub enum AccessSubject {
    /// A user, through a client.
    User {
        /// The user.
        user: UserFacts,
        /// The scopes granted at this resource, as its `scp` names them (`Orders.Read`).
        scopes: Vec<String>,
        /// The app roles that the user holds at the resource.
        roles: Vec<String>,
        /// How the user authenticated; in version 1 tokens only.
        amr: Vec<String>,
        /// The browser session that authorized it.
        session: Option<SessionId>,
        /// When the user last authenticated interactively, if the resource configures `auth_time`.
        auth_time: Option<Instant>,
        /// Directory role template ids.
        wids: Vec<String>,
    },
    /// The application itself (client credentials).
    App {
        /// The object id of the service principal: `oid` and `sub`.
        service_principal: ServicePrincipalId,
        /// The application permissions granted at this resource.
        roles: Vec<String>,
        /// Whether the resource configures `idtyp`.
        idtyp: bool,
        /// The Azure resource id of a managed identity, or of the resource that it belongs to.
        managed_identity: Option<String>,
        /// Directory role template ids.
        wids: Vec<String>,
    },
}

/// The values from which the claims of an access token are built.
#[derive(Clone, Debug)]
pub struct AccessTokenInput<'a> {
    /// The token version, which the resource chooses.
    pub version: TokenVersion,
    /// The origin of the issuer, without trailing slash.
    pub origin: &'a str,
    /// The tenant.
    pub tenant: TenantId,
    /// Version 1: the resource as the client named it; version 2: the API's client id.
    pub audience: &'a str,
    /// The client id of the API, for which a user's `sub` is pairwise.
    pub resource: ClientId,
    /// The client.
    pub client: ClientId,
    /// How the client authenticated.
    pub client_authentication: ClientAuthentication,
    /// The client's display name, for first-party resources only.
    pub client_name: Option<&'a str>,
    /// The user or application.
    pub subject: &'a AccessSubject,
    /// When it is issued (virtual time).
    pub issued_at: Instant,
    /// When it expires (virtual time).
    pub expires_at: Instant,
    /// The earliest `nbf` that the client's claims request accepts (virtual time).
    pub not_before: Option<Instant>,
    /// The authentication contexts that the token satisfies.
    pub acrs: Vec<String>,
    /// 16 random bytes that identify the token.
    pub uti: [u8; 16],
    /// The key of pairwise subjects.
    pub pairwise: &'a PairwiseKey,
    /// Client capabilities to include (`cp1`), if the client sent them and the resource is
    /// CAE-enabled.
    pub xms_cc: Option<Vec<String>>,
    /// Optional and user-specific claims.
    pub user_claims: UserClaims,
}

/// The claims of an access token, in serialization order. Instants are whole seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessTokenClaims {
    /// The resource.
    pub aud: String,
    /// The issuer.
    pub iss: String,
    /// The issue instant minus 300 s.
    pub iat: i64,
    /// Not valid before: equal to `iat`, or the requested `nbf` if later.
    pub nbf: i64,
    /// Not valid from this second on.
    pub exp: i64,
    /// Users, if requested: 0 for a member, 1 for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acct: Option<u8>,
    /// Version 1, users: `"1"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'static str>,
    /// Users: the authentication contexts that were requested and are satisfied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acrs: Option<Vec<String>>,
    /// Internal to the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aio: Option<String>,
    /// Version 1, users: how they authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// The client's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_displayname: Option<String>,
    /// Version 1: the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<ClientId>,
    /// Version 1: how the client authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appidacr: Option<&'static str>,
    /// When the user last authenticated interactively.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Version 2: the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<ClientId>,
    /// Version 2: how the client authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azpacr: Option<&'static str>,
    /// Users: the email address, if requested or granted, and always for guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Users: in version 1, or if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Users: in version 1, or if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Users: groups, if the resource has a groups claim configured.
    #[serde(flatten)]
    pub groups: GroupClaims,
    /// Version 1, app-only: the identity provider of the application, which is the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp: Option<String>,
    /// `app` in app-only tokens and `user` in users' tokens, as the resource configures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idtyp: Option<&'static str>,
    /// Users: the IP address, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipaddr: Option<IpAddr>,
    /// Users: the display name; in version 2 with the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object id of the user or service principal.
    pub oid: Uuid,
    /// Users: in version 2 with the scope `profile`, in version 1 if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The password, if it expires soon.
    #[serde(flatten)]
    pub password: PasswordClaims,
    /// Internal to the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rh: Option<String>,
    /// Application permissions, or the user's app roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Users: granted scopes, separated by spaces. Never in app-only tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// The browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Users: pairwise for the resource; app-only: equal to `oid`.
    pub sub: String,
    /// The tenant.
    pub tid: TenantId,
    /// Version 1, users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_name: Option<String>,
    /// Users: in version 1, or if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The token's identifier.
    pub uti: String,
    /// The token version.
    pub ver: TokenVersion,
    /// Directory role template ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wids: Option<Vec<String>>,
    /// Client capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xms_cc: Option<Vec<String>>,
    /// Managed identities: the Azure resource id of the identity, or of the resource that it
    /// belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xms_mirid: Option<String>,
}

impl AccessTokenClaims {
    /// Builds the claims.
    #[must_use]
    pub fn build(input: &AccessTokenInput<'_>) -> Self {
        let v1 = input.version == TokenVersion::V1;
        let authenticated = input.client_authentication.claim();
        let user_claims = &input.user_claims;
        let (aio, rh) = user_claims.opaque.clone().unzip();
        let bare = Self {
            aud: input.audience.to_owned(),
            iss: issuer(input.origin, input.tenant, input.version),
            iat: backdated(input.issued_at),
            nbf: backdated(input.issued_at).max(input.not_before.map_or(i64::MIN, Instant::as_seconds)),
            exp: input.expires_at.as_seconds(),
            acct: None,
            acr: None,
            acrs: None,
            aio,
            amr: None,
            app_displayname: input.client_name.map(str::to_owned),
            appid: v1.then_some(input.client),
            appidacr: v1.then_some(authenticated),
            auth_time: None,
            azp: (!v1).then_some(input.client),
            azpacr: (!v1).then_some(authenticated),
            email: None,
            family_name: None,
            given_name: None,
            groups: GroupClaims::default(),
            idp: None,
            idtyp: None,
            ipaddr: None,
            name: None,
            oid: Uuid::nil(),
            preferred_username: None,
            password: PasswordClaims::default(),
            rh,
            roles: None,
            scp: None,
            sid: None,
            sub: String::new(),
            tid: input.tenant,
            unique_name: None,
            upn: None,
            uti: uti(input.uti),
            ver: input.version,
            wids: None,
            xms_cc: input.xms_cc.clone(),
            xms_mirid: None,
        };
        match input.subject {
            AccessSubject::User { user, scopes, roles, amr, session, auth_time, wids } => Self {
                acct: user_claims.acct(),
                acr: v1.then_some("1"),
                acrs: some_unless_empty(&input.acrs),
                amr: some_unless_empty(amr).filter(|_| v1),
                auth_time: auth_time.map(Instant::as_seconds),
                email: user.email.clone().filter(|_| user_claims.includes_email()),
                family_name: user
                    .family_name
                    .clone()
                    .filter(|_| v1 || user_claims.optional.contains("family_name")),
                given_name: user
                    .given_name
                    .clone()
                    .filter(|_| v1 || user_claims.optional.contains("given_name")),
                groups: user_claims.group_claims(),
                idtyp: user_claims.optional.idtyp_of_user(),
                ipaddr: user_claims.ipaddr(v1),
                name: (v1 || user_claims.profile).then(|| user.name.clone()),
                oid: user.id.uuid(),
                preferred_username: if v1 {
                    user_claims.optional.contains("preferred_username")
                } else {
                    user_claims.profile
                }
                .then(|| user.upn.clone()),
                password: user_claims.password_claims(v1, input.issued_at),
                roles: some_unless_empty(roles),
                scp: (!scopes.is_empty()).then(|| scopes.join(" ")),
                sid: *session,
                sub: input.pairwise.subject(input.tenant, input.resource, user.id),
                unique_name: v1.then(|| user.upn.clone()),
                upn: (v1 || user_claims.optional.contains("upn")).then(|| user.upn.clone()),
                wids: some_unless_empty(wids),
                ..bare
            },
            AccessSubject::App { service_principal, roles, idtyp, managed_identity, wids } => Self {
                idp: v1.then(|| bare.iss.clone()),
                // For a managed identity also if the resource does not configure it
                // (docs/parity.md).
                idtyp: (*idtyp || managed_identity.is_some()).then_some("app"),
                oid: service_principal.uuid(),
                roles: some_unless_empty(roles),
                sub: service_principal.to_string(),
                wids: some_unless_empty(wids),
                xms_mirid: managed_identity.clone(),
                ..bare
            },
        }
    }
}

#[cfg(test)]
mod tests;
