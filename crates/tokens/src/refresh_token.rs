//! The content of refresh tokens.

use std::net::IpAddr;

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use outlive_wire::ClientClass;
use outlive_wire::tenant::RedirectUriType;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::SealedToken;

/// The content of a refresh token. It is self-contained: redemption looks up no token record.
///
/// Revocation compares these values with the state of user, session, grant and application. All
/// instants are virtual time of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRefreshToken {
    /// This token.
    pub token_id: Uuid,
    /// The token whose redemption minted this one; `None` for the first of a family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Identifies all tokens of one grant.
    pub family_id: Uuid,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// The user.
    pub user_id: UserId,
    /// The tenant.
    pub tenant: TenantId,
    /// The client's class when the grant was minted; a refresh never changes it.
    pub client_class: ClientClass,
    /// Whether the session that authorized it was established with a password.
    pub password_based: bool,
    /// How the user authenticated (`pwd`, `mfa`, …).
    pub amr: Vec<String>,
    /// When the user last authenticated interactively.
    pub auth_time: Instant,
    /// The type of the redirect URI through which it was obtained; none for grants without a
    /// redirect (device code, ROPC).
    #[serde(serialize_with = "write_redirect_type", deserialize_with = "read_redirect_type")]
    pub redirect_type: Option<RedirectUriType>,
    /// The fixed expiry of the family. Set for single-page applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_expires_at: Option<Instant>,
    /// The resource of the first request (its application id URI or client id).
    pub resource: String,
    /// Whether the first request named scopes without a resource, which means Microsoft Graph.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// Whether the grant spans several resources, so that a refresh must name one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub several: bool,
    /// The scopes of the first request: names, `.default`, and those of OpenID Connect.
    pub scopes: Vec<String>,
    /// The browser session that authorized it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The user's IP address at sign-in, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Whether the client declared that it handles claims challenges (`cp1`); later requests need
    /// not repeat it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_be_challenged: bool,
    /// The tenant's generation when it was minted; 0 before the first snapshot of the tenant.
    #[serde(default, skip_serializing_if = "is_first")]
    pub generation: u32,
    /// When the family was minted; compared with revocation cutoffs.
    pub family_issued_at: Instant,
    /// When this token was minted; inactivity is counted from it, and error texts include it.
    pub issued_at: Instant,
}

/// Whether a generation is the first one, which is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_first(generation: &u32) -> bool {
    *generation == 0
}

/// Writes the type of a redirect URI, or `none`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn write_redirect_type<S: Serializer>(
    kind: &Option<RedirectUriType>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.map_or("none", RedirectUriType::name))
}

fn read_redirect_type<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RedirectUriType>, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name == "none" {
        return Ok(None);
    }
    let kind = RedirectUriType::of_name(&name);
    kind.map(Some).ok_or_else(|| D::Error::custom(format_args!("unknown type of redirect URI '{name}'")))
}

impl SealedRefreshToken {
    /// Whether it was issued to a single-page application.
    #[must_use]
    pub fn is_spa(&self) -> bool {
        self.redirect_type == Some(RedirectUriType::Spa)
    }

    /// The token that replaces this one on redemption: same family, class and fixed expiry, new id
    /// and issue instant.
    #[must_use]
    pub fn child(&self, token_id: Uuid, issued_at: Instant) -> Self {
        Self { token_id, parent_id: Some(self.token_id), issued_at, ..self.clone() }
    }
}

impl SealedToken for SealedRefreshToken {
    const PURPOSE: &'static str = "refresh-token";
    const PREFIX: &'static str = "1.A";

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;
    use proptest::prelude::*;

    use super::*;
    use crate::{MalformedToken, Sealer};

    fn token() -> SealedRefreshToken {
        SealedRefreshToken {
            token_id: Uuid::from_u128(1),
            parent_id: None,
            family_id: Uuid::from_u128(2),
            client_id: ClientId::from_uuid(Uuid::from_u128(3)),
            user_id: UserId::from_uuid(Uuid::from_u128(4)),
            tenant: TenantId::from_uuid(Uuid::from_u128(5)),
            client_class: ClientClass::Confidential,
            password_based: true,
            amr: vec!["pwd".into()],
            auth_time: Instant::from_seconds(90),
            redirect_type: Some(RedirectUriType::Spa),
            fixed_expires_at: Some(Instant::from_seconds(86_500)),
            resource: "api://contoso-orders".into(),
            scopes: vec!["Orders.Read".into(), "offline_access".into()],
            bare: true,
            several: true,
            session_id: Some(SessionId::from_uuid(Uuid::from_u128(6))),
            address: Some(IpAddr::from([192, 0, 2, 1])),
            can_be_challenged: true,
            generation: 7,
            family_issued_at: Instant::from_micros(100_250_000),
            issued_at: Instant::from_micros(100_250_000),
        }
    }

