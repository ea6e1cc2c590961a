//! Signing a user in to an application: in a new browser, through the pages of the issuer.

mod authorization;
mod second_factor;

use outlive_clock::TenantId;
use outlive_wire::lab_api::{
    ApplicationCredentials, AuthorizationAnswer, SignInAnswer, SignInMethod, SignInRequest, SignedIn,
    TenantCredentials, UserCredentials,
};
use outlive_wire::tenant::ApplicationKind;
use url::Url;

use self::authorization::{parameters_of, to_issuer, to_query, with_caller_values};
use super::{TenantError, Tenants};
use crate::browser::{Arrival, Authenticator, Browser, BrowserError, refused};
use crate::maker::MakerError;
use crate::oauth_client::{AuthorizationRequest, OAuthClient, OAuthError, code_of, stops_at};

/// The scopes by default: of the orders API, with a refresh token.
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

/// The code that a sign-in is to obtain.
struct Pending {
    authorize: Url,
    redirect_uri: String,
    /// What the lab redeems the code with; absent if the application does.
    redemption: Option<(OAuthClient, AuthorizationRequest)>,
}

impl Tenants {
    /// Signs a user in to an application, which redeems the code, or the lab does.
    ///
    /// # Errors
    /// An unknown tenant, user or application, a request that contradicts itself, or a refusal of
    /// the issuer.
    pub async fn sign_in(
        &self,
        tenant: TenantId,
        request: &SignInRequest,
    ) -> Result<SignInAnswer, TenantError> {
        let credentials = self.credentials(tenant).await?;
        let user = credentials
            .user(&request.user)
            .ok_or_else(|| refuse("There is no such user: give a role, sign-in name or id."))?;
        let idp = Url::parse(&credentials.urls.idp).map_err(|_| refuse("The issuer has no valid URL."))?;
        let pending = self.pending(&credentials, user, request, &idp)?;
        let failed =
            |why: OAuthError| TenantError::Maker(Box::new(MakerError::SignIn { who: user.upn.clone(), why }));
        let http = self.surface().http().clone();
        let mut browser = Browser::new(http.clone());
        let back = self.pass_pages(tenant, request, user, &idp, &pending, &mut browser).await?;
        let back = back.map_err(failed)?;
        let session = browser.session(&idp);
        if let Some((client, asked)) = &pending.redemption {
            let scope = request.scope.as_deref().unwrap_or(SCOPE);
            let tokens = client.redeem_code(&http, &back, asked, scope).await.map_err(failed)?;
            return Ok(SignInAnswer::Tokens(SignedIn {
                expires_in: tokens.expires_in_s(),
                access_token: tokens.access_token,
                refresh_token: tokens.refresh_token,
                scope: tokens.scope,
                session,
            }));
        }
        let code = code_of(&to_query(&back)).map_err(failed)?;
        let parameters = parameters_of(&back);
        Ok(SignInAnswer::Code(AuthorizationAnswer {
            code,
            state: parameters.get("state").cloned(),
            redirect_url: back.to_string(),
            parameters,
            session,
        }))
    }

    /// The authorization request: that of the application under test, or one that the lab builds.
    fn pending(
        &self,
        credentials: &TenantCredentials,
        user: &UserCredentials,
        request: &SignInRequest,
        idp: &Url,
    ) -> Result<Pending, TenantError> {
        let name = match (&request.app, &request.authorize_url) {
            (Some(name), None) => name,
            (None, Some(url)) => {
                if request.redeem {
                    return Err(refuse(
                        "The application that built 'authorize_url' redeems the code: leave out 'redeem'.",
                    ));
                }
                let (authorize, redirect_uri) = to_issuer(url, idp).map_err(refuse)?;
                return Ok(Pending { authorize, redirect_uri, redemption: None });
            }
            _ => return Err(refuse("Give either 'app' or 'authorize_url'.")),
        };
        let application = credentials
            .application(name)
            .ok_or_else(|| refuse("There is no such application: give a name or client id."))?;
        let redirect_uri = request.redirect_uri.as_ref().or(application.redirect_uris.first()).cloned();
        let redirect_uri = redirect_uri.ok_or_else(|| {
            refuse(&format!("{} has no redirect URI, so no user can sign in to it.", application.name))
        })?;
        let client = client_of(credentials, application, redirect_uri.clone(), request.can_be_challenged);
        let random = self.chassis().random.of(credentials.tenant_id);
        let scope = request.scope.as_deref().unwrap_or(SCOPE);
        let asked = client
            .authorization_request(&random, &user.upn, scope)
            .map_err(|_| refuse("The issuer has no valid URL."))?;
        let authorize = with_caller_values(&asked.authorize, request);
        Ok(Pending { authorize, redirect_uri, redemption: request.redeem.then_some((client, asked)) })
    }

