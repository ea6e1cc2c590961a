//! Single sign-out (OpenID Connect RP-Initiated Logout; reference: "Logout"). It ends sessions of this browser and nothing else:
//! tokens that were issued live on.

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use serde_json::json;
use url::Url;

use crate::accounts::{Account, names_opaquely};
use crate::directory::Tenant;
use crate::form::Parameters;
use crate::pages::{self, Next, PageState};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// What the picker's last button stands for.
const ALL: &str = "all";

pub(crate) async fn logout(visit: Visit) -> Response {
    let result = visit.sign_out().await;
    visit.page(result).await
}

impl Visit {
    async fn sign_out(&self) -> Result<Response, Refusal> {
        let parameters = &self.parameters;
        let client = parameters.get("client_id").and_then(|id| id.parse().ok());
        let tenant = self.idp.tenant(&self.segment, client).await?;
        let now = self.idp.now(tenant.id).await?;
        let mut accounts = self.accounts_of_browser(&tenant, now).await?;
        let hint = parameters.get("logout_hint");
        let hinted = hint
            .and_then(|hint| accounts.iter().position(|account| names_opaquely(hint, account.user_name())));
        if let Some(at) = hinted {
            accounts = vec![accounts.swap_remove(at)];
        } else if accounts.len() > 1 {
            let next = Next::SignOut { parameters: parameters.clone() };
            let state = PageState::new(&self.segment, next, None);
            let title = "Which account do you want to sign out of?";
            let other = (ALL, "Sign out of all of them");
            return Ok(pages::pick_account(self, state, title, "in this browser", &accounts, other));
        }
        self.end_sessions(&tenant, parameters, accounts, now).await
    }

    /// Signs out of what was picked on the page.
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
                self.accounts_of_browser(tenant, now).await?
            }
            // What was picked is signed out already.
            None => Vec::new(),
        };
        self.end_sessions(tenant, parameters, accounts, now).await
    }

    async fn end_sessions(
        &self,
        tenant: &Tenant,
        parameters: &Parameters,
        accounts: Vec<Account>,
        now: Instant,
    ) -> Result<Response, Refusal> {
        let mut change = Change::new();
        for Account { session, user, .. } in &accounts {
            change.add(session.end(tenant.id, now));
            let subject = format!("user:{}", session.user_id);
            let event = Event::new(tenant.id, now, "sign_out", subject, &self.trace)
                .with(json!({"session": session.id, "upn": user.as_ref().map(|user| &user.upn)}))
                .about([session.id]);
            change.append(self.idp.chassis.journal.entry(&event));
        }
        if !accounts.is_empty() {
            self.idp.directory.commit(tenant.id, change).await?;
        }
        let mut frames = Vec::new();
        for Account { session, .. } in &accounts {
            frames.extend(self.logout_frames(tenant.id, session).await?);
        }
        self.after_sign_out(tenant, parameters, &frames).await
    }

    /// Back to an application, where one of the tenant's is, or else a page; with the frames that applications are told by, if any.
    async fn after_sign_out(
        &self,
        tenant: &Tenant,
        parameters: &Parameters,
        frames: &[Url],
    ) -> Result<Response, Refusal> {
        let mut back = None;
        if let Some(uri) = parameters.get("post_logout_redirect_uri")
            && self.idp.directory.is_redirect_uri(tenant.id, uri).await?
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
