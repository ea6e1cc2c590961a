//! Signing a user in to an application: in a new browser, through the pages of the issuer.

use outlive_clock::TenantId;
use outlive_wire::lab_api::{SignInMethod, SignInRequest, SignedIn};
use outlive_wire::tenant::ApplicationKind;
use url::Url;

use super::{TenantError, Tenants};
use crate::browser::{Authenticator, Browser, BrowserError};
use crate::maker::MakerError;
use crate::oauth_client::{OAuthClient, OAuthError};

/// The scopes by default: of the orders API, with a refresh token.
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

impl Tenants {
    /// Signs a user in to an application, which redeems the code.
    ///
    /// # Errors
    /// An unknown tenant, user or application, or a refusal of the issuer.
    pub async fn sign_in(&self, tenant: TenantId, request: &SignInRequest) -> Result<SignedIn, TenantError> {
        let refuse = |message: String| TenantError::Event(message);
        if !request.redeem {
            return Err(refuse("Give 'redeem: true': the lab returns tokens, not codes.".to_owned()));
        }
        let credentials = self.credentials(tenant).await?;
        let user = credentials
            .user(&request.user)
            .ok_or_else(|| refuse("There is no such user: give a role, sign-in name or id.".to_owned()))?;
        let application = credentials
            .application(&request.app)
            .ok_or_else(|| refuse("There is no such application: give a name or client id.".to_owned()))?;
        let Some(redirect_uri) = application.redirect_uris.first().cloned() else {
            return Err(refuse(format!(
                "{} has no redirect URI, so no user can sign in to it.",
                application.name
            )));
        };
        let origin = Url::parse(&redirect_uri).ok().map(|url| url.origin().ascii_serialization());
        let client = OAuthClient {
            idp: credentials.urls.idp.clone(),
            tenant,
            client_id: application.client_id.clone(),
            secret: application.secret.clone(),
            redirect_uri,
            origin: origin.filter(|_| application.kind == ApplicationKind::Spa),
            cae_capable: request.can_be_challenged,
        };
        let scope = request.scope.as_deref().unwrap_or(SCOPE);
        let (http, random) = (self.surface().http().clone(), self.chassis().random.of(tenant));
        let mut browser = Browser::new(http.clone());
        let failed =
            |why: OAuthError| TenantError::Maker(Box::new(MakerError::SignIn { who: user.upn.clone(), why }));
        let tokens = match request.with {
            SignInMethod::Password => {
                client.sign_in(&http, &mut browser, &random, &user.upn, &user.password, scope).await
            }
            SignInMethod::Passkey => {
                // Each sign-in has an authenticator of its own.
                let authenticator = random.stream("lab-passkey").uuid().to_string();
                let mut passkeys = Authenticator::new(random.fork(&authenticator));
                let page = format!("{}/{tenant}/security-info", credentials.urls.idp);
                let page =
                    Url::parse(&page).map_err(|_| refuse("The issuer has no valid URL.".to_owned()))?;
                let registered = passkeys.register(&mut browser, page, &user.upn, &user.password).await;
                registered.map_err(|why: BrowserError| failed(why.into()))?;
                // The session of the registration was established with the password.
                browser = Browser::new(http.clone());
                let keys = &mut passkeys;
                client.sign_in_with_passkey(&http, &mut browser, &random, &user.upn, keys, scope).await
            }
        };
        let tokens = tokens.map_err(failed)?;
        Ok(SignedIn {
            expires_in: tokens.expires_in_s(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            scope: tokens.scope,
        })
    }
}
