//! The sign-in form.

use axum::response::Response;
use outlive_clock::{Instant, SessionId};
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::{Change, StoreError};
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::{SignInRefused, SignInSucceeded};

use super::request::{AuthorizeRefusal, validate};
use super::signed_in::SignedIn;
use crate::access::conditional_access::{self, AccessContext};
use crate::directory::sessions::{Browser, Session, remove_old, rename_browser};
use crate::directory::{Tenant, User, shortened_name};
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages::{self, Next, PageState, Wrong};
use crate::visit::Visit;

/// `POST /{tenant}/login`: `loginfmt` and `passwd`, with `ctx` and `canary` of the form.
pub(crate) async fn sign_in(visit: Visit) -> Response {
    let result = visit.try_sign_in().await;
    visit.page(result).await
}

impl Visit {
    async fn try_sign_in(&self) -> Result<Response, Refusal> {
        let form = &self.parameters;
        let state = PageState::of_form(self)?;
        let tenant = self.tenant_of(&state.next).await?;
        let now = self.idp.now(tenant.id).await?;
        let user_name = form.get("loginfmt").unwrap_or_default();
        if form.get("passkey").is_some() {
            let persistent = form.get("kmsi").is_some();
            return self.ask_passkey(&tenant, state.next, user_name, persistent, now).await;
        }
        let password = Secret::new(form.get("passwd").unwrap_or_default());
        let user = match self.idp.check_password(&tenant, user_name, password).await? {
            Ok(user) => user,
            Err((user, refusal)) => {
                self.record_sign_in_refusal(&tenant, user.as_ref(), user_name, &refusal, now).await?;
                return self.sign_in_again(state.next, user_name, &refusal).await;
            }
        };
        if user.must_change_password_at(&tenant, now) {
            let state = PageState::new(&self.segment, state.next, Some(user.id));
            let wrong = Wrong::of(&Refusal::new(aadsts::PASSWORD_EXPIRED));
            return Ok(pages::change_password(self, state, &user, Some(wrong)));
        }
        self.after_password(&tenant, user, state.next, form.get("kmsi").is_some(), now).await
    }

    /// Continues with the request that required the sign-in.
    pub(crate) async fn go_on(&self, next: Next, signed_in: SignedIn) -> Response {
        match next {
            Next::Authorize { version, parameters, consented } => {
                self.authorize(version, parameters, consented, Some(signed_in)).await
            }
            Next::AdminConsent { version, parameters } => {
                self.show_admin_consent_page(version, parameters, Some(signed_in)).await
            }
            Next::EnterUserCode => {
                let mut page = self.user_code_page("", None);
                pages::add_cookies(&mut page, signed_in.set_cookies);
                page
            }
            Next::Device { id, .. } => {
                let result = self.go_on_with_device(id, signed_in).await;
                self.page(result).await
            }
            Next::SecurityInfo => {
                let result = self.go_on_to_security_info(&signed_in.user, &signed_in.session).await;
                let mut page = self.page(result).await;
                pages::add_cookies(&mut page, signed_in.set_cookies);
                page
            }
            // No sign-in leads to a sign-out or a password reset: the closest page is shown.
            Next::ChangePassword
            | Next::SignOut { .. }
            | Next::ResetPassword { .. }
            | Next::SecondFactor(_)
            | Next::NewPasskey(_)
            | Next::Passkey(_) => {
                let state = PageState::new(&self.segment, Next::ChangePassword, Some(signed_in.user.id));
                let mut page = pages::change_password(self, state, &signed_in.user, None);
                pages::add_cookies(&mut page, signed_in.set_cookies);
                page
            }
        }
    }

    /// The tenant that a form belongs to.
    pub(crate) async fn tenant_of(&self, next: &Next) -> Result<Tenant, Refusal> {
        let client = match next.goal() {
            Next::Authorize { parameters, .. }
            | Next::AdminConsent { parameters, .. }
            | Next::SignOut { parameters } => parameters.get("client_id").and_then(|id| id.parse().ok()),
            _ => None,
        };
        self.idp.tenant(&self.segment, client).await
    }

