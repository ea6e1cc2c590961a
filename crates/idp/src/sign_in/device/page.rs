//! The page on which a user enters a device's user code: `/{tenant}/oauth2/deviceauth`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use outlive_clock::{Instant, UserId, wall_now};
use outlive_rules::scopes::ScopeRequest;
use outlive_rules::{Aadsts, DeviceDecision, aadsts, lifetimes};

use super::endpoint::PAGE;
use super::user_code;
use crate::access::conditional_access::{self, AccessContext};
use crate::access::scopes::{ResolveError, resolve};
use crate::access::second_factor;
use crate::directory::Application;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::SignedIn;
use crate::sign_in::consents::{Consent, missing_consents};
use crate::sign_in::pages::{self, Next, PageState};
use crate::token::device_code::{DeviceCode, find_by_user_code};
use crate::visit::Visit;

/// `GET /{tenant}/oauth2/deviceauth`; `otc` prefills the code.
pub(crate) async fn device_page(visit: Visit) -> Response {
    let result = visit.show_device_page().await;
    visit.page(result).await
}

/// `POST /{tenant}/oauth2/deviceauth`: `otc`, with the form's `ctx` and `canary`.
pub(crate) async fn enter_user_code(visit: Visit) -> Response {
    let result = visit.take_user_code().await;
    visit.page(result).await
}

/// `GET /device`, short enough to type.
pub(crate) async fn short_page() -> Response {
    (StatusCode::FOUND, [(LOCATION, PAGE)]).into_response()
}

impl Visit {
    async fn show_device_page(&self) -> Result<Response, Refusal> {
        if !is_alias(&self.segment) {
            self.idp.tenant(&self.segment, None).await?;
        }
        let typed = self.parameters.get("otc").and_then(user_code::normalize).unwrap_or_default();
        Ok(self.user_code_page(&typed, None))
    }

    /// Renders the page, with the error of the previous attempt.
    pub(crate) fn user_code_page(&self, typed: &str, wrong: Option<Aadsts>) -> Response {
        let state = PageState::new(&self.segment, Next::EnterUserCode, None);
        let mut address = format!("{}{PAGE}", self.origin.0);
        if !typed.is_empty() {
            address.push_str("?otc=");
            address.push_str(typed);
        }
        pages::user_code(self, state, typed, &address, wrong.map(Refusal::new).as_ref())
    }

    async fn take_user_code(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        if !matches!(state.next, Next::EnterUserCode) {
            return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER));
        }
        let typed = user_code::normalize(self.parameters.get("otc").unwrap_or_default()).unwrap_or_default();
        let (guesses, address) =
            (&self.idp.user_code_guesses, outlive_chassis::client_address(&self.headers));
        if guesses.are_too_many(address, wall_now()) {
            return Err(Refusal::new(aadsts::TOO_MANY_REQUESTS));
        }
        let hash = self.idp.secrets.user_code_hash(&typed);
        let Some(code) = find_by_user_code(&self.idp.chassis.store, &hash).await? else {
            guesses.note(address, wall_now());
            return Ok(self.user_code_page(&typed, Some(aadsts::USER_CODE_WRONG)));
        };
        if !is_alias(&self.segment) && self.idp.tenant(&self.segment, None).await?.id != code.tenant {
            return Ok(self.user_code_page(&typed, Some(aadsts::USER_CODE_WRONG)));
        }
        let now = self.idp.now(code.tenant).await?;
        if let Some(wrong) = over(&code, now) {
            return Ok(self.user_code_page(&typed, Some(wrong)));
        }
        self.ask_for_device(&code, now, None).await
    }

    /// Shows the approval page to the signed-in user, or the sign-in page first.
    pub(crate) async fn ask_for_device(
        &self,
        code: &DeviceCode,
        now: Instant,
        just_now: Option<SignedIn>,
    ) -> Result<Response, Refusal> {
        let tenant = self.idp.directory.tenant(code.tenant).await?;
        let tenant = tenant.ok_or_else(|| Refusal::new(aadsts::USER_CODE_WRONG))?;
        let client = self.idp.directory.application(code.tenant, code.client_id).await?;
        let client = client.ok_or_else(|| Refusal::new(aadsts::USER_CODE_WRONG))?;
        let (found, set_cookies) = match just_now {
            Some(signed_in) => (Some((signed_in.session, signed_in.user)), signed_in.set_cookies),
            None => {
                let found = self.session_of(code.tenant, None).await?;
                let found = found.and_then(|(session, user)| {
                    let user = user?;
                    session.signs_in(&user, &tenant.rules, now).then_some((session, user))
                });
                (found, Vec::new())
            }
        };
        let segment = code.tenant.to_string();
        let next = Next::Device { id: code.id, application: client.name.clone() };
        let Some((session, user)) = found else {
            let state = PageState::new(&segment, next, None);
            return Ok(pages::sign_in(self, state, &client.name, "", None));
        };
        // Checked here rather than at redemption, because here a user can act.
        let asked = code.asked.clone().into();
        let asking = AccessContext {
            tenant: &tenant,
            user: Some(&user),
            client: Some(&client),
            asked: Some(&asked),
            contexts: &conditional_access::NO_CONTEXTS,
            address: outlive_chassis::client_address(&self.headers),
            authenticated_at: None,
            request: Some((now, &self.trace)),
        };
        let access = self.idp.access(&asking).await?;
        let factor = second_factor::facts(&tenant, &user, Some(&client), &session.amr);
        if access.also(factor).is_missing() {
            let mut page = self.step_up(&segment, &user, &session, next, now);
            pages::add_cookies(&mut page, set_cookies);
            return Ok(page);
        }
        let missing = self.missing_on_device(code, &client, user.id).await?;
        let state = PageState::new(&segment, next, Some(user.id));
        let mut response = pages::approve_device(self, state, &client, &user, &missing);
        pages::add_cookies(&mut response, set_cookies);
        Ok(response)
    }

    /// Returns the permissions that the device requested and the user has not granted.
    pub(super) async fn missing_on_device(
        &self,
        code: &DeviceCode,
        client: &Application,
        user: UserId,
    ) -> Result<Vec<Consent>, Refusal> {
        let (directory, tenant) = (&self.idp.directory, code.tenant);
        let requested: ScopeRequest = code.asked.clone().into();
        let resources = resolve(directory, tenant, &requested).await.map_err(ResolveError::at_token)?;
        missing_consents(directory, (tenant, user), client, &resources, &requested.oidc).await
    }
}

/// Returns why a code can no longer be approved, if so.
pub(super) fn over(code: &DeviceCode, now: Instant) -> Option<Aadsts> {
    if now >= code.issued_at + lifetimes::DEVICE_CODE {
        return Some(aadsts::USER_CODE_EXPIRED);
    }
    (code.decision != DeviceDecision::Pending).then_some(aadsts::USER_CODE_WRONG)
}

fn is_alias(segment: &str) -> bool {
    matches!(segment, "common" | "organizations")
}
