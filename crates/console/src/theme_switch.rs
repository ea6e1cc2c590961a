//! `POST /console/theme`: the switch in the foot of each page.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::error::ErrorPage;
use crate::state::Console;
use crate::theme::{COOKIE_NAME, THEMES, Theme};

/// How long a browser keeps the choice (wall time): a year.
const KEPT_SECONDS: u32 = 31_536_000;
/// The longest address to return to, in bytes.
const ADDRESS_BYTES_MAX: usize = 2_000;

#[derive(Deserialize)]
pub(crate) struct ThemeForm {
    token: String,
    theme: Theme,
    /// The page that the form is on.
    #[serde(default)]
    back: String,
}

/// `POST /console/theme`
pub(crate) async fn choose(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<ThemeForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Ok(Form(form)) = form else { return Err(ErrorPage::bad_form()) };
    if !console.form_key.accepts(&headers, &form.token) {
        return Err(ErrorPage::bad_form());
    }
    let known = THEMES.iter().find(|(theme, ..)| *theme == form.theme && *theme != Theme::System);
    let (value, age) = known.map_or(("", 0), |(_, value, _)| (*value, KEPT_SECONDS));
    let kept = format!("{COOKIE_NAME}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict");
    let back = if is_own(&form.back) { form.back } else { "/".to_owned() };
    let headers = AppendHeaders([(LOCATION, back), (SET_COOKIE, kept)]);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Whether an address is one of this console: a path, and nothing that a browser could read as
/// another host.
fn is_own(address: &str) -> bool {
    address.len() <= ADDRESS_BYTES_MAX
        && address.starts_with('/')
        && !address.starts_with("//")
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_addresses_are_returned_to() {
        for (address, own) in [
            ("/", true),
            ("/journal?show=all&about=user:1", true),
            ("/flows/x?run=a%20b", true),
            ("", false),
            ("journal", false),
            ("//elsewhere.example/", false),
            ("/\\elsewhere.example/", false),
            ("https://elsewhere.example/", false),
            ("/a\r\nSet-Cookie: x=y", false),
            ("/ü", false),
        ] {
            assert_eq!(is_own(address), own, "{address}");
        }
        assert!(!is_own(&format!("/{}", "a".repeat(ADDRESS_BYTES_MAX))));
    }
}
