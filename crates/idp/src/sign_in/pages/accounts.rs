//! The account picker page.

use axum::response::Response;

use super::respond::form_page;
use super::state::PageState;
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
    let shown = |account: &Account| {
        let user = account.user.as_ref()?;
        Some(PickedAccount {
            value: account.session.id.to_string(),
            name: user.display_name.clone(),
            user_name: user.upn.clone(),
            signed_in: account.is_live(),
        })
    };
    form_page(visit, state, "account", |form| PickAccount {
        form,
        title,
        to,
        accounts: accounts.iter().filter_map(shown).collect(),
        other,
    })
}
