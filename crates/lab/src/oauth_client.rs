//! An OAuth client: authorization code with PKCE, refresh, client credentials (RFC 6749, RFC 7636).
//! It uses the public endpoints only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Randomness, TenantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::browser::{Arrival, Authenticator, Browser, BrowserError, refused};
use crate::http::{Answer, CallError, Http, send};

/// A registered application. Contains its secret: no `Debug`.
#[derive(Clone)]
pub(crate) struct OAuthClient {
    /// The public origin of the identity provider.
    pub idp: String,
    pub tenant: TenantId,
    pub client_id: String,
    /// The client secret, unless it is a public client.
    pub secret: Option<String>,
    pub redirect_uri: String,
    /// The `Origin` of its token requests, which single-page applications must send.
    pub origin: Option<String>,
    /// Whether it declares the capability `cp1`: it handles claims challenges ("Claims challenges,
    /// claims requests, and client capabilities").
    pub cae_capable: bool,
}

/// The `claims` parameter of such a client, at the authorization and the token endpoint.
const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// A token response.
#[derive(Clone, Deserialize)]
pub(crate) struct Tokens {
    #[serde(default)]
    pub access_token: String,
    /// The refresh token, if one was issued.
    pub refresh_token: Option<String>,
    /// The ID token, if `openid` was requested.
    #[serde(default)]
    pub id_token: Option<String>,
    /// The scopes granted.
    #[serde(default)]
    pub scope: String,
    /// Lifetime of the access token in seconds (virtual time): a number on v2.0, a string on v1.0.
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    /// Returns a token that has no refresh token.
    pub(crate) fn of_access_token(access_token: String) -> Self {
        Self {
            access_token,
            refresh_token: None,
            id_token: None,
            scope: String::new(),
            expires_in: Value::Null,
        }
    }

    /// Returns the lifetime of the access token in seconds (virtual time).
    pub(crate) fn expires_in_s(&self) -> i64 {
        self.expires_in.as_i64().or_else(|| self.expires_in.as_str()?.parse().ok()).unwrap_or(0)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// An error response of the issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; 302 for an error in a redirect.
    pub status: u16,
    /// OAuth `error`.
    pub error: String,
    /// `AADSTS` number.
    pub aadsts: Option<u32>,
    /// `suberror`.
    pub suberror: Option<String>,
    /// The `error_description`.
    pub description: String,
    /// The `trace_id`.
    pub trace_id: Option<String>,
}

impl Refusal {
    /// Reads an error response of the token endpoint.
    pub fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            status: answer.status,
            error: text("error").unwrap_or_default(),
            aadsts: json
                .pointer("/error_codes/0")
                .and_then(Value::as_u64)
                .and_then(|code| code.try_into().ok()),
            suberror: text("suberror"),
            description: text("error_description").unwrap_or_else(|| crate::http::excerpt(&answer.body)),
            trace_id: text("trace_id"),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.error.is_empty() {
            write!(f, " {}", self.error)?;
        }
        if let Some(suberror) = &self.suberror {
            write!(f, " ({suberror})")?;
        }
        // The rest identifies the request.
        let sentence = self.description.split("Trace ID:").next().unwrap_or_default();
        write!(f, ": {}", sentence.trim_end())
    }
}

/// Why no tokens were obtained.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OAuthError {
    /// The issuer refused the request.
    #[error("{0}")]
    Refused(Refusal),
    /// The sign-in in the browser failed.
    #[error(transparent)]
    Browser(BrowserError),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The redirect carries neither a code nor an error.
    #[error("the redirect back carries neither a code nor an error")]
    NoCode,
}

impl OAuthError {
    /// Whether the same may succeed later: the issuer did not answer, or cannot answer at present.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Browser(error) => error.is_temporary(),
            Self::Refused(refusal) => refusal.status == 429 || refusal.status >= 500,
            Self::NoCode => false,
        }
    }
}

/// An authorization request with its code verifier.
pub(crate) struct AuthorizationRequest {
    pub(crate) authorize: Url,
    verifier: String,
}

impl From<BrowserError> for OAuthError {
    fn from(error: BrowserError) -> Self {
        match error {
            BrowserError::Refused { text, aadsts, status, .. } => {
                Self::Refused(Refusal { status, aadsts, description: text, ..Refusal::default() })
            }
            other => Self::Browser(other),
        }
    }
}

