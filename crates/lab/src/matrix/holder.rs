//! The person whose credentials a row is about: how they are got, and how each is used.

use outlive_clock::{Randomness, Span, TenantId};
use outlive_rules::{Credential, Event, Fate, Verdict};
use url::Url;

use super::MatrixError;
use crate::browser::{Authenticator, Browser};
use crate::conductor::Target;
use crate::http::Http;
use crate::oauth_client::{OAuthClient, OAuthError, Tokens};
use crate::tenants::{Handout, HandoutUser, Tenants};

/// What the clients ask for.
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

/// A person with two browsers: in one they typed a password, in the other they used a passkey.
pub(super) struct Holder<'a> {
    pub(super) tenants: &'a Tenants,
    pub(super) tenant: TenantId,
    pub(super) handout: Handout,
    pub(super) http: Http,
    pub(super) random: Randomness,
    row: Event,
    pub(super) owner: HandoutUser,
    pub(super) public: OAuthClient,
    confidential: OAuthClient,
    pub(super) by_password: SignedIn,
    pub(super) by_passkey: SignedIn,
    confidential_token: String,
}

/// A browser after a sign-in, and the refresh token that a public client got in it.
pub(super) struct SignedIn {
    pub(super) browser: Browser,
    cookie: String,
    token: String,
}

impl SignedIn {
    fn not_yet(http: &Http) -> Self {
        Self { browser: Browser::new(http.clone()), cookie: String::new(), token: String::new() }
    }
}

impl<'a> Holder<'a> {
    pub(super) fn new(tenants: &'a Tenants, handout: Handout, row: Event) -> Result<Self, MatrixError> {
        let tenant: TenantId =
            handout.tenant_id.parse().map_err(|_| MatrixError::Seed("a tenant with an id"))?;
        let http = tenants.surface().http().clone();
        let client = |name: &'static str| {
            let application = handout.application(name).ok_or(MatrixError::Seed(name))?;
            Ok::<_, MatrixError>(OAuthClient {
                idp: handout.urls.idp.clone(),
                tenant,
                client_id: application.client_id.clone(),
                secret: application.secret.clone(),
                redirect_uri: application.redirect_uris.first().cloned().unwrap_or_default(),
                origin: None,
                can_be_challenged: false,
            })
        };
        Ok(Self {
            tenants,
            tenant,
            public: client("Orders Desktop")?,
            confidential: client("Contoso Orders Connector")?,
            owner: handout.user("owner").ok_or(MatrixError::Seed("the user owner"))?.clone(),
            by_password: SignedIn::not_yet(&http),
            by_passkey: SignedIn::not_yet(&http),
            confidential_token: String::new(),
            random: tenants.random(tenant),
            row,
            http,
            handout,
        })
    }

    /// Gets all five: a cookie and a public client's token by password and by passkey, and a confidential client's token, from
    /// the sign-in with the password, as the column does not ask how the person signed in.
    pub(super) async fn sign_in(&mut self) -> Result<(), MatrixError> {
        let mut authenticator = Authenticator::new(self.random.fork("authenticator"));
        let page = self.page("security-info")?;
        let mut setting_up = Browser::new(self.http.clone());
        let Self { http, random, public, confidential, row, .. } = &*self;
        let (upn, password) = (self.owner.upn.clone(), self.owner.password.clone());
        let browser = |error| MatrixError::Browser { row: *row, error };
        let oauth = |error| MatrixError::OAuth { row: *row, error };
        authenticator.register(&mut setting_up, page, &upn, &password).await.map_err(browser)?;

        let mut typed = Browser::new(http.clone());
        let tokens = public.sign_in(http, &mut typed, random, &upn, &password, SCOPE).await.map_err(oauth)?;
        let of_hub =
            confidential.sign_in(http, &mut typed, random, &upn, &password, SCOPE).await.map_err(oauth)?;
        let by_password = kept(typed, tokens, public);

        let mut touched = Browser::new(http.clone());
        let tokens = public
            .sign_in_with_passkey(http, &mut touched, random, &upn, &mut authenticator, SCOPE)
            .await
            .map_err(oauth)?;
        let by_passkey = kept(touched, tokens, public);

        self.by_password = by_password;
        self.by_passkey = by_passkey;
        self.confidential_token = of_hub.refresh_token.unwrap_or_default();
        Ok(())
    }

    pub(super) fn page(&self, name: &str) -> Result<Url, MatrixError> {
        Url::parse(&format!("{}/{}/{name}", self.handout.urls.idp, self.tenant))
            .map_err(|_| MatrixError::Seed("an identity provider with an address"))
    }

    /// Lets time pass (virtual), and all that is due with it.
    pub(super) async fn wait(&self, span: Span) -> Result<(), MatrixError> {
        self.tenants.clock(self.tenant).await?.advance(Target::By(span), &|_| {}).await?;
        Ok(())
    }

    /// Uses a credential as its holder would; what became of it, and with which code it was refused.
    pub(super) async fn uses(&mut self, credential: Credential) -> Result<(Fate, Option<u32>), MatrixError> {
        let Self {
            http,
            random,
            public,
            confidential,
            owner,
            by_password,
            by_passkey,
            confidential_token,
            ..
        } = &mut *self;
        let used = match credential {
            Credential::PasswordCookie => {
                let browser = &mut by_password.browser;
                public.sign_in_by_session(http, browser, random, &owner.upn, SCOPE).await.map(drop)
            }
            Credential::NonPasswordCookie => {
                let browser = &mut by_passkey.browser;
                public.sign_in_by_session(http, browser, random, &owner.upn, SCOPE).await.map(drop)
            }
            Credential::PasswordToken => public.refresh(http, &by_password.token, SCOPE).await.map(drop),
            Credential::NonPasswordToken => public.refresh(http, &by_passkey.token, SCOPE).await.map(drop),
            Credential::ConfidentialToken => {
                confidential.refresh(http, confidential_token, SCOPE).await.map(drop)
            }
        };
        match used {
            Ok(()) => Ok((Fate::Alive, None)),
            Err(OAuthError::Refused(refusal)) => Ok((Fate::Revoked, refusal.aadsts)),
            Err(error) => Err(MatrixError::OAuth { row: self.row, error }),
        }
    }

    /// The verdict on the credential at this instant.
    pub(super) async fn verdict(&self, credential: Credential) -> Result<Option<Verdict>, MatrixError> {
        let credential = match credential {
            Credential::PasswordCookie => &self.by_password.cookie,
            Credential::NonPasswordCookie => &self.by_passkey.cookie,
            Credential::PasswordToken => &self.by_password.token,
            Credential::NonPasswordToken => &self.by_passkey.token,
            Credential::ConfidentialToken => &self.confidential_token,
        };
        let why = self.tenants.why(self.tenant, credential).await?;
        Ok(why.and_then(|why| why.verdict))
    }

    pub(super) fn browser_error(&self, error: crate::browser::BrowserError) -> MatrixError {
        MatrixError::Browser { row: self.row, error }
    }

    pub(super) fn oauth_error(&self, error: OAuthError) -> MatrixError {
        MatrixError::OAuth { row: self.row, error }
    }
}

fn kept(browser: Browser, tokens: Tokens, client: &OAuthClient) -> SignedIn {
    let cookie = browser.session_cookie(&client.idp).unwrap_or_default();
    SignedIn { browser, cookie, token: tokens.refresh_token.unwrap_or_default() }
}
