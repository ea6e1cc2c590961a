//! The page: first the user name, then the code and the new password.

use axum::response::Response;
use http::StatusCode;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_rules::reset_code::ResetCode;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::{PasswordResetRefused, PasswordResetRequested};

use super::code::{self, AttemptResult};
use super::limit::AttemptLimiter;
use crate::directory::{Tenant, User, passwords, shortened_name};
use crate::protocol::refusal::Refusal;
use crate::security_events::credential_events::{CredentialEvent, apply_event};
use crate::sign_in::pages::{self, AskResetCode, Next, PageState, PendingCode, ResetPassword};
use crate::visit::Visit;

/// `GET /{tenant}/passwordreset`.
pub(crate) async fn password_reset_page(visit: Visit) -> Response {
    let state = PageState::new(&visit.segment, Next::ResetPassword { asked: None }, None);
    pages::form_page(&visit, state, "passwordreset", |form| AskResetCode { form })
}

/// `POST /{tenant}/passwordreset`: `username`, then `code`, `newpasswd` and `confirmpasswd`, with
/// `ctx` and `canary` of the form.
pub(crate) async fn password_reset(visit: Visit) -> Response {
    let result = visit.try_password_reset().await;
    visit.page(result).await
}

/// The message for a wrong code, also if none was sent.
const CODE_WRONG: &str =
    "That is not the code, or it is not good any more. Check it, or start again for a new one.";