    /// Starts a session with the authentication methods `amr`. The browser receives a new cookie,
    /// and keeps its sessions in other tenants. If the other change in the same commit conflicts,
    /// no session is started.
    pub(crate) async fn start_session(
        &self,
        mut change: Change,
        tenant: &Tenant,
        user: User,
        amr: Vec<String>,
        persistent: bool,
        now: Instant,
    ) -> Result<SignedIn, StoreError> {
        let chassis = &self.idp.chassis;
        let random = chassis.random.of(tenant.id);
        let browser = Browser::new(&mut random.stream("browser"));
        let persistent = self.stays_signed_in(tenant, &user, now).await?.unwrap_or(persistent);
        let session = Session {
            id: SessionId::generate(&mut random.stream("session-id")),
            user_id: user.id,
            amr,
            started_at: now,
            used_at: now,
            persistent,
            ended_at: None,
        };
        if let Some(before) = Browser::of_request(&self.headers) {
            change.add(rename_browser(tenant.id, user.id, &before, &browser));
        }
        change.append(remove_old(tenant.id, now));
        change.add(session.insert(tenant.id, &browser));
        let succeeded = SignInSucceeded {
            upn: user.upn.clone(),
            session: session.id,
            amr: session.amr.clone(),
            persistent,
        };
        let event = Event::new(tenant.id, now, Subject::user(user.id), &self.trace, succeeded);
        let event = event.about([session.id]);
        change.append(chassis.journal.entry(&event));
        chassis.store.commit(change).await?;
        Ok(SignedIn {
            user,
            session,
            just_now: true,
            set_cookies: browser.set_cookies(persistent, &self.origin),
        })
    }

    /// Returns whether a policy for all applications overrides the user's choice to stay signed in.
    async fn stays_signed_in(
        &self,
        tenant: &Tenant,
        user: &User,
        now: Instant,
    ) -> Result<Option<bool>, StoreError> {
        let asking = AccessContext {
            tenant,
            user: Some(user),
            client: None,
            asked: None,
            contexts: &conditional_access::NO_CONTEXTS,
            address: outlive_chassis::client_address(&self.headers),
            authenticated_at: Some(now),
            request: None,
        };
        Ok(self.idp.access(&asking).await?.stays_signed_in)
    }

    pub(crate) async fn record_sign_in_refusal(
        &self,
        tenant: &Tenant,
        user: Option<&User>,
        user_name: &str,
        refusal: &Refusal,
        now: Instant,
    ) -> Result<(), Refusal> {
        let subject = user.map_or_else(|| Subject::user("unknown"), |user| Subject::user(user.id));
        let refused = SignInRefused {
            upn: user.map_or_else(|| shortened_name(user_name), |user| user.upn.clone()),
            code: refusal.error,
            description: refusal.error.render(&refusal.params),
        };
        let event = Event::new(tenant.id, now, subject, &self.trace, refused);
        Ok(self.idp.chassis.journal.append(&event).await?)
    }

    /// Returns the sign-in page again, with an error.
    pub(crate) async fn sign_in_again(
        &self,
        next: Next,
        user_name: &str,
        refusal: &Refusal,
    ) -> Result<Response, Refusal> {
        let Next::Authorize { version, parameters, .. } = &next else {
            let application = match &next {
                Next::Device { application, .. } => application.clone(),
                _ => "your account".to_owned(),
            };
            let state = PageState::new(&self.segment, next, None);
            return Ok(pages::sign_in(self, state, &application, user_name, Some(refusal)));
        };
        match validate(&self.idp, &self.segment, *version, parameters).await {
            Ok(request) => Ok(self.sign_in_page(&request, next, Some((user_name, refusal)))),
            Err(AuthorizeRefusal::Page(refusal) | AuthorizeRefusal::Reply(_, refusal)) => Err(refusal),
        }
    }
}