    /// Passes the pages of the issuer, up to the redirect URI.
    async fn pass_pages(
        &self,
        tenant: TenantId,
        request: &SignInRequest,
        user: &UserCredentials,
        idp: &Url,
        pending: &Pending,
        browser: &mut Browser,
    ) -> Result<Result<Url, OAuthError>, TenantError> {
        let stop = stops_at(&pending.redirect_uri);
        let password = request.password.as_deref().unwrap_or(&user.password);
        let mut authorize = pending.authorize.clone();
        Ok(match request.with {
            SignInMethod::Password => {
                let signed_in =
                    self.sign_in_with_password(tenant, (user, password), authorize, &stop, browser).await?;
                signed_in.map_err(OAuthError::from)
            }
            SignInMethod::Passkey => {
                let random = self.chassis().random.of(tenant);
                // Each sign-in has an authenticator of its own.
                let authenticator = random.stream("lab-passkey").uuid().to_string();
                let mut passkeys = Authenticator::new(random.fork(&authenticator));
                let page = idp
                    .join(&format!("/{tenant}/security-info"))
                    .map_err(|_| refuse("The issuer has no valid URL."))?;
                let mut first = Browser::new(self.surface().http().clone());
                // The session of the registration was established with the password.
                let mut registered = passkeys.register(&mut first, page.clone(), &user.upn, password).await;
                if matches!(registered, Err(BrowserError::CodeRequired)) {
                    let account = (user, password);
                    let signed_in = self
                        .sign_in_with_password(tenant, account, authorize.clone(), &stop, &mut first)
                        .await?;
                    registered = match signed_in {
                        Ok(_) => passkeys.register(&mut first, page, &user.upn, password).await,
                        Err(why) => Err(why),
                    };
                }
                match registered {
                    Ok(()) => {
                        passkeys.sign_in(browser, authorize, &user.upn, &stop).await.map_err(OAuthError::from)
                    }
                    Err(why) => Err(BrowserError::into(why)),
                }
            }
            SignInMethod::Session => {
                let session = request
                    .session
                    .as_deref()
                    .ok_or_else(|| refuse("'with: session' needs the 'session' of an earlier answer."))?;
                if !browser.continue_session(idp, session) {
                    return Err(refuse("'session' is not one that an earlier answer contained."));
                }
                authorize.query_pairs_mut().append_pair("prompt", "none");
                match browser.open(authorize, &stop).await {
                    Ok(Arrival::Stop(back)) => Ok(back),
                    Ok(Arrival::Page(page)) => Err(refused(&page).into()),
                    Err(why) => Err(why.into()),
                }
            }
        })
    }
}

fn client_of(
    credentials: &TenantCredentials,
    application: &ApplicationCredentials,
    redirect_uri: String,
    cae_capable: bool,
) -> OAuthClient {
    let origin = Url::parse(&redirect_uri).ok().map(|url| url.origin().ascii_serialization());
    OAuthClient {
        idp: credentials.urls.idp.clone(),
        tenant: credentials.tenant_id,
        client_id: application.client_id.clone(),
        secret: application.secret.clone(),
        redirect_uri,
        origin: origin.filter(|_| application.kind == ApplicationKind::Spa),
        cae_capable,
    }
}

fn refuse(message: &str) -> TenantError {
    TenantError::Event(message.to_owned())
}
