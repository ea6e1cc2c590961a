//! What a user at a browser does.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::tenant_api::{Pending, TenantApi};

/// A sign-in, see [`Tenant::sign_in`](crate::Tenant::sign_in). Await it for the [`Tokens`].
#[must_use = "nothing happens until it is awaited"]
pub struct SignIn<'a> {
    tenant: &'a TenantApi,
    request: Value,
}

impl<'a> SignIn<'a> {
    pub(crate) const fn new(tenant: &'a TenantApi, request: Value) -> Self {
        Self { tenant, request }
    }

    /// The requested scopes, separated by spaces; by default those of the orders API with a refresh
    /// token.
    pub fn scope(self, scopes: &str) -> Self {
        self.member("scope", scopes)
    }

    /// With a passkey, which the user registers before, instead of the password.
    pub fn with_passkey(self) -> Self {
        self.member("with", "passkey")
    }

    /// With the browser session of an earlier sign-in, without interaction.
    pub fn with_session(self, session: &str) -> Self {
        self.member("with", "session").member("session", session)
    }

    /// With this password, if it was changed elsewhere than through the lab.
    pub fn with_password(self, password: &str) -> Self {
        self.member("password", password)
    }

    fn member(mut self, name: &str, value: &str) -> Self {
        self.request[name] = value.into();
        self
    }
}

impl<'a> IntoFuture for SignIn<'a> {
    type Output = Result<Tokens, Error>;
    type IntoFuture = Pending<'a, Tokens>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.tenant.post("/sign_in", &self.request).await })
    }
}

/// The tokens of an application.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, if the scopes include `offline_access`.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// The granted scopes.
    pub scope: String,
    /// Lifetime of the access token in seconds (virtual time).
    pub expires_in: i64,
    /// The session of the browser, for [`SignIn::with_session`].
    #[serde(default)]
    pub session: Option<String>,
}

/// The authorization response that the browser brings to the redirect URI.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationResponse {
    /// The authorization code.
    pub code: String,
    /// The `state` of the request.
    #[serde(default)]
    pub state: Option<String>,
    /// The address to which the issuer redirected the browser. The lab did not open it.
    pub redirect_url: String,
    /// Every parameter of the response, by name.
    pub parameters: BTreeMap<String, String>,
    /// The session of the browser, for [`SignIn::with_session`].
    #[serde(default)]
    pub session: Option<String>,
}

impl fmt::Debug for SignIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationResponse").finish_non_exhaustive()
    }
}
