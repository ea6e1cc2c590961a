//! ID tokens.

use std::net::IpAddr;

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use serde::Serialize;

use super::claim_values::{backdated, some_unless_empty, uti};
use super::{GroupClaims, PasswordClaims, UserClaims, UserFacts};
use crate::{PairwiseKey, TokenVersion, issuer};

/// The values from which the claims of an ID token are built.
#[derive(Clone, Debug)]
pub struct IdTokenInput<'a> {
    /// The token version, which the endpoint determines.
    pub version: TokenVersion,
    /// The origin of the issuer, without trailing slash.
    pub origin: &'a str,
    /// The tenant.
    pub tenant: TenantId,
    /// The client: the audience, for which `sub` is pairwise.
    pub client: ClientId,
    /// The user who signed in.
    pub user: &'a UserFacts,
    /// Whether the scope `profile` was granted: version 2 tokens omit names and `oid` without it.
    pub profile: bool,
    /// Whether the scope `email` was granted.
    pub email: bool,
    /// How the user authenticated; in version 1 tokens only.
    pub amr: &'a [String],
    /// The app roles that the user holds at the client.
    pub roles: &'a [String],
    /// The nonce of the authorization request.
    pub nonce: Option<&'a str>,
    /// The browser session.
    pub session: Option<SessionId>,
    /// When the user last authenticated interactively, if the client requested it.
    pub auth_time: Option<Instant>,
    /// Opaque account hint, if the client requested it.
    pub login_hint: Option<&'a str>,
    /// At the authorization endpoint: the hash of the code returned with the token.
    pub c_hash: Option<String>,
    /// At the authorization endpoint: the hash of the access token returned with it.
    pub at_hash: Option<String>,
    /// When it is issued (virtual time).
    pub issued_at: Instant,
    /// When it expires (virtual time).
    pub expires_at: Instant,
    /// 16 random bytes that identify the token.
    pub uti: [u8; 16],
    /// The key of pairwise subjects.
    pub pairwise: &'a PairwiseKey,
    /// Optional and user-specific claims.
    pub user_claims: UserClaims,
}

/// The claims of an ID token, in serialization order. Instants are whole seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The client.
    pub aud: ClientId,
    /// The issuer.
    pub iss: String,
    /// The issue instant minus 300 s.
    pub iat: i64,
    /// Not valid before; equal to `iat`.
    pub nbf: i64,
    /// Not valid from this second on.
    pub exp: i64,
    /// If requested: 0 for a member, 1 for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acct: Option<u8>,
    /// Internal to the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aio: Option<String>,
    /// Version 1: how the user authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// When the user last authenticated interactively.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Authorization endpoint only: binds an access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Authorization endpoint only: binds a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// The email address, if requested or granted by the scope `email`, and always for guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Version 1, or if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Groups, if the client has a groups claim configured.
    #[serde(flatten)]
    pub groups: GroupClaims,
    /// The user's IP address, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipaddr: Option<IpAddr>,
    /// Opaque; identifies the account at the logout endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The nonce of the authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The user's object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<UserId>,
    /// Version 2: the user principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The password, if it expires soon.
    #[serde(flatten)]
    pub password: PasswordClaims,
    /// Internal to the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rh: Option<String>,
    /// The user's app roles at the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The browser session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Pairwise for the client.
    pub sub: String,
    /// The tenant.
    pub tid: TenantId,
    /// Version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_name: Option<String>,
    /// Version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The token's identifier.
    pub uti: String,
    /// The token version.
    pub ver: TokenVersion,
    /// Directory role template ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wids: Option<Vec<String>>,
}

