//! The password reset pages.

use axum::response::Response;

use super::respond::form_page;
use super::state::PageState;
use super::templates::{AskResetCode, ResetPassword};
use crate::visit::Visit;

/// Renders the page that asks for the user name.
pub(crate) fn ask_reset_code(visit: &Visit, state: PageState) -> Response {
    form_page(visit, state, "passwordreset", |form| AskResetCode { form })
}

/// Renders the page for the code and the new password.
pub(crate) fn reset_password(
    visit: &Visit,
    state: PageState,
    user_name: &str,
    wrong: Option<String>,
) -> Response {
    form_page(visit, state, "passwordreset", |form| ResetPassword { form, user_name, wrong })
}
