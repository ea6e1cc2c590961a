//! Requests and responses of the lab API that act as a user: fixing a connection, redeeming a code.

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
    /// The owner's present password, if it was changed elsewhere than through the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
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
