//! The theme that a browser chose: light, dark, or as its system. A cookie keeps it; every page of
//! the console has it as an attribute of its root, and paper is always light.

use http::HeaderMap;
use serde::Deserialize;

use crate::forms::cookie;

/// The cookie that keeps the choice.
pub(crate) const COOKIE_NAME: &str = "outlive_theme";

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