impl OAuthClient {
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{name}", self.idp, self.tenant)
    }

    /// Signs a user in with a password in `browser`, and redeems the code (PKCE).
    pub(crate) async fn sign_in(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        password: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let request = self.authorization_request(random, upn, scope)?;
        let stop = stops_at(&self.redirect_uri);
        let back = browser.sign_in(request.authorize.clone(), upn, password, &stop).await?;
        self.redeem_code(http, &back, &request, scope).await
    }

    /// Signs a user in with a passkey, and redeems the code.
    pub(crate) async fn sign_in_with_passkey(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        authenticator: &mut Authenticator,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let request = self.authorization_request(random, upn, scope)?;
        let stop = stops_at(&self.redirect_uri);
        let back = authenticator.sign_in(browser, request.authorize.clone(), upn, &stop).await?;
        self.redeem_code(http, &back, &request, scope).await
    }

    /// Signs a user in with the session of the browser, without interaction (`prompt=none`), and
    /// redeems the code.
    pub(crate) async fn sign_in_by_session(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let mut request = self.authorization_request(random, upn, scope)?;
        request.authorize.query_pairs_mut().append_pair("prompt", "none");
        match browser.open(request.authorize.clone(), &stops_at(&self.redirect_uri)).await? {
            Arrival::Stop(back) => self.redeem_code(http, &back, &request, scope).await,
            Arrival::Page(page) => Err(refused(&page).into()),
        }
    }

    pub(crate) fn authorization_request(
        &self,
        random: &Randomness,
        upn: &str,
        scope: &str,
    ) -> Result<AuthorizationRequest, OAuthError> {
        let verifier = URL_SAFE_NO_PAD.encode(random.stream("pkce-verifier").bytes::<32>());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let state = random.stream("oauth-state").uuid().to_string();
        let mut authorize = with_query(
            &self.endpoint("authorize"),
            &[
                ("client_id", &self.client_id),
                ("response_type", "code"),
                ("redirect_uri", &self.redirect_uri),
                ("response_mode", "query"),
                ("scope", scope),
                ("state", &state),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
                ("login_hint", upn),
            ],
        )?;
        if self.cae_capable {
            authorize.query_pairs_mut().append_pair("claims", CAPABILITY);
        }
        Ok(AuthorizationRequest { authorize, verifier })
    }

    pub(crate) async fn redeem_code(
        &self,
        http: &Http,
        back: &Url,
        authorization: &AuthorizationRequest,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let code = code_of(back)?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("code_verifier", &authorization.verifier),
        ];
        self.request_token(http, &mut fields).await
    }

    /// Redeems a refresh token.
    pub(crate) async fn refresh(
        &self,
        http: &Http,
        refresh_token: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        if !scope.is_empty() {
            fields.push(("scope", scope));
        }
        self.request_token(http, &mut fields).await
    }

    /// Requests an app-only token.
    pub(crate) async fn client_credentials(&self, http: &Http, scope: &str) -> Result<Tokens, OAuthError> {
        self.request_token(http, &mut vec![("grant_type", "client_credentials"), ("scope", scope)]).await
    }

    pub(crate) async fn request_token<'a>(
        &'a self,
        http: &Http,
        fields: &mut Vec<(&'static str, &'a str)>,
    ) -> Result<Tokens, OAuthError> {
        fields.push(("client_id", &self.client_id));
        fields.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        fields.extend(self.cae_capable.then_some(("claims", CAPABILITY)));
        let mut request = http.request(Method::POST, &self.endpoint("token")).form(&fields);
        if let Some(origin) = &self.origin {
            request = request.header("Origin", origin);
        }
        let answer = send(request).await?;
        if answer.status == 200 {
            Ok(answer.expect()?)
        } else {
            Err(OAuthError::Refused(Refusal::of(&answer)))
        }
    }
}

/// Returns a predicate for addresses with the scheme, host, port and path of the redirect URI.
pub(crate) fn stops_at(redirect_uri: &str) -> impl Fn(&Url) -> bool + Sync + use<> {
    let wanted = Url::parse(redirect_uri).ok();
    move |url: &Url| {
        wanted.as_ref().is_some_and(|wanted| {
            url.scheme() == wanted.scheme()
                && url.host_str() == wanted.host_str()
                && url.port_or_known_default() == wanted.port_or_known_default()
                && url.path() == wanted.path()
        })
    }
}

/// Returns the code in a redirect, or the error in it.
pub(crate) fn code_of(back: &Url) -> Result<String, OAuthError> {
    let value =
        |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if let Some(code) = value("code") {
        return Ok(code);
    }
    let error = value("error").ok_or(OAuthError::NoCode)?;
    let description = value("error_description").unwrap_or_default();
    Err(OAuthError::Refused(Refusal {
        status: 302,
        error,
        aadsts: crate::browser::aadsts_in(&description),
        suberror: value("error_subcode"),
        description,
        trace_id: None,
    }))
}

/// Appends query parameters to `base`.
pub(crate) fn with_query(base: &str, pairs: &[(&str, &str)]) -> Result<Url, CallError> {
    Url::parse_with_params(base, pairs).map_err(|error| CallError {
        call: base.to_owned(),
        problem: format!("is not a valid URL: {error}"),
        status: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_code_or_the_error_of_a_redirect() {
        let back = |query: &str| Url::parse(&format!("http://localhost/?{query}")).expect("valid");
        assert_eq!(code_of(&back("code=abc&state=1")).expect("a code"), "abc");
        let refused = code_of(&back("error=access_denied&error_description=AADSTS65004%3A+User+declined"));
        match refused {
            Err(OAuthError::Refused(refusal)) => {
                assert_eq!((refusal.error.as_str(), refusal.aadsts), ("access_denied", Some(65004)));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(code_of(&back("x=1")), Err(OAuthError::NoCode)));
    }

    #[test]
    fn stops_only_at_the_redirect_uri() {
        let stop = stops_at("http://localhost");
        for (url, ends) in [
            ("http://localhost/?code=1", true),
            ("http://localhost:8701/?code=1", false),
            ("http://localhost/x", false),
        ] {
            assert_eq!(stop(&Url::parse(url).expect("valid")), ends, "{url}");
        }
    }
}
