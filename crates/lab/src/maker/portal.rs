//! The maker portal: the signed-in user, and the tokens of the portal.

use std::collections::HashMap;

use outlive_clock::{ClientId, Instant, Randomness, Span, TenantId};
use reqwest::Method;
use serde_json::Value;

use crate::browser::{Authenticator, Browser, BrowserError};
use crate::http::{Answer, CallError, Http, send};
use crate::oauth_client::{OAuthClient, OAuthError, Tokens};

/// An API that the portal calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    Hub,
    /// The flow service.
    Flow,
    /// Microsoft Graph.
    Graph,
}

impl Audience {
    const fn scope(self) -> &'static str {
        match self {
            Self::Hub => "https://apihub.azure.com/user_impersonation",
            // The resource's own URI ends in a slash, so the scope has two.
            Self::Flow => "https://service.flow.microsoft.com//User",
            Self::Graph => "https://graph.microsoft.com/.default",
        }
    }
}

/// A user's sign-in data. Contains a password: `Debug` shows the name only.
#[derive(Clone)]
pub(crate) struct UserAccount {
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: String,
    pub password: String,
}

impl std::fmt::Debug for UserAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserAccount").field("upn", &self.upn).finish_non_exhaustive()
    }
}

/// The tenant and the public origins that the portal uses.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    /// The tenant, which is also its subscription.
    pub tenant: TenantId,
    /// The identity provider (Graph is on the same origin).
    pub idp: String,
    pub hub: String,
    /// The flow service.
    pub flow: String,
    /// The portal's client id.
    pub portal: String,
}

/// A failed action of a maker.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MakerError {
    /// The user cannot sign in to the portal or an application.
    #[error("{who} cannot sign in: {why}")]
    SignIn {
        /// The sign-in name.
        who: String,
        /// The cause.
        why: OAuthError,
    },
    /// The user cannot sign in for a connection.
    #[error("consent for the connection failed: {0}")]
    Consent(BrowserError),
    /// The consent ended without an authorization code.
    #[error("consent for the connection failed: {0}")]
    ConsentRefused(OAuthError),
    /// A call failed or was rejected.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl MakerError {
    /// Whether the same may succeed later: a service did not answer, or cannot answer at present.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Consent(error) => error.is_temporary(),
            Self::SignIn { why: error, .. } | Self::ConsentRefused(error) => error.is_temporary(),
        }
    }
}

/// The registered redirect URI of the portal. It is recognized, never fetched.
pub(crate) const PORTAL_REDIRECT: &str = "http://localhost";
/// A token is not used in its last minute (virtual time).
const MARGIN: Span = Span::from_minutes(1);

/// A user of the portal.
#[derive(Debug)]
pub(crate) struct Maker {
    pub(super) http: Http,
    pub(super) endpoints: Endpoints,
    pub(super) user: UserAccount,
    pub(super) browser: Browser,
    /// Used instead of the password, if there is one.
    pub(super) passkey: Option<Authenticator>,
    random: Randomness,
    tokens: HashMap<Audience, (String, Instant)>,
}

impl Maker {
    /// Creates a user who has not signed in yet.
    pub(crate) fn new(http: Http, endpoints: Endpoints, user: UserAccount, random: Randomness) -> Self {
        let browser = Browser::new(http.clone());
        Self { http, endpoints, user, browser, passkey: None, random, tokens: HashMap::new() }
    }

    /// Makes the user sign in with a passkey of this authenticator.
    #[must_use]
    pub(crate) fn with_passkey(mut self, passkey: Authenticator) -> Self {
        self.passkey = Some(passkey);
        self
    }

    pub(crate) const fn user(&self) -> &UserAccount {
        &self.user
    }

    /// Makes later calls belong to the trace of `http`.
    pub(crate) fn set_http(&mut self, http: &Http) {
        self.http = http.clone();
        self.browser.set_http(http.clone());
    }

    /// Sets the password that the user signs in with from now on.
    pub(crate) fn set_password(&mut self, password: &str) {
        password.clone_into(&mut self.user.password);
    }

    /// Returns the same user in another browser, not signed in, without a passkey.
    pub(crate) fn in_new_browser(&self) -> Self {
        Self::new(self.http.clone(), self.endpoints.clone(), self.user.clone(), self.random.clone())
    }

