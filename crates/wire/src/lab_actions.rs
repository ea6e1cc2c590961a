//! Requests and responses of the lab API that act as a user: fixing a connection, redeeming a code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Fixes a connection for its owner.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionFix {
    /// Where the browser returns after the sign-in, for a connection with tokens: a URL on this
    /// machine, or of an origin that the hub was given. It gets the parameter `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// The new password or key, for a connection that stores one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether the lab signs the owner in at the link, instead of returning it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Signs a user in to an application, in a new browser, through the pages of the issuer.
///
/// Either `app` names the application, or `authorize_url` is what it opened in a browser. No
/// `Debug`: it may contain a password or a session.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The user: role, sign-in name or object id.
    pub user: String,
    /// The application: name or client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The authorization request of the application under test, as its library built it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize_url: Option<String>,
    /// The requested scopes, separated by spaces; by default those of the orders API with a refresh
    /// token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How the user signs in.
    #[serde(default)]
    pub with: SignInMethod,
    /// Whether the application declares that it handles claims challenges (`cp1`).
    #[serde(default)]
    pub can_be_challenged: bool,
    /// Whether the lab redeems the code and returns tokens, instead of the code.
    #[serde(default)]
    pub redeem: bool,
    /// Where the code is sent; by default the first redirect URI of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// The `nonce` of the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The `state` that is returned with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The code challenge (PKCE, method S256) of a code that the caller redeems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// The browser session of an earlier answer, for `with: session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The user's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// With the password.
    #[default]
    Password,
    /// With a passkey, which the user registers before, on the security info page.
    Passkey,
    /// With the browser session of an earlier answer, without interaction (`prompt=none`).
    Session,
}

/// What a sign-in led to.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SignInAnswer {
    /// The tokens, if the lab redeemed the code.
    Tokens(SignedIn),
    /// The code, for the application to redeem.
    Code(AuthorizationAnswer),
}

/// The authorization response that the browser brought to the redirect URI. No `Debug`: it contains
/// a code and a session.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationAnswer {
    /// The authorization code.
    pub code: String,
    /// The `state` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The address to which the issuer redirected the browser. The lab did not open it.
    pub redirect_url: String,
    /// Every parameter of the response, by name, as libraries expect it.
    pub parameters: BTreeMap<String, String>,
    /// The session of the browser, for `with: session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// The tokens of an application. No `Debug`: they are credentials.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// The refresh token, if the scopes include `offline_access`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The scopes granted.
    pub scope: String,
    /// Lifetime of the access token in seconds (virtual time).
    pub expires_in: i64,
    /// The session of the browser, for `with: session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// What remains to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionFixed {
    /// Where the owner signs in; absent if the connection is fixed.
    pub link: Option<String>,
}

/// Confirms the sign-in for a connection.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionConfirmation {
    /// The code with which the browser returned.
    pub code: String,
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Shares a connection as its owner, or stops to.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionShare {
    /// The user: sign-in name or object id.
    pub with: String,
    /// Whether the user may no longer use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Redeems an authorization code, as a public client of the tenant would.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRedemption {
    /// The client.
    pub client_id: String,
    /// The code.
    pub code: String,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The code verifier (PKCE).
    pub code_verifier: String,
}

/// The response of the token endpoint.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CodeRedeemed {
    /// The HTTP status.
    pub status: u16,
    /// The body: tokens, or an error.
    #[schema(value_type = Object)]
    pub body: Value,
}
