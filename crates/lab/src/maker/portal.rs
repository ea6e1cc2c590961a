//! The portal: who is at it, and how it gets tokens.

use std::collections::HashMap;

use outlive_clock::{Instant, Randomness, Span, TenantId};
use reqwest::Method;
use serde_json::Value;

use crate::browser::{Browser, BrowserError};
use crate::http::{Answer, CallError, Http, send};
use crate::oauth_client::{OAuthClient, OAuthError};

/// What the portal gets tokens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The hub.
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

/// Somebody who can sign in. Holds a password: its `Debug` shows the name only.
#[derive(Clone)]
pub struct Person {
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub id: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("upn", &self.upn).finish_non_exhaustive()
    }
}

/// Where the portal works: public origins, and the tenant.
#[derive(Clone, Debug)]
pub struct Places {
    /// The tenant, which is also its subscription.
    pub tenant: TenantId,
    /// The identity provider (Graph is on the same origin).
    pub idp: String,
    /// The hub.
    pub hub: String,
    /// The flow service.
    pub flow: String,
    /// The portal's client id.
    pub portal: String,
}

/// Something a maker wanted did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MakerError {
    /// The maker could not sign in to the portal.
    #[error("{who} cannot sign in to the portal: {why}")]
    SignIn {
        /// Who.
        who: String,
        /// Why.
        why: OAuthError,
    },
    /// The person could not sign in for a connection.
    #[error("signing in for the connection: {0}")]
    Consent(BrowserError),
    /// The consent came back without a code.
    #[error("signing in for the connection: {0}")]
    ConsentRefused(OAuthError),
    /// A call failed or was refused.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl MakerError {
    /// Whether the same may succeed later: a service did not answer, or cannot answer at present.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Consent(error) => error.is_temporary(),
            Self::SignIn { why: error, .. } | Self::ConsentRefused(error) => error.is_temporary(),
        }
    }
}

/// Where the portal is reached: never fetched, only recognised. The same as its registered redirect URI.
pub(crate) const PORTAL_REDIRECT: &str = "http://localhost";
/// A token is not used in its last minute of virtual time.
const MARGIN: Span = Span::from_minutes(1);

/// A person at the portal.
#[derive(Debug)]
pub struct Maker {
    pub(super) http: Http,
    pub(super) places: Places,
    pub(super) person: Person,
    pub(super) browser: Browser,
    random: Randomness,
    tokens: HashMap<Audience, (String, Instant)>,
}

impl Maker {
    /// A person who has not signed in yet.
    #[must_use]
    pub fn new(http: Http, places: Places, person: Person, random: Randomness) -> Self {
        let browser = Browser::new(http.clone());
        Self { http, places, person, browser, random, tokens: HashMap::new() }
    }

    /// Who it is.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// Lets what follows belong to another trace.
    pub fn follow(&mut self, http: &Http) {
        self.http = http.clone();
        self.browser.follow(http.clone());
    }

    /// The person has another password from now on.
    pub fn knows_password(&mut self, password: &str) {
        password.clone_into(&mut self.person.password);
    }

    /// The person's browser.
    pub const fn browser(&mut self) -> &mut Browser {
        &mut self.browser
    }

    /// An access token of the person's for `audience`, valid at virtual instant `now`; signs in if there is none.
    ///
    /// # Errors
    /// The issuer said no, or did not answer.
    pub async fn token(&mut self, audience: Audience, now: Instant) -> Result<String, MakerError> {
        if let Some((token, expires)) = self.tokens.get(&audience)
            && *expires > now + MARGIN
        {
            return Ok(token.clone());
        }
        let portal = OAuthClient {
            idp: self.places.idp.clone(),
            tenant: self.places.tenant,
            client_id: self.places.portal.clone(),
            secret: None,
            redirect_uri: PORTAL_REDIRECT.to_owned(),
            origin: None,
            can_be_challenged: false,
        };
        let Person { upn, password, .. } = &self.person;
        let scope = audience.scope();
        let signing_in = portal.sign_in(&self.http, &mut self.browser, &self.random, upn, password, scope);
        let tokens = signing_in.await.map_err(|why| MakerError::SignIn { who: upn.clone(), why })?;
        let expires = now + Span::from_seconds(tokens.expires_in_s());
        self.tokens.insert(audience, (tokens.access_token.clone(), expires));
        Ok(tokens.access_token)
    }

    pub(super) async fn call(
        &mut self,
        audience: Audience,
        now: Instant,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Answer, MakerError> {
        let token = self.token(audience, now).await?;
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(send(request).await?)
    }

    /// Calls Microsoft Graph as the person.
    ///
    /// # Errors
    /// No token, or no answer; a refusal by Graph is an answer.
    pub async fn graph(
        &mut self,
        now: Instant,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, MakerError> {
        let url = format!("{}{path}", self.places.idp);
        self.call(Audience::Graph, now, method, &url, body).await
    }
}
