//! The theme that a browser chose: light, dark, or as its system. A cookie keeps it; every page of
//! the console has it as an attribute of its root, and paper is always light.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::error::ErrorPage;
use crate::forms::cookie;
use crate::seen;
use crate::state::Console;

const COOKIE_NAME: &str = "outlive_theme";
/// How long a browser keeps the choice (wall time): a year.
const KEPT_SECONDS: u32 = 31_536_000;
/// The longest address to return to, in bytes.
const ADDRESS_BYTES_MAX: usize = 2_000;

/// A theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    Light,
    Dark,
    /// As the system has it.
    #[default]
    System,
}

/// The themes with their values and names, in the order of the switch.
pub(crate) const THEMES: [(Theme, &str, &str); 3] = [
    (Theme::Light, "light", "Light"),
    (Theme::Dark, "dark", "Dark"),
    (Theme::System, "system", "As the system"),
];

impl Theme {
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        match cookie(headers, COOKIE_NAME) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// The attribute of a page's root, with a blank before it; empty without a choice.
pub(crate) fn attribute() -> &'static str {
    match seen::theme() {
        Theme::Light => " data-theme=\"light\"",
        Theme::Dark => " data-theme=\"dark\"",
        Theme::System => "",
    }
}

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
