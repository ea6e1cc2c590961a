//! The passkey pages. They need script, so the sign-in page only links to them.

use askama::Template;
use axum::response::Response;

use super::respond::form_page;
use super::state::PageState;
use super::templates::{Form, Wrong};
use crate::directory::User;
use crate::sign_in::passkeys::Passkey;
use crate::visit::Visit;

/// Passkey sign-in.
#[derive(Template)]
#[template(path = "passkey.html")]
struct AskPasskey<'a> {
    form: Form,
    user_name: &'a str,
    options: &'a str,
}

/// A user's passkeys.
#[derive(Template)]
#[template(path = "security_info.html")]
struct SecurityInfo<'a> {
    form: Form,
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
    form_page(visit, state, "security-info", |form| SecurityInfo {
        form,
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "<script>alert('x')</script>\"";

    #[test]
    fn markup_from_outside_appears_only_escaped() {
        let shown = Shown { credential: NASTY, name: NASTY, created: NASTY.into(), used: Some(NASTY.into()) };
        let wrong = Some(Wrong { code: NASTY.into(), sentence: NASTY.into(), remedy: "" });
        let form = || Form { action: NASTY.into(), ctx: NASTY.into(), canary: NASTY.into() };
        let pages = [
            AskPasskey { form: form(), user_name: NASTY, options: NASTY }.render(),
            SecurityInfo {
                form: form(),
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
