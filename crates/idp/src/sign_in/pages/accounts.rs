//! The account picker page.

use axum::response::Response;
use http::StatusCode;

use super::respond::{leads, page_response, with_cookie};
use super::state::{FormFields, PageState};
use super::templates::{PickAccount, PickedAccount};
use crate::sign_in::accounts::Account;
use crate::visit::Visit;

/// Renders the page. `other` has the value and the text of the last button.
pub(crate) fn pick_account(
    visit: &Visit,
    state: PageState,
    title: &str,
    to: &str,
    accounts: &[Account],
    other: (&str, &str),
) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let shown = |account: &Account| {
        let user = account.user.as_ref()?;
        Some(PickedAccount {
            value: account.session.id.to_string(),
            name: user.display_name.clone(),
            user_name: user.upn.clone(),
            signed_in: account.is_live(),
        })
    };
    let page = PickAccount {
        action: format!("/{segment}/account"),
        ctx: &ctx,
        canary: &canary,
        title,
        to,
        accounts: accounts.iter().filter_map(shown).collect(),
        other,
    };
    with_cookie(page_response(StatusCode::OK, &page, &leads_to), set_cookie)
}