    #[test]
    fn round_trips_with_the_same_key_only() {
        let sealer = Sealer::new(&[3; 32]);
        let mut stream = Randomness::from_seed(1).stream("refresh-token");
        let text = token().seal(&sealer, &mut stream);
        assert!(text.starts_with("1.A"));
        assert_eq!(SealedRefreshToken::open(&sealer, &text), Ok(token()));
        assert_eq!(SealedRefreshToken::open(&Sealer::new(&[4; 32]), &text), Err(MalformedToken));
    }

    #[test]
    fn a_token_names_the_tenant_whose_key_sealed_it() {
        let sealer = Sealer::new(&[3; 32]);
        let mut stream = Randomness::from_seed(1).stream("refresh-token");
        let tenant = TenantId::from_uuid(Uuid::from_u128(9));
        let text = token().seal_in(tenant, &sealer, &mut stream);
        assert_eq!(SealedRefreshToken::tenant_of(&text), Some(tenant));
        let opened = SealedRefreshToken::open(&sealer, &text).expect("it opens");
        assert_ne!(opened.tenant(), Some(tenant), "the content is of another one");
        assert_eq!(SealedRefreshToken::tenant_of(&token().seal(&sealer, &mut stream)), None);
        for other in ["", "1.A", "1.A.x", "1.Axx.yy", "eyJ.eyJ.sig"] {
            assert_eq!(SealedRefreshToken::tenant_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_without_capabilities_can_be_read() {
        let mut written = serde_json::to_value(token()).expect("JSON");
        assert_eq!(written["can_be_challenged"], true);
        written.as_object_mut().expect("an object").remove("can_be_challenged");
        let read: SealedRefreshToken = serde_json::from_value(written).expect("still read");
        assert!(!read.can_be_challenged);
    }

    #[test]
    fn a_grant_without_a_redirect_is_written_as_none() {
        for (kind, name) in [(None, "none"), (Some(RedirectUriType::PublicClient), "publicClient")] {
            let token = SealedRefreshToken { redirect_type: kind, ..token() };
            let written = serde_json::to_value(&token).expect("JSON");
            assert_eq!(written["redirect_type"], name);
            assert_eq!(serde_json::from_value::<SealedRefreshToken>(written.clone()).expect("read"), token);
            let mut unknown = written;
            unknown["redirect_type"] = "desktop".into();
            assert!(serde_json::from_value::<SealedRefreshToken>(unknown).is_err());
        }
    }

    #[test]
    fn another_kind_of_token_is_malformed() {
        #[derive(Serialize, Deserialize)]
        struct Code {
            family_id: Uuid,
        }
        impl SealedToken for Code {
            const PURPOSE: &'static str = "authorization-code";
            const PREFIX: &'static str = "1.A";
        }
        let sealer = Sealer::new(&[3; 32]);
        let mut stream = Randomness::from_seed(1).stream("code");
        let code = Code { family_id: Uuid::from_u128(2) }.seal(&sealer, &mut stream);
        assert_eq!(SealedRefreshToken::open(&sealer, &code), Err(MalformedToken));
        let refresh = token().seal(&sealer, &mut stream);
        assert!(Code::open(&sealer, &refresh).is_err());
    }

    #[test]
    fn a_child_keeps_the_family_and_its_expiry() {
        let parent = token();
        let child = parent.child(Uuid::from_u128(9), Instant::from_seconds(5_000));
        assert_eq!(child.parent_id, Some(parent.token_id));
        assert_eq!(child.issued_at, Instant::from_seconds(5_000));
        assert_eq!(
            (child.family_issued_at, child.fixed_expires_at, child.client_class, child.family_id),
            (parent.family_issued_at, parent.fixed_expires_at, parent.client_class, parent.family_id)
        );
        assert_eq!(child.token_id, Uuid::from_u128(9));
        assert!(child.is_spa());
        assert!(!SealedRefreshToken { redirect_type: Some(RedirectUriType::Web), ..child }.is_spa());
    }

    proptest! {
        #[test]
        fn garbage_is_malformed(text in "(1\\.A)?[A-Za-z0-9_.-]{0,300}") {
            prop_assert_eq!(SealedRefreshToken::open(&Sealer::new(&[3; 32]), &text), Err(MalformedToken));
        }
    }
}
