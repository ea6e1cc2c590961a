//! The MFA page between password and session.

use axum::response::Response;
use outlive_clock::{Instant, Span};
use outlive_rules::aadsts;
use outlive_store::Change;

use crate::access::second_factor;
use crate::directory::sessions::Session;
use crate::directory::{Authenticator, Tenant, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages::{self, Next, PageState, SecondFactorPending, Wrong};
use crate::visit::Visit;

/// How long the first factor stays valid for MFA, in virtual time.
const VALIDITY: Span = Span::from_minutes(10);

/// `POST /{tenant}/secondfactor`: `otc`, with the form's `ctx` and `canary`.
pub(crate) async fn second_factor(visit: Visit) -> Response {
    let result = visit.try_second_factor().await;
    visit.page(result).await
}

impl Visit {
    /// Continues after a correct password: shows the MFA page if MFA is required, or else creates
    /// the session.
    pub(crate) async fn after_password(
        &self,
        tenant: &Tenant,
        user: User,
        next: Next,
        persistent: bool,
        now: Instant,
    ) -> Result<Response, Refusal> {
        let amr = vec!["pwd".to_owned()];
        let client = match &next {
            Next::Authorize { parameters, .. } | Next::AdminConsent { parameters, .. } => {
                parameters.get("client_id").and_then(|id| id.parse().ok())
            }
            _ => None,
        };
        let application = match client {
            Some(client) => self.idp.directory.application(tenant.id, client).await?,
            None => None,
        };
        if second_factor::facts(tenant, &user, application.as_ref(), &amr).is_missing() {
            return Ok(self.ask_second_factor(&self.segment, &user, amr, next, persistent, now));
        }
        let signed_in = self.start_session(Change::new(), tenant, user, amr, persistent, now).await?;
        Ok(self.go_on(next, signed_in).await)
    }

    /// Shows the MFA page to a user whose session lacks MFA.
    pub(crate) fn step_up(
        &self,
        segment: &str,
        user: &User,
        session: &Session,
        next: Next,
        now: Instant,
    ) -> Response {
        self.ask_second_factor(segment, user, session.amr.clone(), next, session.persistent, now)
    }

    /// Shows the page; a user without an authenticator registers one on it.
    fn ask_second_factor(
        &self,
        segment: &str,
        user: &User,
        amr: Vec<String>,
        next: Next,
        persistent: bool,
        now: Instant,
    ) -> Response {
        let random = self.idp.chassis.random.of(user.tenant);
        let drawn = (!user.second_factor.is_registered())
            .then(|| Authenticator::generate(&mut random.stream("authenticator-secret")))
            .flatten();
        let pending = SecondFactorPending {
            next: Box::new(next),
            amr,
            persistent,
            since: now,
            new_secret: drawn.map(|drawn| drawn.to_base32()),
        };
        self.second_factor_page(segment, user, pending, None)
    }

    fn second_factor_page(
        &self,
        segment: &str,
        user: &User,
        pending: SecondFactorPending,
        wrong: Option<Wrong>,
    ) -> Response {
        let secret = pending.new_secret.clone();
        let state = PageState::new(segment, Next::SecondFactor(pending), Some(user.id));
        pages::second_factor(self, state, user, secret.as_deref(), wrong)
    }

    async fn try_second_factor(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        let foreign = || Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER);
        let (Next::SecondFactor(pending), Some(user)) = (state.next, state.user) else {
            return Err(foreign());
        };
        let tenant = self.tenant_of(&pending.next).await?;
        let now = self.idp.now(tenant.id).await?;
        let user = self.idp.directory.user(tenant.id, user).await?.ok_or_else(foreign)?;
        // The conditions of the first factor have to hold still.
        let over = user.deleted_at.is_some()
            || !user.enabled
            || now >= pending.since + VALIDITY
            || user.password_changed_at > pending.since
            || user.sessions_valid_from > pending.since;
        if over {
            let refusal = Refusal::new(aadsts::SESSION_REVOKED);
            return self.sign_in_again(*pending.next, &user.upn, &refusal).await;
        }
        let new = pending.new_secret.as_deref().and_then(Authenticator::of_base32);
        let typed = self.parameters.get("otc").unwrap_or_default();
        match self.check_second_factor(&tenant, &user, new.as_ref(), typed, now).await? {
            Ok(user) => {
                let mut amr = pending.amr;
                amr.push(outlive_rules::second_factor::AMR.to_owned());
                let signed_in =
                    self.start_session(Change::new(), &tenant, user, amr, pending.persistent, now).await?;
                Ok(self.go_on(*pending.next, signed_in).await)
            }
            Err(refusal) => {
                self.record_sign_in_refusal(&tenant, Some(&user), &user.upn, &refusal, now).await?;
                let wrong = Wrong::of(&refusal);
                Ok(self.second_factor_page(&self.segment, &user, pending, Some(wrong)))
            }
        }
    }
}
