//! The password reset pages.

use axum::response::Response;
use http::StatusCode;

use super::respond::{OWN, page_response, with_cookie};
use super::state::{FormFields, PageState};
use super::templates::{AskResetCode, ResetPassword};
use crate::visit::Visit;

/// Renders the page that asks for the user name.
pub(crate) fn ask_reset_code(visit: &Visit, state: PageState) -> Response {
    let action = format!("/{}/passwordreset", state.segment());
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let page = AskResetCode { action, ctx: &ctx, canary: &canary };
    with_cookie(page_response(StatusCode::OK, &page, OWN), set_cookie)
}

/// Renders the page for the code and the new password.
pub(crate) fn reset_password(
    visit: &Visit,
    state: PageState,
    user_name: &str,
    wrong: Option<String>,
) -> Response {
    let action = format!("/{}/passwordreset", state.segment());
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let page = ResetPassword { action, ctx: &ctx, canary: &canary, user_name, wrong };
    with_cookie(page_response(StatusCode::OK, &page, OWN), set_cookie)
}
