//! The authorization endpoint: from a request to a page, an error or a code.

use axum::response::Response;
use outlive_clock::{Instant, TenantId, UserId};
use outlive_journal::Event;
use outlive_rules::scopes::RequestedResource;
use outlive_rules::{Presented, Rule, aadsts};
use outlive_tokens::TokenVersion;
use outlive_wire::Subject;
use outlive_wire::events::SessionRefused;

use super::issue::issue;
use super::request::{AuthorizeRefusal, AuthorizeRequest, Prompt, validate};
use super::signed_in::SignedIn;
use crate::access::conditional_access::{Access, AccessContext};
use crate::access::{assignment, second_factor};
use crate::directory::User;
use crate::directory::platform::GRAPH_URI;
use crate::directory::sessions::{self, Browser, Session};
use crate::protocol::decision::Decision;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::sign_in::accounts::{Account, Choice, choose, user_name_of_hint};
use crate::sign_in::consents::missing_consents;
use crate::sign_in::pages::{self, Consent, Next, PageState};
use crate::visit::Visit;

pub(crate) async fn authorize(visit: Visit, version: TokenVersion) -> Response {
    visit.authorize(version, visit.parameters.clone(), false, None).await
}

impl Visit {
    /// Responds to an authorization request, with the session of the browser or of the sign-in that
    /// just succeeded. `consented`: whether the page that its `prompt` requires was submitted.
    pub(crate) async fn authorize(
        &self,
        endpoint: TokenVersion,
        parameters: Parameters,
        consented: bool,
        signed_in: Option<SignedIn>,
    ) -> Response {
        let request = match validate(&self.idp, &self.segment, endpoint, &parameters).await {
            Ok(request) => request,
            Err(refusal) => return self.authorize_refusal(refusal).await,
        };
        let tenant = request.tenant.id;
        let next = Next::Authorize { version: endpoint, parameters, consented };
        match self.continue_sign_in(&request, next, signed_in).await {
            Ok(response) => response,
            Err(refusal) => {
                let asked = self.idp.request_details(&self.trace, &self.origin, Some(tenant)).await;
                request.reply_to.refuse(&refusal, &asked)
            }
        }
    }

    pub(crate) async fn authorize_refusal(&self, refusal: AuthorizeRefusal) -> Response {
        match refusal {
            AuthorizeRefusal::Page(refusal) => self.refusal_page(&refusal).await,
            AuthorizeRefusal::Reply(to, refusal) => to.refuse(&refusal, &self.request_details().await),
        }
    }

    async fn continue_sign_in(
        &self,
        request: &AuthorizeRequest,
        next: Next,
        signed_in: Option<SignedIn>,
    ) -> Result<Response, Refusal> {
        let now = self.idp.now(request.tenant.id).await?;
        let signed_in = match signed_in.filter(|found| found.just_now) {
            Some(signed_in) => signed_in,
            None => {
                let mut accounts = self.accounts_of_browser(&request.tenant, now).await?;
                if let Some(newest) = accounts.first()
                    && !accounts.iter().any(Account::is_live)
                {
                    self.record_session_refusal(request, &newest.session, &newest.decision).await?;
                }
                let chosen = match choose(&accounts, request)? {
                    Choice::This(at) => accounts.swap_remove(at).signed_in(false),
                    Choice::Ask => return Ok(self.account_picker(request, next, &accounts)),
                    Choice::SignIn => None,
                };
                let Some(chosen) = chosen else { return Ok(self.sign_in_page(request, next, None)) };
                chosen
            }
        };
        let amr = &signed_in.session.amr;
        let access = self.access_of(request, &signed_in, now).await?;
        let factor = second_factor::facts(&request.tenant, &signed_in.user, Some(&request.application), amr);
        let factor = access.also(factor);
        let mut cookie = signed_in.session.facts();
        cookie.conditional_access = access.facts;
        let user = Some(signed_in.user.facts());
        let decision = Decision::on(Presented::Cookie(cookie), user, &request.tenant.rules, now);
        if !decision.is_accepted() {
            self.record_session_refusal(request, &signed_in.session, &decision).await?;
            return match Refusal::of_decision(&decision)
                .filter(|_| decision.verdict.rule != Rule::SignInTooOld)
            {
                Some(refusal) => Err(refusal),
                None if request.prompt == Prompt::None => Err(Refusal::new(aadsts::NO_SESSION)),
                None => Ok(self.sign_in_page(request, next, None)),
            };
        }
        if let Some(code) = factor.code() {
            return if request.prompt == Prompt::None {
                let first = request.scopes.resources.first();
                let resource = first.map_or(GRAPH_URI, RequestedResource::audience);
                let directory = &self.idp.directory;
                Err(second_factor::complete(
                    Refusal::new(code),
                    directory,
                    &request.tenant,
                    resource,
                    access.policies,
                )
                .await?)
            } else {
                Ok(self.step_up(&self.segment, &signed_in.user, &signed_in.session, next, now))
            };
        }
        let resources = request.resources.iter().map(|resource| &resource.application);
        for application in std::iter::once(&request.application).chain(resources) {
            let (directory, user) = (&self.idp.directory, signed_in.user.id);
            assignment::check_user(directory, request.tenant.id, user, application).await?;
        }
        if request.prompt == Prompt::AdminConsent && !next.consent_was_asked() {
            return self.ask_for_everybody(request, next, signed_in).await;
        }
        let missing = missing_consents(
            &self.idp.directory,
            (request.tenant.id, signed_in.user.id),
            &request.application,
            &request.resources,
            &request.scopes.oidc,
        )
        .await?;
        let must_ask =
            !missing.is_empty() || (request.prompt == Prompt::Consent && !next.consent_was_asked());
        if must_ask && request.prompt == Prompt::None {
            return Err(Refusal::new(aadsts::CONSENT_REQUIRED)
                .with_client(request.application.client_id, &request.application.name));
        }
        let set_cookies = signed_in.set_cookies.clone();
        let mut response = if must_ask {
            self.consent_page(request, next, &signed_in.user)
        } else {
            issue(self, request, &signed_in, now).await?
        };
        pages::add_cookies(&mut response, set_cookies);
        Ok(response)
    }

