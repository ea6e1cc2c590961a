//! The admin consent endpoint, its page and its form.

use axum::response::Response;
use outlive_clock::Instant;
use outlive_rules::aadsts;
use outlive_rules::aadsts::OauthError;
use outlive_tokens::TokenVersion;

use super::request::AdminConsentRequest;
use crate::access::second_factor;
use crate::directory::User;
use crate::directory::platform::GRAPH;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::SignedIn;
use crate::sign_in::pages::{self, Next, PageState};
use crate::visit::Visit;

/// `GET /{tenant}/adminconsent`: consent to the registered permissions;
/// `GET /{tenant}/v2.0/adminconsent`: consent to the permissions in `scope`.
pub(crate) async fn show_admin_consent_page(visit: Visit, version: TokenVersion) -> Response {
    visit.show_admin_consent_page(version, visit.parameters.clone(), None).await
}

impl Visit {
    /// Shows the consent page to the signed-in administrator.
    pub(crate) async fn show_admin_consent_page(
        &self,
        endpoint: TokenVersion,
        parameters: Parameters,
        signed_in: Option<SignedIn>,
    ) -> Response {
        let request = match self.validate_admin_consent_request(endpoint, &parameters).await {
            Ok(request) => request,
            Err(response) => return response,
        };
        let next = Next::AdminConsent { version: endpoint, parameters };
        match self.ask_administrator(&request, next, signed_in).await {
            Ok(response) => response,
            Err(refusal) => self.redirect_admin_consent_error(&request, &refusal).await,
        }
    }

    async fn validate_admin_consent_request(
        &self,
        endpoint: TokenVersion,
        parameters: &Parameters,
    ) -> Result<AdminConsentRequest, Response> {
        match AdminConsentRequest::validate(&self.idp, &self.segment, endpoint, parameters).await {
            Ok(request) => Ok(request),
            Err(refusal) => Err(self.authorize_refusal(refusal).await),
        }
    }

    async fn ask_administrator(
        &self,
        request: &AdminConsentRequest,
        next: Next,
        signed_in: Option<SignedIn>,
    ) -> Result<Response, Refusal> {
        let now = self.idp.now(request.tenant.id).await?;
        let just_now = signed_in.is_some();
        let found = match signed_in {
            Some(signed_in) => Some(signed_in),
            None => self.administrator_of_browser(request, now).await?,
        };
        let Some(SignedIn { user, session, set_cookies, .. }) = found else {
            let state = PageState::new(&self.segment, next, None);
            return Ok(pages::sign_in(self, state, &request.application.name, "", None));
        };
        if just_now && !may_grant(&user, request) {
            return Err(Refusal::new(aadsts::ADMIN_CONSENT_REQUIRED));
        }
        let factor = second_factor::facts(&request.tenant, &user, Some(&request.application), &session.amr);
        let mut response = if factor.is_missing() {
            self.step_up(&self.segment, &user, &session, next, now)
        } else {
            let state = PageState::new(&self.segment, next, Some(user.id));
            pages::admin_consent(self, state, request, &user)
        };
        pages::add_cookies(&mut response, set_cookies);
        Ok(response)
    }

    /// Returns the browser's signed-in administrator. Other users are prompted to sign in as one.
    async fn administrator_of_browser(
        &self,
        request: &AdminConsentRequest,
        now: Instant,
    ) -> Result<Option<SignedIn>, Refusal> {
        let accounts = self.accounts_of_browser(&request.tenant, now).await?;
        let mut signed_in = accounts.into_iter().filter_map(|account| account.signed_in(false));
        Ok(signed_in.find(|signed_in| may_grant(&signed_in.user, request)))
    }

    /// Handles the page's form: `consent=accept` or anything else.
    pub(crate) async fn handle_admin_consent_form(&self, state: PageState) -> Result<Response, Refusal> {
        let Next::AdminConsent { version, parameters } = state.next.clone() else {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        };
        let request = match self.validate_admin_consent_request(version, &parameters).await {
            Ok(request) => request,
            Err(response) => return Ok(response),
        };
        let tenant = &request.tenant;
        let now = self.idp.now(tenant.id).await?;
        let (session, user) = self.submitter(tenant.id, &state).await?;
        if !session.signs_in(&user, &tenant.rules, now) {
            let state = PageState::new(&self.segment, state.next, None);
            return Ok(pages::sign_in(self, state, &request.application.name, "", None));
        }
        if !may_grant(&user, &request) {
            let refusal = Refusal::new(aadsts::ADMIN_CONSENT_REQUIRED);
            return Ok(self.redirect_admin_consent_error(&request, &refusal).await);
        }
        if self.parameters.get("consent") != Some("accept") {
            let refusal = Refusal::new(aadsts::CONSENT_DECLINED);
            return Ok(self.redirect_admin_consent_error(&request, &refusal).await);
        }
        self.grant_for_everybody(&request, &user, now).await?;
        let mut answer = vec![("admin_consent", "True".to_owned()), ("tenant", tenant.id.to_string())];
        if request.endpoint == TokenVersion::V2 {
            answer.push(("scope", request.scope.clone()));
        }
        Ok(request.reply_to.send(answer))
    }

    async fn redirect_admin_consent_error(
        &self,
        request: &AdminConsentRequest,
        refusal: &Refusal,
    ) -> Response {
        let details = self.idp.request_details(&self.trace, &self.origin, Some(request.tenant.id)).await;
        // Both versions return different errors ("OAuth 2.0 client credentials flow", "Admin
        // consent").
        let denied = refusal.error.error == OauthError::AccessDenied;
        if denied && request.endpoint == TokenVersion::V1 {
            return request.reply_to.refuse_as("permission_denied", refusal, &details);
        }
        request.reply_to.refuse(refusal, &details)
    }
}

/// Returns whether the user holds a directory role that may grant this for all users. Application
/// permissions of Microsoft Graph require the most privileged roles ("Grant tenant-wide admin
/// consent to an application").
pub(super) fn may_grant(user: &User, request: &AdminConsentRequest) -> bool {
    const ALL: [&str; 2] = ["Global Administrator", "Privileged Role Administrator"];
    const OF_APPLICATIONS: [&str; 2] = ["Application Administrator", "Cloud Application Administrator"];
    let at_graph = request
        .permissions
        .iter()
        .any(|requested| requested.resource.client_id == GRAPH && !requested.roles.is_empty());
    user.has_role(&ALL) || (!at_graph && user.has_role(&OF_APPLICATIONS))
}
