//! What a form's answer tells on the page it leads back to: one message, shown once.

use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;

use crate::forms::cookie;

const COOKIE_NAME: &str = "outlive_message";
/// The longest message, in characters.
const LONGEST: usize = 600;

/// A message about what a form did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) good: bool,
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { good: true, text: text.into() }
    }

    pub(crate) fn sorry(text: impl Into<String>) -> Self {
        Self { good: false, text: text.into() }
    }

    /// The header that carries it to the next page.
    pub(crate) fn set_cookie(&self) -> String {
        let mut bytes = vec![u8::from(self.good)];
        bytes.extend(self.text.chars().take(LONGEST).collect::<String>().into_bytes());
        format!(
            "{COOKIE_NAME}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict",
            BASE64URL_NOPAD.encode(&bytes)
        )
    }

    /// The header that takes it away again.
    pub(crate) fn clear_cookie() -> String {
        format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    }

    /// The message that a request brings.
    pub(crate) fn brought(headers: &HeaderMap) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(cookie(headers, COOKIE_NAME)?.as_bytes()).ok()?;
        let (good, text) = bytes.split_first()?;
        let text: String = String::from_utf8(text.to_vec()).ok()?.chars().take(LONGEST).collect();
        Some(Self { good: *good == 1, text })
    }
}
