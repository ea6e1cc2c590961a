//! The user whose credentials a row is about: obtaining and using each of them.

use outlive_clock::{Randomness, Span, TenantId};
use outlive_rules::{Credential, Event, Fate, Verdict};
use outlive_wire::lab_api::{TenantCredentials, UserCredentials};
use url::Url;

use super::MatrixError;
use crate::browser::{Authenticator, Browser};
use crate::conductor::Target;
use crate::http::Http;
use crate::oauth_client::{OAuthClient, OAuthError, Tokens};
use crate::tenants::Tenants;

/// The scopes that the clients request.
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

/// A user with two browsers: one signed in with a password, the other with a passkey.
pub(super) struct Holder<'a> {
    pub(super) tenants: &'a Tenants,
    pub(super) tenant: TenantId,
    pub(super) credentials: TenantCredentials,
    pub(super) http: Http,
    pub(super) random: Randomness,
    row: Event,
    pub(super) owner: UserCredentials,
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
    pub(super) fn new(
        tenants: &'a Tenants,
        credentials: TenantCredentials,
        row: Event,
    ) -> Result<Self, MatrixError> {
        let tenant = credentials.tenant_id;
        let http = tenants.surface().http().clone();
        let client = |name: &'static str| {
            let application = credentials.application(name).ok_or(MatrixError::Seed(name))?;
            Ok::<_, MatrixError>(OAuthClient {
                idp: credentials.urls.idp.clone(),
                tenant,
                client_id: application.client_id.clone(),
                secret: application.secret.clone(),
                redirect_uri: application.redirect_uris.first().cloned().unwrap_or_default(),
                origin: None,
                cae_capable: false,
            })
        };
        Ok(Self {
            tenants,
            tenant,
            public: client("Orders Desktop")?,
            confidential: client("Contoso Orders Connector")?,
            owner: credentials.user("owner").ok_or(MatrixError::Seed("the user owner"))?.clone(),
            by_password: SignedIn::not_yet(&http),
            by_passkey: SignedIn::not_yet(&http),
            confidential_token: String::new(),
            random: tenants.random(tenant),
            row,
            http,
            credentials,
        })
    }

    /// Obtains all five credentials: a cookie and a public client's token by password and by
    /// passkey, and a confidential client's token. The latter comes from the sign-in with the
    /// password, because its column does not depend on the method.
    pub(super) async fn sign_in(&mut self) -> Result<(), MatrixError> {
        let mut authenticator = Authenticator::new(self.random.fork("authenticator"));
        let page = self.page("security-info")?;
        let mut setup = Browser::new(self.http.clone());
        let Self { http, random, public, confidential, row, .. } = &*self;
        let (upn, password) = (self.owner.upn.clone(), self.owner.password.clone());
        let browser = |error| MatrixError::Browser { row: *row, error };
        let oauth = |error| MatrixError::OAuth { row: *row, error };
        authenticator.register(&mut setup, page, &upn, &password).await.map_err(browser)?;

        let mut password_browser = Browser::new(http.clone());
        let tokens = public
            .sign_in(http, &mut password_browser, random, &upn, &password, SCOPE)
            .await
            .map_err(oauth)?;
        let of_hub = confidential
            .sign_in(http, &mut password_browser, random, &upn, &password, SCOPE)
            .await
            .map_err(oauth)?;
        let by_password = signed_in(password_browser, tokens, public);

        let mut passkey_browser = Browser::new(http.clone());
        let tokens = public
            .sign_in_with_passkey(http, &mut passkey_browser, random, &upn, &mut authenticator, SCOPE)
            .await
            .map_err(oauth)?;
        let by_passkey = signed_in(passkey_browser, tokens, public);

        self.by_password = by_password;
        self.by_passkey = by_passkey;
        self.confidential_token = of_hub.refresh_token.unwrap_or_default();
        Ok(())
    }

    pub(super) fn page(&self, name: &str) -> Result<Url, MatrixError> {
        Ok(Url::parse(&format!("{}/{}/{name}", self.credentials.urls.idp, self.tenant))?)
    }

    /// Advances the tenant's time.
    pub(super) async fn wait(&self, span: Span) -> Result<(), MatrixError> {
        self.tenants.clock(self.tenant).await?.advance(Target::By(span), &|_| {}).await?;
        Ok(())
    }

    /// Uses a credential. Returns its fate, and the code of a refusal.
    pub(super) async fn use_credential(
        &mut self,
        credential: Credential,
    ) -> Result<(Fate, Option<u32>), MatrixError> {
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

    /// Returns the verdict on the credential at this instant.
    pub(super) async fn verdict(&self, credential: Credential) -> Result<Option<Verdict>, MatrixError> {
        let credential = match credential {
            Credential::PasswordCookie => &self.by_password.cookie,
            Credential::NonPasswordCookie => &self.by_passkey.cookie,
            Credential::PasswordToken => &self.by_password.token,
            Credential::NonPasswordToken => &self.by_passkey.token,
            Credential::ConfidentialToken => &self.confidential_token,
        };
        let why = self.tenants.why(self.tenant, credential, None).await?;
        Ok(why.and_then(|why| why.verdict))
    }

    pub(super) fn browser_error(&self, error: crate::browser::BrowserError) -> MatrixError {
        MatrixError::Browser { row: self.row, error }
    }

    pub(super) fn oauth_error(&self, error: OAuthError) -> MatrixError {
        MatrixError::OAuth { row: self.row, error }
    }
}

fn signed_in(browser: Browser, tokens: Tokens, client: &OAuthClient) -> SignedIn {
    let cookie = browser.session_cookie(&client.idp).unwrap_or_default();
    SignedIn { browser, cookie, token: tokens.refresh_token.unwrap_or_default() }
}
