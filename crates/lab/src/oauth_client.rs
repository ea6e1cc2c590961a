//! An application as the identity provider sees it: authorization code with PKCE, refresh, client credentials (RFC 6749,
//! RFC 7636). It has no other way in than any client.

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

/// One registered application, about to get tokens. Holds its secret: no `Debug`.
#[derive(Clone)]
pub struct OAuthClient {
    /// The identity provider's origin as browsers and clients see it.
    pub idp: String,
    /// The tenant whose endpoints it uses.
    pub tenant: TenantId,
    /// Its client id.
    pub client_id: String,
    /// Its secret; public clients have none.
    pub secret: Option<String>,
    /// Where codes are sent.
    pub redirect_uri: String,
    /// The `Origin` it redeems codes from: single-page applications must send one.
    pub origin: Option<String>,
    /// Whether it says that it can meet a claims challenge (`cp1`, "Claims challenges, claims requests, and client capabilities").
    pub can_be_challenged: bool,
}

/// What such a client says at the authorization endpoint and with every token request.
const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// What the token endpoint gave.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    /// The access token.
    #[serde(default)]
    pub access_token: String,
    /// The refresh token, if one was given.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// The scopes granted.
    #[serde(default)]
    pub scope: String,
    /// Seconds until the access token expires, counted from its issue in virtual time. A number on v2.0, a text on v1.0.
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    /// Seconds until the access token expires, counted from its issue in virtual time.
    #[must_use]
    pub fn expires_in_s(&self) -> i64 {
        self.expires_in.as_i64().or_else(|| self.expires_in.as_str()?.parse().ok()).unwrap_or(0)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What the issuer said instead of giving tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; 302 when it came through a redirect.
    pub status: u16,
    /// OAuth `error`.
    pub error: String,
    /// `AADSTS` number.
    pub aadsts: Option<u32>,
    /// `suberror`.
    pub suberror: Option<String>,
    /// The whole text.
    pub description: String,
    /// The trace it was told in.
    pub trace_id: Option<String>,
}

impl Refusal {
    /// Reads a token endpoint's error body.
    #[must_use]
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
        // What follows names the request, not the reason.
        let sentence = self.description.split("Trace ID:").next().unwrap_or_default();
        write!(f, ": {}", sentence.trim_end())
    }
}

/// No tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OAuthError {
    /// The issuer said no.
    #[error("{0}")]
    Refused(Refusal),
    /// The browser did not get through for another reason.
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
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Browser(error) => error.is_temporary(),
            Self::Refused(refusal) => refusal.status == 429 || refusal.status >= 500,
            Self::NoCode => false,
        }
    }
}

/// An authorization request, and what proves later that it was ours.
struct Asked {
    authorize: Url,
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
    fn endpoint(&self, name: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{name}", self.idp, self.tenant)
    }

    /// Signs a person in: code with PKCE through `browser`, then redemption.
    ///
    /// # Errors
    /// The issuer said no, or did not answer.
    pub async fn sign_in(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        password: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let asked = self.ask(random, upn, scope)?;
        let stop = stops_at(&self.redirect_uri);
        let back = browser.sign_in(asked.authorize.clone(), upn, password, &stop).await?;
        self.redeem_code(http, &back, &asked, scope).await
    }

    /// The same with a passkey instead of a password.
    ///
    /// # Errors
    /// The issuer said no, or did not answer; or the authenticator has no passkey of this person's.
    pub async fn sign_in_with_passkey(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        authenticator: &mut Authenticator,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let asked = self.ask(random, upn, scope)?;
        let stop = stops_at(&self.redirect_uri);
        let back = authenticator.sign_in(browser, asked.authorize.clone(), upn, &stop).await?;
        self.redeem_code(http, &back, &asked, scope).await
    }

    /// The same with the session that the browser has, and nothing else (`prompt=none`): no page is shown.
    ///
    /// # Errors
    /// The issuer said that somebody has to be asked, or did not answer.
    pub async fn sign_in_by_session(
        &self,
        http: &Http,
        browser: &mut Browser,
        random: &Randomness,
        upn: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let mut asked = self.ask(random, upn, scope)?;
        asked.authorize.query_pairs_mut().append_pair("prompt", "none");
        match browser.open(asked.authorize.clone(), &stops_at(&self.redirect_uri)).await? {
            Arrival::Stop(back) => self.redeem_code(http, &back, &asked, scope).await,
            Arrival::Page(page) => Err(refused(&page).into()),
        }
    }

    fn ask(&self, random: &Randomness, upn: &str, scope: &str) -> Result<Asked, OAuthError> {
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
        if self.can_be_challenged {
            authorize.query_pairs_mut().append_pair("claims", CAPABILITY);
        }
        Ok(Asked { authorize, verifier })
    }

    async fn redeem_code(
        &self,
        http: &Http,
        back: &Url,
        asked: &Asked,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let code = code_of(back)?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("code_verifier", &asked.verifier),
        ];
        self.redeem(http, &mut fields).await
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// The issuer said no, or did not answer.
    pub async fn refresh(&self, http: &Http, refresh_token: &str, scope: &str) -> Result<Tokens, OAuthError> {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        if !scope.is_empty() {
            fields.push(("scope", scope));
        }
        self.redeem(http, &mut fields).await
    }

    /// Gets a token for the application itself.
    ///
    /// # Errors
    /// The issuer said no, or did not answer.
    pub async fn client_credentials(&self, http: &Http, scope: &str) -> Result<Tokens, OAuthError> {
        self.redeem(http, &mut vec![("grant_type", "client_credentials"), ("scope", scope)]).await
    }

    async fn redeem<'a>(
        &'a self,
        http: &Http,
        fields: &mut Vec<(&'static str, &'a str)>,
    ) -> Result<Tokens, OAuthError> {
        fields.push(("client_id", &self.client_id));
        fields.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        fields.extend(self.can_be_challenged.then_some(("claims", CAPABILITY)));
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

/// Whether an address is the redirect URI: same scheme, host, port (any, on loopback) and path.
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

/// The code in a redirect, or the error it carries instead.
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

/// `base` with query parameters.
pub(crate) fn with_query(base: &str, pairs: &[(&str, &str)]) -> Result<Url, CallError> {
    Url::parse_with_params(base, pairs).map_err(|error| CallError {
        call: base.to_owned(),
        problem: format!("is no address: {error}"),
        status: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_gives_its_code_or_its_error() {
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
    fn only_the_redirect_uri_itself_is_the_end() {
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
