//! Access tokens.

use outlive_clock::{ClientId, Instant, ServicePrincipalId, SessionId, TenantId};
use serde::Serialize;
use uuid::Uuid;

use super::{UserFacts, backdated, some_unless_empty, uti};
use crate::{PairwiseKey, TokenVersion, issuer};

/// How the client authenticated at the token endpoint: the `appidacr` or `azpacr` claim.
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

/// On whose behalf the token speaks.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one is built for a token to be issued and dropped with it")]
pub enum AccessSubject {
    /// A user, through a client.
    User {
        /// What is known of the user.
        user: UserFacts,
        /// The scopes granted at this resource, as its `scp` names them (`Orders.Read`).
        scopes: Vec<String>,
        /// The app roles that the user holds at the resource.
        roles: Vec<String>,
        /// How the user authenticated; in version 1 tokens only.
        amr: Vec<String>,
        /// The browser session that authorised it.
        session: Option<SessionId>,
        /// When the user last authenticated interactively; absent from tokens of resources that did not ask for it.
        auth_time: Option<Instant>,
        /// Directory role template ids.
        wids: Vec<String>,
    },
    /// The application itself (client credentials).
    App {
        /// The object id of its service principal: `oid` and `sub`.
        service_principal: ServicePrincipalId,
        /// The application permissions granted at this resource.
        roles: Vec<String>,
        /// Whether the resource asked for `idtyp`.
        idtyp: bool,
    },
}

/// Everything an access token says, before it says it.
#[derive(Clone, Debug)]
pub struct AccessTokenInput<'a> {
    /// The shape, which the resource decides.
    pub version: TokenVersion,
    /// The origin by which the caller came to the issuer, without trailing slash.
    pub origin: &'a str,
    /// The tenant.
    pub tenant: TenantId,
    /// Version 1: the resource as the client named it; version 2: the API's client id.
    pub audience: &'a str,
    /// The client id of the API: what a user's `sub` is pairwise for.
    pub resource: ClientId,
    /// The client.
    pub client: ClientId,
    /// How it authenticated.
    pub client_authentication: ClientAuthentication,
    /// The client's display name; only resources of the platform itself see it.
    pub client_name: Option<&'a str>,
    /// On whose behalf.
    pub subject: &'a AccessSubject,
    /// When it is issued (virtual time).
    pub issued_at: Instant,
    /// When it expires (virtual time).
    pub expires_at: Instant,
    /// 16 random bytes that name the token.
    pub uti: [u8; 16],
    /// The key of pairwise subjects.
    pub pairwise: &'a PairwiseKey,
    /// Client capabilities to repeat (`cp1`), if the client sent them and the resource takes part in continuous access evaluation.
    pub xms_cc: Option<Vec<String>>,
}

/// The claims of an access token, in the order in which they are written. Instants are whole seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessTokenClaims {
    /// The resource.
    pub aud: String,
    /// The issuer.
    pub iss: String,
    /// Issue instant less 300 s.
    pub iat: i64,
    /// Not valid before; equal to `iat`.
    pub nbf: i64,
    /// Not valid from this second on.
    pub exp: i64,
    /// Version 1, users: `"1"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'static str>,
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
    /// Version 1, users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Version 1, users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// `app` in app-only tokens of resources that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idtyp: Option<&'static str>,
    /// Users: the display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object id of the user or service principal.
    pub oid: Uuid,
    /// Version 2, users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Application permissions, or the user's app roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Users: granted scopes, separated by blanks. Never in app-only tokens.
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
    /// Version 1, users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The token's own name.
    pub uti: String,
    /// The shape.
    pub ver: TokenVersion,
    /// Directory role template ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wids: Option<Vec<String>>,
    /// Client capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xms_cc: Option<Vec<String>>,
}

