//! The passkey pages. They need script, so the sign-in page only links to them.

use axum::response::Response;

use super::respond::form_page;
use super::state::PageState;
use super::templates::{AskPasskey, SecurityInfo, ShownPasskey, Wrong};
use crate::directory::User;
use crate::sign_in::passkeys::Passkey;
use crate::visit::Visit;

/// Renders the passkey sign-in page.
pub(crate) fn passkey(visit: &Visit, state: PageState, user_name: &str, options: &str) -> Response {
    form_page(visit, state, "passkey", |form| AskPasskey { form, user_name, options })
}

/// Renders the page with a user's passkeys.
pub(crate) fn security_info(
    visit: &Visit,
    state: PageState,
    user: &User,
    passkeys: &[Passkey],
    options: Option<&str>,
    wrong: Option<Wrong>,
) -> Response {
    let passkeys = passkeys.iter().map(|passkey| ShownPasskey {
        credential: &passkey.credential,
        name: &passkey.name,
        created: passkey.created_at.to_string(),
        used: passkey.used_at.map(|at| at.to_string()),
    });
    let (user_name, passkeys) = (&user.upn, passkeys.collect());
    form_page(visit, state, "security-info", |form| SecurityInfo {
        form,
        user_name,
        passkeys,
        options,
        wrong,
    })
}