impl IdTokenClaims {
    /// Builds the claims.
    #[must_use]
    pub fn build(input: &IdTokenInput<'_>) -> Self {
        let v1 = input.version == TokenVersion::V1;
        let user = input.user;
        let named = v1 || input.profile;
        let user_claims = &input.user_claims;
        let (aio, rh) = user_claims.opaque.clone().unzip();
        Self {
            aud: input.client,
            iss: issuer(input.origin, input.tenant, input.version),
            iat: backdated(input.issued_at),
            nbf: backdated(input.issued_at),
            exp: input.expires_at.as_seconds(),
            acct: user_claims.acct(),
            aio,
            amr: some_unless_empty(input.amr).filter(|_| v1),
            auth_time: input.auth_time.map(Instant::as_seconds),
            at_hash: input.at_hash.clone(),
            c_hash: input.c_hash.clone(),
            email: user.email.clone().filter(|_| input.email || user_claims.includes_email()),
            family_name: user
                .family_name
                .clone()
                .filter(|_| v1 || user_claims.optional.contains("family_name")),
            given_name: user.given_name.clone().filter(|_| v1 || user_claims.optional.contains("given_name")),
            groups: user_claims.group_claims(),
            ipaddr: user_claims.ipaddr(v1),
            login_hint: input.login_hint.map(str::to_owned),
            name: named.then(|| user.name.clone()),
            nonce: input.nonce.map(str::to_owned),
            oid: named.then_some(user.id),
            preferred_username: if v1 {
                user_claims.optional.contains("preferred_username")
            } else {
                input.profile
            }
            .then(|| user.upn.clone()),
            password: user_claims.password_claims(v1, input.issued_at),
            rh,
            roles: some_unless_empty(input.roles),
            sid: input.session,
            sub: input.pairwise.subject(input.tenant, input.client, user.id),
            tid: input.tenant,
            unique_name: v1.then(|| user.upn.clone()),
            upn: (v1 || user_claims.optional.contains("upn")).then(|| user.upn.clone()),
            uti: uti(input.uti),
            ver: input.version,
            wids: some_unless_empty(&user_claims.wids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Span;
    use uuid::Uuid;

    fn claims(version: TokenVersion, profile: bool) -> IdTokenClaims {
        let issued_at = Instant::from_seconds(1_767_603_600);
        IdTokenClaims::build(&IdTokenInput {
            version,
            origin: "http://127.0.0.1:8701",
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            client: ClientId::from_uuid(Uuid::from_u128(3)),
            user: &UserFacts {
                id: UserId::from_uuid(Uuid::from_u128(4)),
                name: "Owner".into(),
                upn: "owner@contoso.example".into(),
                given_name: Some("O".into()),
                family_name: None,
                email: Some("owner@contoso.example".into()),
            },
            profile,
            email: false,
            amr: &["pwd".to_owned()],
            roles: &[],
            nonce: Some("n-0S6"),
            session: None,
            auth_time: None,
            login_hint: None,
            c_hash: None,
            at_hash: None,
            issued_at,
            expires_at: issued_at + Span::from_seconds(3_600),
            uti: [0; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            user_claims: UserClaims::default(),
        })
    }

    #[test]
    fn version_1() {
        insta::assert_json_snapshot!(claims(TokenVersion::V1, false), @r#"
        {
          "aud": "00000000-0000-0000-0000-000000000003",
          "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/",
          "iat": 1767603300,
          "nbf": 1767603300,
          "exp": 1767607200,
          "amr": [
            "pwd"
          ],
          "given_name": "O",
          "name": "Owner",
          "nonce": "n-0S6",
          "oid": "00000000-0000-0000-0000-000000000004",
          "sub": "PYKVmybAVuc71577pOxeR81WbU0cXxZTxLx7oa6qbYs",
          "tid": "00000000-0000-0000-0000-000000000001",
          "unique_name": "owner@contoso.example",
          "upn": "owner@contoso.example",
          "uti": "AAAAAAAAAAAAAAAAAAAAAA",
          "ver": "1.0"
        }
        "#);
    }

    #[test]
    fn version_2_with_profile() {
        insta::assert_json_snapshot!(claims(TokenVersion::V2, true), @r#"
        {
          "aud": "00000000-0000-0000-0000-000000000003",
          "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/v2.0",
          "iat": 1767603300,
          "nbf": 1767603300,
          "exp": 1767607200,
          "name": "Owner",
          "nonce": "n-0S6",
          "oid": "00000000-0000-0000-0000-000000000004",
          "preferred_username": "owner@contoso.example",
          "sub": "PYKVmybAVuc71577pOxeR81WbU0cXxZTxLx7oa6qbYs",
          "tid": "00000000-0000-0000-0000-000000000001",
          "uti": "AAAAAAAAAAAAAAAAAAAAAA",
          "ver": "2.0"
        }
        "#);
    }

    #[test]
    fn version_2_without_profile_omits_names() {
        let claims = claims(TokenVersion::V2, false);
        assert_eq!((claims.name, claims.oid, claims.preferred_username), (None, None, None));
    }
}