impl Visit {
    async fn try_password_reset(&self) -> Result<Response, Refusal> {
        match PageState::of_form(self)?.next {
            Next::ResetPassword { asked: None } => self.send_reset_code().await,
            Next::ResetPassword { asked: Some(asked) } => self.reset_password(asked).await,
            _ => Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER)),
        }
    }

    /// The tenant of a reset: that of the path, or for an alias that of the user name's domain.
    async fn tenant_of_reset(&self, user_name: &str) -> Result<Option<Tenant>, Refusal> {
        if !matches!(self.segment.as_str(), "common" | "organizations") {
            return self.idp.tenant(&self.segment, None).await.map(Some);
        }
        let domain = user_name.trim().rsplit_once('@').map_or("", |(_, domain)| domain);
        match self.idp.tenant(&domain.to_lowercase(), None).await {
            Ok(tenant) => Ok(Some(tenant)),
            Err(refusal) if refusal.error == aadsts::SERVICE_UNAVAILABLE => Err(refusal),
            Err(_) => Ok(None),
        }
    }

    /// Sends a code if the user exists. The response is the same if not.
    async fn send_reset_code(&self) -> Result<Response, Refusal> {
        let typed = self.parameters.get("username").ok_or_else(|| Refusal::missing("username"))?;
        let user_name = shortened_name(typed);
        let chassis = &self.idp.chassis;
        let tenant = self.tenant_of_reset(&user_name).await?;
        let random =
            tenant.as_ref().map_or_else(|| chassis.random.clone(), |tenant| chassis.random.of(tenant.id));
        let id = random.stream("password-reset-id").uuid();
        if let Some(tenant) = tenant {
            let now = self.idp.now(tenant.id).await?;
            let user = self.idp.directory.user_by_upn(tenant.id, &user_name).await?.filter(may_reset);
            let requested = PasswordResetRequested { upn: user_name.clone(), sent: user.is_some() };
            let event = Event::new(tenant.id, now, subject(user.as_ref()), &self.trace, requested);
            let sending = || {
                let mut change = user
                    .as_ref()
                    .map_or_else(Change::new, |user| code::sending(&self.idp, &tenant, user, id, now));
                change.append(chassis.journal.entry(&event));
                change
            };
            if !self.limiter(&tenant, &user_name).count_send(&self.idp, now, sending).await? {
                let asked = PendingCode { id, user_name };
                return self.too_many_attempts(&tenant, &asked).await;
            }
        }
        Ok(self.reset_password_page(PendingCode { id, user_name }, None))
    }

    async fn reset_password(&self, asked: PendingCode) -> Result<Response, Refusal> {
        let form = &self.parameters;
        let new = form.get("newpasswd").unwrap_or_default();
        let Some(tenant) = self.tenant_of_reset(&asked.user_name).await? else {
            return Ok(self.reset_password_page(asked, Some(CODE_WRONG.to_owned())));
        };
        let now = self.idp.now(tenant.id).await?;
        if form.get("confirmpasswd") != Some(new) {
            return Ok(
                self.reset_password_page(asked, Some("The two new passwords are not the same.".to_owned()))
            );
        }
        let limiter = self.limiter(&tenant, &asked.user_name);
        if !limiter.count_try(&self.idp, now).await? {
            return self.too_many_attempts(&tenant, &asked).await;
        }
        let typed = form.get("code").unwrap_or_default();
        let user = match code::attempt(&self.idp, &tenant, asked.id, typed, now).await? {
            AttemptResult::Accepted(user) => {
                self.idp.directory.user(tenant.id, user).await?.filter(may_reset)
            }
            AttemptResult::Rejected(why) => {
                self.record_reset_refusal(&tenant, &asked, why).await?;
                None
            }
        };
        let Some(user) = user else {
            return Ok(self.reset_password_page(asked, Some(CODE_WRONG.to_owned())));
        };
        limiter.forgive(&self.idp, now).await?;
        if let Err(weak) = passwords::check_new(new, &tenant, &user.upn, &user.display_name) {
            let taken_back = code::revert_attempt(tenant.id, asked.id);
            self.idp.chassis.store.commit(Change::from(taken_back)).await?;
            return Ok(self.reset_password_page(asked, Some(weak.to_string())));
        }
        // A reset can reuse the last password ("Password policies and account restrictions").
        let salt = self.idp.chassis.random.of(tenant.id).stream("password-salt").bytes();
        let hashed = passwords::hash(tenant.id, Secret::new(new), salt).await?;
        let mut used = Change::from(code::mark_used(tenant.id, asked.id));
        used.add(limiter.reset());
        let event = CredentialEvent::SelfServiceReset(hashed);
        match apply_event(&self.idp, &user, event, now, "user", &self.trace, used).await {
            Ok(()) => Ok(pages::message(
                StatusCode::OK,
                "Your password was reset",
                "Sessions that were signed in with the old password are over. Go back to the application and sign in with the new one.",
            )),
            Err(error) if error.is_conflict() => {
                Ok(self.reset_password_page(asked, Some(CODE_WRONG.to_owned())))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn limiter(&self, tenant: &Tenant, user_name: &str) -> AttemptLimiter {
        AttemptLimiter::new(&self.idp, tenant.id, user_name, outlive_chassis::client_address(&self.headers))
    }

    /// The same response whether or not the user exists.
    async fn too_many_attempts(&self, tenant: &Tenant, asked: &PendingCode) -> Result<Response, Refusal> {
        self.record_reset_refusal(tenant, asked, ResetCode::TooManyAttempts).await?;
        Ok(pages::message(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts",
            "Too many codes were asked for or tried. Try again in 24 hours, or ask an administrator to reset the password.",
        ))
    }

    async fn record_reset_refusal(
        &self,
        tenant: &Tenant,
        asked: &PendingCode,
        why: ResetCode,
    ) -> Result<(), Refusal> {
        let user = self.idp.directory.user_by_upn(tenant.id, &asked.user_name).await?;
        let now = self.idp.now(tenant.id).await?;
        let refused = PasswordResetRefused { upn: asked.user_name.clone(), why: why.name().to_owned() };
        let event = Event::new(tenant.id, now, subject(user.as_ref()), &self.trace, refused);
        Ok(self.idp.chassis.journal.append(&event).await?)
    }

    fn reset_password_page(&self, asked: PendingCode, wrong: Option<String>) -> Response {
        let user_name = asked.user_name.clone();
        let state = PageState::new(&self.segment, Next::ResetPassword { asked: Some(asked) }, None);
        pages::form_page(self, state, "passwordreset", |form| ResetPassword {
            form,
            user_name: &user_name,
            wrong,
        })
    }
}

/// The subject of an event about a user who may not exist.
fn subject(user: Option<&User>) -> Subject {
    user.map_or_else(|| Subject::user("unknown"), |user| Subject::user(user.id))
}

/// Whether the user can reset the password: not if the account is deleted or disabled.
fn may_reset(user: &User) -> bool {
    user.deleted_at.is_none() && user.enabled
}
