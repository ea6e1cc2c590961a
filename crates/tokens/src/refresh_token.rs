//! What a refresh token carries.

use std::net::IpAddr;

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::SealedToken;

/// Whether the client authenticated at the token request that minted the grant.
///
/// The first of the two things that decide which column of the revocation table a refresh token stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientClass {
    /// No client credential was presented: native and single-page applications, device code, ROPC without a secret.
    Public,
    /// A secret, certificate or federated credential was presented.
    Confidential,
}

/// The registered type of the redirect URI through which the grant was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RedirectType {
    /// A web application with a server of its own.
    Web,
    /// A single-page application: refresh tokens end at a fixed instant, 24 hours after the first.
    Spa,
    /// A native application (loopback or custom scheme).
    PublicClient,
    /// No redirect was involved (device code, ROPC).
    None,
}

/// The content of a refresh token: self-contained, so that redeeming it needs no look-up of the token itself.
///
/// Revocation compares these values with the state of user, session, grant and application. All instants are virtual time
/// of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRefreshToken {
    /// This token.
    pub token_id: Uuid,
    /// The token whose redemption minted this one; `None` for the first of a family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// All tokens that go back to one grant.
    pub family_id: Uuid,
    /// Whose application it was issued to.
    pub client_id: ClientId,
    /// Whose consent it carries.
    pub user_id: UserId,
    /// Where it was issued.
    pub tenant: TenantId,
    /// How the client stood when the grant was minted; a refresh never changes it.
    pub client_class: ClientClass,
    /// Whether the session that authorised it was established with a password.
    pub password_based: bool,
    /// How the user authenticated (`pwd`, `mfa`, …).
    pub amr: Vec<String>,
    /// When the user last authenticated interactively.
    pub auth_time: Instant,
    /// Through which kind of redirect URI it was obtained.
    pub redirect_type: RedirectType,
    /// The instant at which it ends whatever happens; children inherit it. Set for single-page applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_expires_at: Option<Instant>,
    /// The resource of the first request (its application id URI or client id).
    pub resource: String,
    /// Whether the first request named its scopes without a resource: those of Microsoft Graph.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// Whether the grant spans several resources: then a refresh has to name one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub several: bool,
    /// The scopes of the first request: names, `.default`, and those of OpenID Connect.
    pub scopes: Vec<String>,
    /// The browser session that authorised it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Where the user came from when they signed in, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Whether the client said that it can answer claims challenges (`cp1`); later requests need not say it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_be_challenged: bool,
    /// When the family was minted: what revocation cut-offs are compared with.
    pub family_issued_at: Instant,
    /// When this token was minted: what inactivity is counted from, and what error texts print.
    pub issued_at: Instant,
}

impl SealedRefreshToken {
    /// Whether it belongs to a single-page application.
    #[must_use]
    pub fn is_spa(&self) -> bool {
        self.redirect_type == RedirectType::Spa
    }

    /// The token that replaces this one at its redemption: same family, class and fixed end, a new id and issue instant.
    #[must_use]
    pub fn child(&self, token_id: Uuid, issued_at: Instant) -> Self {
        Self { token_id, parent_id: Some(self.token_id), issued_at, ..self.clone() }
    }
}

impl SealedToken for SealedRefreshToken {
    const PURPOSE: &'static str = "refresh-token";
    const PREFIX: &'static str = "1.A";
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
            redirect_type: RedirectType::Spa,
            fixed_expires_at: Some(Instant::from_seconds(86_500)),
            resource: "api://contoso-orders".into(),
            scopes: vec!["Orders.Read".into(), "offline_access".into()],
            bare: true,
            several: true,
            session_id: Some(SessionId::from_uuid(Uuid::from_u128(6))),
            address: Some(IpAddr::from([192, 0, 2, 1])),
            can_be_challenged: true,
            family_issued_at: Instant::from_micros(100_250_000),
            issued_at: Instant::from_micros(100_250_000),
        }
    }

    #[test]
    fn comes_back_as_it_went() {
        let sealer = Sealer::new(&[3; 32]);
        let mut stream = Randomness::from_seed(1).stream("refresh-token");
        let text = token().seal(&sealer, &mut stream);
        assert!(text.starts_with("1.A"));
        assert_eq!(SealedRefreshToken::open(&sealer, &text), Ok(token()));
        assert_eq!(SealedRefreshToken::open(&Sealer::new(&[4; 32]), &text), Err(MalformedToken));
    }

    #[test]
    fn a_token_from_before_there_were_capabilities_has_none() {
        let mut written = serde_json::to_value(token()).expect("JSON");
        assert_eq!(written["can_be_challenged"], true);
        written.as_object_mut().expect("an object").remove("can_be_challenged");
        let read: SealedRefreshToken = serde_json::from_value(written).expect("still read");
        assert!(!read.can_be_challenged);
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
    fn a_child_keeps_what_decides_its_fate() {
        let parent = token();
        let child = parent.child(Uuid::from_u128(9), Instant::from_seconds(5_000));
        assert_eq!(child.parent_id, Some(parent.token_id));
        assert_eq!(child.issued_at, Instant::from_seconds(5_000));
        assert_eq!(
            (child.family_issued_at, child.fixed_expires_at, child.client_class, child.family_id),
            (parent.family_issued_at, parent.fixed_expires_at, parent.client_class, parent.family_id)
        );
        assert!(child.is_spa());
    }

    proptest! {
        #[test]
        fn garbage_is_malformed(text in "(1\\.A)?[A-Za-z0-9_.-]{0,300}") {
            prop_assert_eq!(SealedRefreshToken::open(&Sealer::new(&[3; 32]), &text), Err(MalformedToken));
        }
    }
}