    async fn access_of(
        &self,
        request: &AuthorizeRequest,
        signed_in: &SignedIn,
        now: Instant,
    ) -> Result<Access, Refusal> {
        let asking = AccessContext {
            tenant: &request.tenant,
            user: Some(&signed_in.user),
            client: Some(&request.application),
            asked: Some(&request.scopes),
            contexts: &request.claims.contexts,
            address: outlive_chassis::client_address(&self.headers),
            authenticated_at: Some(signed_in.session.started_at),
            request: Some((now, &self.trace)),
        };
        Ok(self.idp.access(&asking).await?)
    }

    async fn record_session_refusal(
        &self,
        request: &AuthorizeRequest,
        session: &Session,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        let Decision { question, verdict } = decision;
        let refused = SessionRefused {
            session: session.id,
            client_id: request.application.client_id,
            client_name: request.application.name.clone(),
            verdict: verdict.clone(),
            question: question.clone(),
        };
        let subject = Subject::user(session.user_id);
        let event = Event::new(request.tenant.id, question.at, subject, &self.trace, refused);
        Ok(self.idp.chassis.journal.append(&event).await?)
    }

    /// Returns the newest session of the browser in a tenant, of this user if one is given.
    pub(crate) async fn session_of(
        &self,
        tenant: TenantId,
        user: Option<UserId>,
    ) -> Result<Option<(Session, Option<User>)>, Refusal> {
        let Some(browser) = Browser::of_request(&self.headers) else { return Ok(None) };
        let sessions = sessions::of_browser(&self.idp.chassis.store, tenant, &browser).await?;
        let found = sessions.into_iter().find(|session| user.is_none_or(|user| session.user_id == user));
        let Some(session) = found else { return Ok(None) };
        let user = self.idp.directory.user(tenant, session.user_id).await?;
        Ok(Some((session, user)))
    }

    /// Returns the session and the user of a submitted page: only the user to whom it was shown can
    /// submit it, from a browser that has a session of the user.
    pub(crate) async fn submitter(
        &self,
        tenant: TenantId,
        state: &PageState,
    ) -> Result<(Session, User), Refusal> {
        let found = self.session_of(tenant, state.user).await?;
        match found.filter(|(session, _)| Some(session.user_id) == state.user) {
            Some((session, Some(user))) => Ok((session, user)),
            _ => Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER)),
        }
    }

    /// Returns the sign-in page, with the error of the last attempt.
    pub(crate) fn sign_in_page(
        &self,
        request: &AuthorizeRequest,
        next: Next,
        wrong: Option<(&str, &Refusal)>,
    ) -> Response {
        let hinted = || request.login_hint.as_deref().map(user_name_of_hint).unwrap_or_default();
        let user_name = wrong.map_or_else(hinted, |(name, _)| name.to_owned());
        let state = PageState::new(&self.segment, next, None);
        pages::sign_in(self, state, &request.application.name, &user_name, wrong.map(|(_, refusal)| refusal))
    }

    fn consent_page(&self, request: &AuthorizeRequest, next: Next, user: &User) -> Response {
        let state = PageState::new(&self.segment, next, Some(user.id));
        pages::form_page(self, state, "consent", |form| Consent {
            form,
            application: &request.application.name,
            user_name: &user.upn,
            permissions: request.listed_permissions(),
        })
    }
}