impl AccessTokenClaims {
    /// What a token with these facts says.
    #[must_use]
    pub fn build(input: &AccessTokenInput<'_>) -> Self {
        let v1 = input.version == TokenVersion::V1;
        let authenticated = input.client_authentication.claim();
        let bare = Self {
            aud: input.audience.to_owned(),
            iss: issuer(input.origin, input.tenant, input.version),
            iat: backdated(input.issued_at),
            nbf: backdated(input.issued_at),
            exp: input.expires_at.as_seconds(),
            acr: None,
            amr: None,
            app_displayname: input.client_name.map(str::to_owned),
            appid: v1.then_some(input.client),
            appidacr: v1.then_some(authenticated),
            auth_time: None,
            azp: (!v1).then_some(input.client),
            azpacr: (!v1).then_some(authenticated),
            family_name: None,
            given_name: None,
            idtyp: None,
            name: None,
            oid: Uuid::nil(),
            preferred_username: None,
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
        };
        match input.subject {
            AccessSubject::User { user, scopes, roles, amr, session, auth_time, wids } => Self {
                acr: v1.then_some("1"),
                amr: some_unless_empty(amr).filter(|_| v1),
                auth_time: auth_time.map(Instant::as_seconds),
                family_name: user.family_name.clone().filter(|_| v1),
                given_name: user.given_name.clone().filter(|_| v1),
                name: Some(user.name.clone()),
                oid: user.id.uuid(),
                preferred_username: (!v1).then(|| user.upn.clone()),
                roles: some_unless_empty(roles),
                scp: (!scopes.is_empty()).then(|| scopes.join(" ")),
                sid: *session,
                sub: input.pairwise.subject(input.tenant, input.resource, user.id),
                unique_name: v1.then(|| user.upn.clone()),
                upn: v1.then(|| user.upn.clone()),
                wids: some_unless_empty(wids),
                ..bare
            },
            AccessSubject::App { service_principal, roles, idtyp } => Self {
                idtyp: idtyp.then_some("app"),
                oid: service_principal.uuid(),
                roles: some_unless_empty(roles),
                sub: service_principal.to_string(),
                ..bare
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::{Span, UserId};

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn claims(version: TokenVersion, subject: &AccessSubject) -> AccessTokenClaims {
        let issued_at = Instant::from_micros(1_767_603_600_250_000);
        AccessTokenClaims::build(&AccessTokenInput {
            version,
            origin: "http://127.0.0.1:8701",
            tenant: TenantId::from_uuid(id(1)),
            audience: "api://contoso-orders",
            resource: ClientId::from_uuid(id(2)),
            client: ClientId::from_uuid(id(3)),
            client_authentication: ClientAuthentication::Secret,
            client_name: None,
            subject,
            issued_at,
            expires_at: issued_at + Span::from_seconds(3_600),
            uti: [0xab; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            xms_cc: None,
        })
    }

    fn user() -> AccessSubject {
        AccessSubject::User {
            user: UserFacts {
                id: UserId::from_uuid(id(4)),
                name: "Owner".into(),
                upn: "owner@contoso.example".into(),
                given_name: None,
                family_name: None,
                email: None,
            },
            scopes: vec!["Orders.Read".into(), "Orders.ReadWrite".into()],
            roles: vec![],
            amr: vec!["pwd".into()],
            session: None,
            auth_time: None,
            wids: vec![],
        }
    }

    #[test]
    fn a_user_token_of_version_1() {
        insta::assert_json_snapshot!(claims(TokenVersion::V1, &user()), @r#"
        {
          "aud": "api://contoso-orders",
          "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/",
          "iat": 1767603300,
          "nbf": 1767603300,
          "exp": 1767607200,
          "acr": "1",
          "amr": [
            "pwd"
          ],
          "appid": "00000000-0000-0000-0000-000000000003",
          "appidacr": "1",
          "name": "Owner",
          "oid": "00000000-0000-0000-0000-000000000004",
          "scp": "Orders.Read Orders.ReadWrite",
          "sub": "r8gesdGjZHDpax-biJdDjtO1e20sourBR6q8jGLO3es",
          "tid": "00000000-0000-0000-0000-000000000001",
          "unique_name": "owner@contoso.example",
          "upn": "owner@contoso.example",
          "uti": "q6urq6urq6urq6urq6urqw",
          "ver": "1.0"
        }
        "#);
    }

    #[test]
    fn a_user_token_of_version_2() {
        insta::assert_json_snapshot!(claims(TokenVersion::V2, &user()), @r#"
        {
          "aud": "api://contoso-orders",
          "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/v2.0",
          "iat": 1767603300,
          "nbf": 1767603300,
          "exp": 1767607200,
          "azp": "00000000-0000-0000-0000-000000000003",
          "azpacr": "1",
          "name": "Owner",
          "oid": "00000000-0000-0000-0000-000000000004",
          "preferred_username": "owner@contoso.example",
          "scp": "Orders.Read Orders.ReadWrite",
          "sub": "r8gesdGjZHDpax-biJdDjtO1e20sourBR6q8jGLO3es",
          "tid": "00000000-0000-0000-0000-000000000001",
          "uti": "q6urq6urq6urq6urq6urqw",
          "ver": "2.0"
        }
        "#);
    }

    #[test]
    fn an_app_only_token_has_roles_and_no_scopes() {
        let app = AccessSubject::App {
            service_principal: ServicePrincipalId::from_uuid(id(5)),
            roles: vec!["Orders.Read.All".into()],
            idtyp: true,
        };
        insta::assert_json_snapshot!(claims(TokenVersion::V2, &app), @r#"
        {
          "aud": "api://contoso-orders",
          "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/v2.0",
          "iat": 1767603300,
          "nbf": 1767603300,
          "exp": 1767607200,
          "azp": "00000000-0000-0000-0000-000000000003",
          "azpacr": "1",
          "idtyp": "app",
          "oid": "00000000-0000-0000-0000-000000000005",
          "roles": [
            "Orders.Read.All"
          ],
          "sub": "00000000-0000-0000-0000-000000000005",
          "tid": "00000000-0000-0000-0000-000000000001",
          "uti": "q6urq6urq6urq6urq6urqw",
          "ver": "2.0"
        }
        "#);
    }

    #[test]
    fn how_the_client_authenticated_is_a_text() {
        for (how, text) in [
            (ClientAuthentication::None, "0"),
            (ClientAuthentication::Secret, "1"),
            (ClientAuthentication::Certificate, "2"),
        ] {
            assert_eq!(how.claim(), text);
        }
    }
}
