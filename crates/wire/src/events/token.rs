//! The token endpoint: tokens issued and refused.

use outlive_clock::{ClientId, Instant, SessionId, UserId};
use outlive_rules::aadsts::Aadsts;
use outlive_rules::{ClientClass, Question, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::example;
use crate::event::event;

/// An access token, by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedAccessToken {
    /// Its token id (the `uti` claim).
    pub uti: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// When it expires (virtual time).
    #[schema(value_type = String)]
    pub expires_at: Instant,
    /// Whether it is CAE-enabled; absent for tokens of the authorization endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<bool>,
}

/// A refresh token that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedRefreshToken {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The refresh token that was used for it.
    #[schema(value_type = Option<String>)]
    pub parent: Option<Uuid>,
    /// The family of all refresh tokens that come from one grant.
    #[schema(value_type = String)]
    pub family: Uuid,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether its client authenticated.
    #[schema(value_type = String)]
    pub client_class: ClientClass,
    /// Whether the user signed in with a password.
    pub password_based: bool,
    /// The browser session that it comes from.
    #[schema(value_type = Option<String>)]
    pub session: Option<SessionId>,
    /// When the grant was made (virtual time).
    #[schema(value_type = String)]
    pub family_issued_at: Instant,
    /// When it expires whatever happens, as for single-page applications.
    #[schema(value_type = Option<String>)]
    pub fixed_expires_at: Option<Instant>,
}

/// A refresh token that was presented and refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresentedRefreshToken {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The refresh token that was used for it.
    #[schema(value_type = Option<String>)]
    pub parent: Option<Uuid>,
    /// The family of all refresh tokens that come from one grant.
    #[schema(value_type = String)]
    pub family: Uuid,
    /// Its fingerprint.
    pub fingerprint: Option<String>,
    /// Whether its client authenticated.
    #[schema(value_type = String)]
    pub client_class: ClientClass,
    /// Whether the user signed in with a password.
    pub password_based: bool,
}

event! {
    /// Tokens were issued: by the token endpoint, or an access token by the authorization endpoint.
    TokenIssued = "token.issued" {
        /// The grant (`refresh_token`), or `implicit`.
        grant_type: String,
        /// The client.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Its name.
        client_name: String,
        /// Whether it authenticated.
        #[schema(value_type = String)]
        client_class: ClientClass,
        /// The user; absent for an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        user_id: Option<UserId>,
        /// The user principal name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<String>,
        /// The family of all refresh tokens that come from one grant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        family: Option<Uuid>,
        /// The browser session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        session: Option<SessionId>,
        /// The authentication methods (RFC 8176).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        amr: Vec<String>,
        /// The API: its identifier URI, or its client id.
        resource: String,
        /// The scopes of the access token, separated by spaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// The app roles of an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roles: Option<Vec<String>>,
        /// The access token.
        access_token: IssuedAccessToken,
        /// The refresh token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh_token: Option<IssuedRefreshToken>,
        /// The verdict on the grant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        verdict: Option<Verdict>,
        /// The question that was decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        question: Option<Question>,
        /// The `client-request-id` that the client sent, if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        correlation_id: Option<Uuid>,
    }
    notable |_| false,
    summary |event| match event.grant_type.as_str() {
        "refresh_token" => format!("{} refreshed its tokens for {}.", event.client_name, event.resource),
        grant => format!(
            "{} received tokens for {} by {}, as a {} client.",
            event.client_name,
            event.resource,
            grant.rsplit(':').next().unwrap_or(grant).replace(['_', '-'], " "),
            event.client_class.name()
        ),
    },
    example {
        grant_type: "refresh_token".to_owned(),
        client_id: example::desktop(),
        client_name: "Orders Desktop".to_owned(),
        client_class: ClientClass::Public,
        user_id: Some(example::owner()),
        upn: Some(example::OWNER_UPN.to_owned()),
        family: Some(example::uuid()),
        session: Some(example::session()),
        amr: vec!["pwd".to_owned()],
        resource: "api://contoso-orders".to_owned(),
        scope: Some("Orders.Read".to_owned()),
        roles: None,
        access_token: IssuedAccessToken {
            uti: "BwcHBwcHBwcHBwcHBwcHBw".to_owned(),
            fingerprint: "4f0c1d2e3a4b5c6d".to_owned(),
            expires_at: example::later(),
            evaluated: Some(false),
        },
        refresh_token: None,
        verdict: Some(example::question().decide()),
        question: Some(example::question()),
        correlation_id: Some(example::uuid()),
    },
}

event! {
    /// The lab forged a token, for a test of a validator.
    TokenForged = "token.forged" {
        /// Its fingerprint.
        fingerprint: String,
        /// Its token id (the `uti` claim), if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uti: Option<String>,
        /// Its audience, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
        /// The key that signed it: `signing`, `unknown` or `retired`.
        key: String,
        /// The algorithm: `RS256`, `HS256` or `none`.
        alg: String,
        /// The fingerprint of the token that it copies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        like: Option<String>,
    }
    notable |_| true,
    summary |event| {
        let audience = event.audience.as_deref().unwrap_or("no audience");
        match event.alg.as_str() {
            "none" => format!("The lab forged a token for {audience}, without a signature."),
            alg => format!("The lab forged a token for {audience}, with the {} key by {alg}.", event.key),
        }
    },
    example {
        fingerprint: "4f0c1d2e3a4b5c6d".to_owned(),
        uti: Some("BwcHBwcHBwcHBwcHBwcHBw".to_owned()),
        audience: Some("api://contoso-orders".to_owned()),
        key: "unknown".to_owned(),
        alg: "RS256".to_owned(),
        like: Some("0a1b2c3d4e5f6071".to_owned()),
    },
}

event! {
    /// A token request was refused.
    TokenRefused = "token.refused" {
        /// The grant, as it was requested.
        grant_type: Option<String>,
        /// The client id, as it was sent.
        client_id: Option<String>,
        /// The user name of a password grant, as it was sent.
        upn: Option<String>,
        /// The error code (`AADSTS50173`).
        #[schema(value_type = String)]
        code: Aadsts,
        /// The OAuth error (`invalid_grant`).
        error: String,
        /// The suberror.
        suberror: Option<String>,
        /// The error description, without the lines that name the request.
        description: String,
        /// The refresh token that was presented, if it can be read.
        refresh_token: Option<PresentedRefreshToken>,
        /// The verdict on what was presented, if there is one.
        #[schema(value_type = Option<Object>)]
        verdict: Option<Verdict>,
        /// The question that was decided.
        #[schema(value_type = Option<Object>)]
        question: Option<Question>,
        /// The correlation id of the request.
        #[schema(value_type = Option<String>)]
        correlation_id: Option<Uuid>,
    }
    notable |_| true,
    summary |event| match &event.verdict {
        Some(verdict) => format!("A token request was refused ({}). {}", event.code, verdict.explain()),
        None => format!("A token request was refused. {}", event.description),
    },
    example {
        grant_type: Some("refresh_token".to_owned()),
        client_id: Some(example::desktop().to_string()),
        upn: None,
        code: outlive_rules::aadsts::FRESH_TOKEN_NEEDED,
        error: "invalid_grant".to_owned(),
        suberror: None,
        description: "AADSTS50173: The provided grant has expired due to it being revoked.".to_owned(),
        refresh_token: None,
        verdict: None,
        question: None,
        correlation_id: Some(example::uuid()),
    },
}
