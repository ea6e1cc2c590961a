//! The page on which a user changes the password.

use axum::response::Response;
use http::StatusCode;
use outlive_chassis::Trace;
use outlive_journal::Event;
use outlive_rules::aadsts;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::PasswordChangeRefused;

use crate::directory::{Tenant, User, passwords};
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::security_events::credential_events::{CredentialEvent, apply_event};
use crate::sign_in::pages::{self, Next, PageState, Wrong};
use crate::visit::Visit;

/// `GET /{tenant}/changepassword`.
pub(crate) async fn change_password_page(visit: Visit) -> Response {
    let result = visit.show_change_password().await;
    visit.page(result).await
}

/// `POST /{tenant}/changepassword`: `oldpasswd`, `newpasswd` and `confirmpasswd`, with `ctx` and
/// `canary` of the form.
pub(crate) async fn change_password(visit: Visit) -> Response {
    let result = visit.try_change_password().await;
    visit.page(result).await
}

impl Visit {
    async fn show_change_password(&self) -> Result<Response, Refusal> {
        let tenant = self.idp.tenant(&self.segment, None).await?;
        let now = self.idp.now(tenant.id).await?;
        if let Some((session, Some(user))) = self.session_of(tenant.id, None).await?
            && session.signs_in(&user, &tenant.rules, now)
        {
            let state = PageState::new(&self.segment, Next::ChangePassword, Some(user.id));
            return Ok(pages::change_password(self, state, &user, None));
        }
        let state = PageState::new(&self.segment, Next::ChangePassword, None);
        Ok(pages::sign_in(self, state, "your account", "", None))
    }

    async fn try_change_password(&self) -> Result<Response, Refusal> {
        let form = &self.parameters;
        let state = PageState::of_form(self)?;
        let tenant = self.tenant_of(&state.next).await?;
        let Some(user_id) = state.user else { return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER)) };
        let user = self.idp.directory.user(tenant.id, user_id).await?;
        let user = user.filter(|user| user.deleted_at.is_none() && user.enabled);
        let Some(user) = user else { return Err(Refusal::new(aadsts::USER_DISABLED)) };
        if let Err(wrong) = self.take(&tenant, &user, form).await? {
            let state = PageState::new(&self.segment, state.next, Some(user.id));
            return Ok(pages::change_password(self, state, &user, Some(wrong)));
        }
        match state.next {
            // A change that a sign-in requires: the user has just authenticated.
            next @ (Next::Authorize { .. }
            | Next::AdminConsent { .. }
            | Next::EnterUserCode
            | Next::Device { .. }
            | Next::SecurityInfo) => {
                let now = self.idp.now(tenant.id).await?;
                let user = self.idp.directory.user(tenant.id, user_id).await?.unwrap_or(user);
                self.after_password(&tenant, user, next, false, now).await
            }
            Next::ChangePassword
            | Next::SignOut { .. }
            | Next::ResetPassword { .. }
            | Next::SecondFactor(_)
            | Next::NewPasskey(_)
            | Next::Passkey(_) => Ok(pages::message(
                StatusCode::OK,
                "Your password was changed",
                "Sessions that were signed in with the old password are over, this one too. Sign in again with the new one.",
            )),
        }
    }

    async fn take(
        &self,
        tenant: &Tenant,
        user: &User,
        form: &Parameters,
    ) -> Result<Result<(), Wrong>, Refusal> {
        let new = form.get("newpasswd").unwrap_or_default();
        if form.get("confirmpasswd") != Some(new) {
            let rule = "the two new passwords are not the same";
            return Ok(Err(Wrong::of(&Refusal::new(aadsts::NEW_PASSWORD_TOO_WEAK).with("rule", rule))));
        }
        let old = Secret::new(form.get("oldpasswd").unwrap_or_default());
        match self.idp.change_password(tenant, user, old, Secret::new(new), &self.trace).await {
            Ok(()) => Ok(Ok(())),
            Err(refusal)
                if [
                    aadsts::CURRENT_PASSWORD_WRONG,
                    aadsts::ACCOUNT_LOCKED,
                    aadsts::NEW_PASSWORD_TOO_WEAK,
                ]
                .contains(&refusal.error) =>
            {
                Ok(Err(Wrong::of(&refusal)))
            }
            Err(refusal) => Err(refusal),
        }
    }
}

impl Idp {
    /// Changes a user's password, given the current one: on the page or through Microsoft Graph.
    /// Wrong passwords count towards the lockout as those of a sign-in do ("Protect user accounts
    /// from attacks with Microsoft Entra smart lockout").
    pub(crate) async fn change_password(
        &self,
        tenant: &Tenant,
        user: &User,
        old: Secret,
        new: Secret,
        trace: &Trace,
    ) -> Result<(), Refusal> {
        let same = old.expose() == new.expose();
        let now = self.now(tenant.id).await?;
        let checked =
            self.check_password_of(tenant, user.clone(), old, aadsts::CURRENT_PASSWORD_WRONG, now).await?;
        let user = match checked {
            Ok(user) => user,
            Err((_, refusal)) => {
                let refused = PasswordChangeRefused { upn: user.upn.clone(), code: refusal.error };
                let event = Event::new(tenant.id, now, Subject::user(user.id), trace, refused);
                self.chassis.journal.append(&event).await?;
                return Err(refusal);
            }
        };
        if same {
            // A change cannot reuse the last password ("Password policies and account
            // restrictions").
            let rule = "it has to differ from the current one";
            return Err(Refusal::new(aadsts::NEW_PASSWORD_TOO_WEAK).with("rule", rule));
        }
        if let Err(weak) = passwords::check_new(new.expose(), tenant, &user.upn, &user.display_name) {
            let rule = weak.to_string();
            return Err(Refusal::new(aadsts::NEW_PASSWORD_TOO_WEAK).with("rule", rule.trim_end_matches('.')));
        }
        let salt = self.chassis.random.of(tenant.id).stream("password-salt").bytes();
        let hashed = passwords::hash(tenant.id, new, salt).await?;
        let now = self.now(tenant.id).await?;
        let event = CredentialEvent::PasswordChanged(hashed);
        Ok(apply_event(self, &user, event, now, "user", trace, Change::new()).await?)
    }
}
