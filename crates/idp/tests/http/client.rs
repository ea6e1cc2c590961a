//! An application: its authorization requests and token requests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, RequestBuilder};
use sha2::{Digest, Sha256};
use url::Url;

use crate::browser::Browser;
use crate::tenant::{Answer, PASSWORD, Tenant, send};
use crate::tokens::Tokens;

/// The code verifier of all applications here, and its code challenge.
pub(crate) const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) http: Client,
    pub(crate) idp: String,
    /// The tenant segment of paths.
    pub(crate) segment: String,
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    /// The page's origin, for a single-page application.
    pub(crate) page_origin: Option<String>,
    pub(crate) v1: bool,
}

impl App {
    pub(crate) fn v1(self) -> Self {
        Self { v1: true, ..self }
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        let version = if self.v1 { "" } else { "v2.0/" };
        format!("{}/{}/oauth2/{version}{name}", self.idp, self.segment)
    }

    /// Returns an authorization request; `changes` adds and replaces parameters, and an empty value
    /// removes one.
    pub(crate) fn authorize_url(&self, scope: &str, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &self.redirect_uri),
            (if self.v1 { "resource" } else { "scope" }, scope),
            ("state", "a state"),
        ];
        let challenge = challenge();
        parameters.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        replace(&mut parameters, changes);
        Url::parse_with_params(&self.endpoint("authorize"), &parameters).expect("a URL").into()
    }

    /// Sends a token request; `changes` as above.
    pub(crate) async fn ask(&self, parameters: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
        let mut form = vec![("client_id", self.client_id.as_str())];
        form.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        form.extend_from_slice(parameters);
        replace(&mut form, changes);
        send(self.token_request().form(&form)).await
    }

    pub(crate) fn token_request(&self) -> RequestBuilder {
        let request = self.http.post(self.endpoint("token"));
        match &self.page_origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        }
    }

    /// Redeems a code and returns any response.
    pub(crate) async fn try_redeem(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.ask(&parameters, changes).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Tokens {
        Tokens::of(self.try_redeem(code, &[]).await)
    }

    /// Redeems a refresh token and returns any response.
    pub(crate) async fn try_refresh(&self, refresh_token: &str, changes: &[(&str, &str)]) -> Answer {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], changes).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Tokens {
        Tokens::of(self.try_refresh(refresh_token, &[]).await)
    }

    /// Sends a user's name and password (ROPC).
    pub(crate) async fn password(&self, upn: &str, password: &str, scope: &str) -> Answer {
        let name = if self.v1 { "resource" } else { "scope" };
        let form = [("grant_type", "password"), ("username", upn), ("password", password), (name, scope)];
        self.ask(&form, &[]).await
    }

    /// The same client without its credential.
    pub(crate) fn without_secret(self) -> Self {
        Self { secret: None, ..self }
    }

    pub(crate) async fn client_credentials(&self, scope: &str) -> Answer {
        let name = if self.v1 { "resource" } else { "scope" };
        self.ask(&[("grant_type", "client_credentials"), (name, scope)], &[]).await
    }

    /// Returns a code after all prompts, in a new browser.
    pub(crate) async fn code_for(&self, tenant: &Tenant, role: &str, scope: &str) -> String {
        self.code_in(&mut tenant.browser(), &tenant.upn(role), scope).await
    }

    pub(crate) async fn code_in(&self, browser: &mut Browser, upn: &str, scope: &str) -> String {
        browser.go_through(&self.authorize_url(scope, &[]), upn, PASSWORD).await.code()
    }

    /// Returns tokens after a sign-in with the initial password and consent.
    pub(crate) async fn sign_in(&self, tenant: &Tenant, role: &str, scope: &str) -> Tokens {
        self.redeem(&self.code_for(tenant, role, scope).await).await
    }
}

fn replace<'a>(parameters: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, &'a str)]) {
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        if !value.is_empty() {
            parameters.push((*name, *value));
        }
    }
}
