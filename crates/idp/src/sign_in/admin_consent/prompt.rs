//! `prompt=admin_consent` of the version 1.0 authorization endpoint: shows the admin consent page
//! before the code is issued ("Authorize access using the OAuth 2.0 code grant flow").

use axum::response::Response;
use outlive_clock::Instant;
use outlive_rules::aadsts;

use super::endpoint::may_grant;
use super::request::AdminConsentRequest;
use crate::directory::User;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::{AuthorizeRequest, SignedIn};
use crate::sign_in::pages::{self, Next, PageState};
use crate::visit::Visit;

impl Visit {
    /// Shows the admin consent page. A user without the required role is prompted once to sign in
    /// as an administrator.
    pub(crate) async fn ask_for_everybody(
        &self,
        request: &AuthorizeRequest,
        next: Next,
        signed_in: SignedIn,
    ) -> Result<Response, Refusal> {
        let requested = AdminConsentRequest::of_authorization(&self.idp, request).await?;
        let mut response = match (may_grant(&signed_in.user, &requested), signed_in.just_now) {
            (true, _) => {
                let state = PageState::new(&self.segment, next, Some(signed_in.user.id));
                pages::admin_consent(self, state, &requested, &signed_in.user)
            }
            (false, true) => return Err(Refusal::new(aadsts::ADMIN_CONSENT_REQUIRED)),
            (false, false) => self.sign_in_page(request, next, None),
        };
        pages::add_cookies(&mut response, signed_in.set_cookies);
        Ok(response)
    }

    /// Records the administrator's consent.
    pub(crate) async fn grant_registered_permissions(
        &self,
        request: &AuthorizeRequest,
        user: &User,
        now: Instant,
    ) -> Result<(), Refusal> {
        let requested = AdminConsentRequest::of_authorization(&self.idp, request).await?;
        if !may_grant(user, &requested) {
            return Err(Refusal::new(aadsts::ADMIN_CONSENT_REQUIRED));
        }
        self.grant_for_everybody(&requested, user, now).await
    }
}
