//! The accounts that are signed in to a browser, per tenant.

use outlive_clock::Instant;
use outlive_rules::{Presented, Rule};

use crate::directory::sessions::{self, Browser, Session};
use crate::directory::{Tenant, User};
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::SignedIn;
use crate::visit::Visit;

/// A signed-in account and the verdict on its session.
pub(crate) struct Account {
    pub(crate) session: Session,
    pub(crate) user: Option<User>,
    pub(crate) decision: Decision,
}

impl Account {
    /// Returns whether the session signs its user in without interaction.
    pub(crate) fn is_live(&self) -> bool {
        self.user.is_some() && self.decision.is_accepted()
    }

    pub(crate) fn user_name(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.upn)
    }

    /// Returns the signed-in user if the session is valid.
    pub(crate) fn signed_in(self, just_now: bool) -> Option<SignedIn> {
        let Self { session, user, decision } = self;
        let user = user.filter(|_| decision.is_accepted())?;
        Some(SignedIn { user, session, just_now, set_cookies: Vec::new() })
    }
}

impl Visit {
    /// Returns the browser's accounts in a tenant, most recent sign-in first.
    pub(crate) async fn accounts_of_browser(
        &self,
        tenant: &Tenant,
        now: Instant,
    ) -> Result<Vec<Account>, Refusal> {
        let Some(browser) = Browser::of_request(&self.headers) else { return Ok(Vec::new()) };
        let sessions = sessions::of_browser(&self.idp.chassis.store, tenant.id, &browser).await?;
        self.accounts(tenant, sessions, now).await
    }

    /// Returns all signed-in accounts of the browser in a tenant, without an upper bound.
    pub(crate) async fn signed_in_accounts(
        &self,
        tenant: &Tenant,
        now: Instant,
    ) -> Result<Vec<Account>, Refusal> {
        let Some(browser) = Browser::of_request(&self.headers) else { return Ok(Vec::new()) };
        let sessions = sessions::open_of_browser(&self.idp.chassis.store, tenant.id, &browser).await?;
        self.accounts(tenant, sessions, now).await
    }

    async fn accounts(
        &self,
        tenant: &Tenant,
        sessions: Vec<Session>,
        now: Instant,
    ) -> Result<Vec<Account>, Refusal> {
        let mut accounts = Vec::new();
        for session in sessions {
            let user = self.idp.directory.user(tenant.id, session.user_id).await?;
            let presented = Presented::Cookie(session.facts());
            let decision = Decision::on(presented, user.as_ref().map(User::facts), &tenant.rules, now);
            if decision.verdict.rule != Rule::SessionSignedOut {
                accounts.push(Account { session, user, decision });
            }
        }
        Ok(accounts)
    }
}
