//! Single sign-out (OpenID Connect RP-Initiated Logout; reference: "Logout"). It ends sessions of
//! this browser only: tokens that were issued remain valid.

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::SignOut;
use url::Url;

use crate::directory::Tenant;
use crate::directory::sessions::{Browser, tenants_of_browser};
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::sign_in::accounts::{Account, is_login_hint_claim};
use crate::sign_in::pages::{self, Next, PageState};
use crate::visit::Visit;

/// The value of the last button of the account picker.
const ALL: &str = "all";

pub(crate) async fn logout(visit: Visit) -> Response {
    let result = visit.sign_out().await;
    visit.page(result).await
}

/// The accounts of a browser that sign out of one tenant, at the tenant's time.
struct SigningOut {
    tenant: Tenant,
    now: Instant,
    accounts: Vec<Account>,
}

impl Visit {
    async fn sign_out(&self) -> Result<Response, Refusal> {
        if matches!(&*self.segment, "common" | "organizations") {
            return self.sign_out_of_all_tenants().await;
        }
        let parameters = &self.parameters;
        let client = parameters.get("client_id").and_then(|id| id.parse().ok());
        let tenant = self.idp.tenant(&self.segment, client).await?;
        let now = self.idp.now(tenant.id).await?;
        let mut accounts = self.accounts_of_browser(&tenant, now).await?;
        if let Some(at) = self.hinted(&accounts) {
            accounts = vec![accounts.swap_remove(at)];
        } else if accounts.len() > 1 {
            let next = Next::SignOut { parameters: parameters.clone() };
            let state = PageState::new(&self.segment, next, None);
            let title = "Which account do you want to sign out of?";
            let other = (ALL, "Sign out of all of them");
            return Ok(pages::pick_account(self, state, title, "in this browser", &accounts, other));
        }
        self.end_sessions(parameters, vec![SigningOut { tenant, now, accounts }]).await
    }

    /// Signs out of every account of the browser, in all tenants, since an alias names none. A hint
    /// narrows it to one account.
    async fn sign_out_of_all_tenants(&self) -> Result<Response, Refusal> {
        let mut all = Vec::new();
        if let Some(browser) = Browser::of_request(&self.headers) {
            for id in tenants_of_browser(&self.idp.chassis.store, &browser).await? {
                let Some(tenant) = self.idp.directory.tenant(id).await? else { continue };
                let now = self.idp.now(id).await?;
                let accounts = self.signed_in_accounts(&tenant, now).await?;
                all.push(SigningOut { tenant, now, accounts });
            }
        }
        if all.iter().any(|of_tenant| self.hinted(&of_tenant.accounts).is_some()) {
            for of_tenant in &mut all {
                let hinted = self.hinted(&of_tenant.accounts);
                let accounts = std::mem::take(&mut of_tenant.accounts);
                of_tenant.accounts = hinted.and_then(|at| accounts.into_iter().nth(at)).into_iter().collect();
            }
        }
        self.end_sessions(&self.parameters, all).await
    }

    /// Selects the accounts that `logout_hint` names.
    fn hinted(&self, accounts: &[Account]) -> Option<usize> {
        let hint = self.parameters.get("logout_hint")?;
        accounts.iter().position(|account| is_login_hint_claim(hint, account.user_name()))
    }

    /// Signs out of the account that the user picked on the page.
    pub(crate) async fn picked_for_sign_out(
        &self,
        tenant: &Tenant,
        parameters: &Parameters,
        chosen: Option<Account>,
        now: Instant,
    ) -> Result<Response, Refusal> {
        let accounts = match chosen {
            Some(account) => vec![account],
            None if self.parameters.get("account") == Some(ALL) => {
                self.signed_in_accounts(tenant, now).await?
            }
            // The picked account is signed out already.
            None => Vec::new(),
        };
        self.end_sessions(parameters, vec![SigningOut { tenant: tenant.clone(), now, accounts }]).await
    }

    async fn end_sessions(
        &self,
        parameters: &Parameters,
        signing_out: Vec<SigningOut>,
    ) -> Result<Response, Refusal> {
        let mut frames = Vec::new();
        for SigningOut { tenant, now, accounts } in &signing_out {
            let mut change = Change::new();
            for Account { session, user, .. } in accounts {
                change.add(session.end(tenant.id, *now));
                let upn = user.as_ref().map(|user| user.upn.clone());
                let signed_out = SignOut { session: Some(session.id), upn };
                let subject = Subject::user(session.user_id);
                let event = Event::new(tenant.id, *now, subject, &self.trace, signed_out);
                change.append(self.idp.chassis.journal.entry(&event.about([session.id])));
            }
            if !accounts.is_empty() {
                self.idp.directory.commit(tenant.id, change).await?;
            }
            for Account { session, .. } in accounts {
                frames.extend(self.logout_frames(tenant.id, session).await?);
            }
        }
        let tenants: Vec<TenantId> = signing_out.iter().map(|of_tenant| of_tenant.tenant.id).collect();
        self.after_sign_out(&tenants, parameters, &frames).await
    }

    /// Redirects to an application of one of these tenants (of any tenant if the list is empty) or
    /// shows a page. The page contains the frames that notify applications.
    async fn after_sign_out(
        &self,
        tenants: &[TenantId],
        parameters: &Parameters,
        frames: &[Url],
    ) -> Result<Response, Refusal> {
        let mut back = None;
        if let Some(uri) = parameters.get("post_logout_redirect_uri")
            && self.idp.directory.is_redirect_uri(tenants, uri).await?
            && let Ok(mut url) = Url::parse(uri)
        {
            if let Some(state) = parameters.get("state") {
                url.query_pairs_mut().append_pair("state", state);
            }
            back = Some(url);
        }
        if !frames.is_empty() {
            return Ok(pages::signed_out(frames, back.as_ref()));
        }
        if let Some(location) = back.and_then(|url| HeaderValue::try_from(url.as_str()).ok()) {
            return Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response());
        }
        Ok(pages::message(
            StatusCode::OK,
            "You are signed out",
            "Close the browser window, or sign in again.",
        ))
    }
}
