//! The passkey pages. They need script, so the sign-in page only links to them.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::respond::{leads, page_response, with_cookie};
use super::state::{FormFields, PageState};
use super::templates::Wrong;
use crate::directory::User;
use crate::sign_in::passkeys::Passkey;
use crate::visit::Visit;

/// Passkey sign-in.
#[derive(Template)]
#[template(path = "passkey.html")]
struct AskPasskey<'a> {
    action: String,
    ctx: &'a str,
    canary: &'a str,
    user_name: &'a str,
    options: &'a str,
}

/// A user's passkeys.
#[derive(Template)]
#[template(path = "security_info.html")]
struct SecurityInfo<'a> {
    action: String,
    ctx: &'a str,
    canary: &'a str,
    user_name: &'a str,
    passkeys: Vec<Shown<'a>>,
    /// Options for creating a passkey; `None` where that is impossible.
    options: Option<&'a str>,
    wrong: Option<Wrong>,
}

struct Shown<'a> {
    credential: &'a str,
    name: &'a str,
    created: String,
    used: Option<String>,
}

/// Renders the passkey sign-in page.
pub(crate) fn passkey(visit: &Visit, state: PageState, user_name: &str, options: &str) -> Response {
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let action = format!("/{segment}/passkey");
    let page = AskPasskey { action, ctx: &ctx, canary: &canary, user_name, options };
    with_cookie(page_response(StatusCode::OK, &page, &leads_to), set_cookie)
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
    let (segment, leads_to) = leads(&state);
    let FormFields { ctx, canary, set_cookie } = state.fields(visit);
    let page = SecurityInfo {
        action: format!("/{segment}/security-info"),
        ctx: &ctx,
        canary: &canary,
        user_name: &user.upn,
        passkeys: passkeys
            .iter()
            .map(|passkey| Shown {
                credential: &passkey.credential,
                name: &passkey.name,
                created: passkey.created_at.to_string(),
                used: passkey.used_at.map(|at| at.to_string()),
            })
            .collect(),
        options,
        wrong,
    };
    with_cookie(page_response(StatusCode::OK, &page, &leads_to), set_cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "<script>alert('x')</script>\"";

    #[test]
    fn markup_from_outside_appears_only_escaped() {
        let shown = Shown { credential: NASTY, name: NASTY, created: NASTY.into(), used: Some(NASTY.into()) };
        let wrong = Some(Wrong { code: NASTY.into(), sentence: NASTY.into(), remedy: "" });
        let (action, ctx, canary) = (NASTY.to_owned(), NASTY, NASTY);
        let pages = [
            AskPasskey { action: action.clone(), ctx, canary, user_name: NASTY, options: NASTY }.render(),
            SecurityInfo {
                action,
                ctx,
                canary,
                user_name: NASTY,
                passkeys: vec![shown],
                options: Some(NASTY),
                wrong,
            }
            .render(),
        ];
        for page in pages {
            let page = page.unwrap();
            assert!(!page.contains("alert('x')"), "{page}");
        }
    }
}
