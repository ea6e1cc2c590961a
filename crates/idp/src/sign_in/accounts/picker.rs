//! The account picker page and its form.

use axum::response::Response;
use outlive_rules::aadsts;

use super::account::Account;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::{AuthorizeRequest, validate};
use crate::sign_in::pages::{self, Next, PageState};
use crate::visit::Visit;

/// `POST /{tenant}/account`: `account` (a session id or `other`), with the form's `ctx` and
/// `canary`.
pub(crate) async fn pick_account(visit: Visit) -> Response {
    let result = visit.picked_account().await;
    visit.page(result).await
}

impl Visit {
    pub(crate) fn account_picker(
        &self,
        request: &AuthorizeRequest,
        next: Next,
        accounts: &[Account],
    ) -> Response {
        let state = PageState::new(&self.segment, next, None);
        let to = format!("to continue to {}", request.application.name);
        pages::pick_account(self, state, "Pick an account", &to, accounts, ("other", "Use another account"))
    }

    async fn picked_account(&self) -> Result<Response, Refusal> {
        let state = PageState::of_form(self)?;
        let picked = self.parameters.get("account").unwrap_or_default();
        let tenant = self.tenant_of(&state.next).await?;
        let now = self.idp.now(tenant.id).await?;
        let accounts = self.accounts_of_browser(&tenant, now).await?;
        let chosen = accounts.into_iter().find(|account| account.session.id.to_string() == picked);
        let (version, parameters) = match &state.next {
            Next::Authorize { version, parameters, .. } => (*version, parameters),
            Next::SignOut { parameters } => {
                return self.picked_for_sign_out(&tenant, parameters, chosen, now).await;
            }
            _ => return Err(Refusal::new(aadsts::FORM_OF_ANOTHER_BROWSER)),
        };
        let user_name = chosen.as_ref().map(|account| account.user_name().to_owned()).unwrap_or_default();
        if let Some(signed_in) = chosen.and_then(|account| account.signed_in(true)) {
            return Ok(self.go_on(state.next, signed_in).await);
        }
        // Another account, or an account whose session has ended.
        match validate(&self.idp, &self.segment, version, parameters).await {
            Ok(request) => {
                let state = PageState::new(&self.segment, state.next, None);
                Ok(pages::sign_in(self, state, &request.application.name, &user_name, None))
            }
            Err(refusal) => Ok(self.authorize_refusal(refusal).await),
        }
    }
}