    /// Discards the tokens of the portal, as if its page were closed. The browser stays signed in.
    pub(crate) fn discard_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Obtains tokens for the audiences that have no valid one, without interaction. Returns
    /// whether the portal has all of them: the issuer may require the user to sign in.
    pub(crate) async fn renew_tokens(
        &mut self,
        audiences: &[Audience],
        now: Instant,
    ) -> Result<bool, MakerError> {
        for audience in audiences {
            if self.valid_token(*audience, now).is_some() {
                continue;
            }
            let portal = self.portal();
            let (http, random, browser) = (&self.http, &self.random, &mut self.browser);
            let scope = audience.scope();
            match portal.sign_in_by_session(http, browser, random, &self.user.upn, scope).await {
                Ok(tokens) => drop(self.keep(*audience, tokens, now)),
                Err(why @ OAuthError::Refused(_)) if !why.is_temporary() => return Ok(false),
                Err(why) => return Err(MakerError::SignIn { who: self.user.upn.clone(), why }),
            }
        }
        Ok(true)
    }

    /// Signs the user in to a native application, in the same browser. The application gets its
    /// tokens, which the lab discards.
    pub(crate) async fn sign_in_to(
        &mut self,
        client_id: ClientId,
        redirect_uri: &str,
        scope: &str,
    ) -> Result<(), MakerError> {
        let application = OAuthClient {
            client_id: client_id.to_string(),
            redirect_uri: redirect_uri.to_owned(),
            ..self.portal()
        };
        let UserAccount { upn, password, .. } = &self.user;
        let (http, random, browser) = (&self.http, &self.random, &mut self.browser);
        let signed_in = application.sign_in(http, browser, random, upn, password, scope).await;
        signed_in.map(drop).map_err(|why| MakerError::SignIn { who: upn.clone(), why })
    }

    fn valid_token(&self, audience: Audience, now: Instant) -> Option<&str> {
        let (token, expires) = self.tokens.get(&audience)?;
        (*expires > now + MARGIN).then_some(token)
    }

    /// The portal, as a client.
    fn portal(&self) -> OAuthClient {
        OAuthClient {
            idp: self.endpoints.idp.clone(),
            tenant: self.endpoints.tenant,
            client_id: self.endpoints.portal.clone(),
            secret: None,
            redirect_uri: PORTAL_REDIRECT.to_owned(),
            origin: None,
            cae_capable: false,
        }
    }

    fn keep(&mut self, audience: Audience, tokens: Tokens, now: Instant) -> String {
        let expires = now + Span::from_seconds(tokens.expires_in_s());
        self.tokens.insert(audience, (tokens.access_token.clone(), expires));
        tokens.access_token
    }

    /// Returns an access token of the user for `audience` that is valid at the virtual instant
    /// `now`. Signs in if necessary.
    pub(crate) async fn token(&mut self, audience: Audience, now: Instant) -> Result<String, MakerError> {
        if let Some(token) = self.valid_token(audience, now) {
            return Ok(token.to_owned());
        }
        let portal = self.portal();
        let UserAccount { upn, password, .. } = &self.user;
        let scope = audience.scope();
        let (http, random, browser) = (&self.http, &self.random, &mut self.browser);
        let signed_in = match &mut self.passkey {
            Some(passkey) => portal.sign_in_with_passkey(http, browser, random, upn, passkey, scope).await,
            None => portal.sign_in(http, browser, random, upn, password, scope).await,
        };
        let tokens = signed_in.map_err(|why| MakerError::SignIn { who: upn.clone(), why })?;
        Ok(self.keep(audience, tokens, now))
    }

    pub(super) async fn call(
        &mut self,
        audience: Audience,
        now: Instant,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Answer, MakerError> {
        self.call_with(audience, now, (method, url), &[], body).await
    }

    /// Like `call`, with more headers.
    pub(super) async fn call_with(
        &mut self,
        audience: Audience,
        now: Instant,
        (method, url): (Method, &str),
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, MakerError> {
        let token = self.token(audience, now).await?;
        let mut request = self.http.request(method, url).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(send(request).await?)
    }

    /// Calls Microsoft Graph as the user.
    pub(crate) async fn graph(
        &mut self,
        now: Instant,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, MakerError> {
        let url = format!("{}{path}", self.endpoints.idp);
        self.call(Audience::Graph, now, method, &url, body).await
    }
}
