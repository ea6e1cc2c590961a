//! The message about a submitted form, shown once on the next page.

use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;

use crate::forms::cookie;

const COOKIE_NAME: &str = "outlive_message";
/// Maximum length of a message, in characters.
const LONGEST: usize = 600;

/// A message about the result of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) good: bool,
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn success(text: impl Into<String>) -> Self {
        Self { good: true, text: text.into() }
    }

    pub(crate) fn failure(text: impl Into<String>) -> Self {
        Self { good: false, text: text.into() }
    }

    /// Returns the `Set-Cookie` header that passes it to the next page.
    pub(crate) fn set_cookie(&self) -> String {
        let mut bytes = vec![u8::from(self.good)];
        bytes.extend(self.text.chars().take(LONGEST).collect::<String>().into_bytes());
        format!(
            "{COOKIE_NAME}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict",
            BASE64URL_NOPAD.encode(&bytes)
        )
    }

    /// Returns the `Set-Cookie` header that deletes it.
    pub(crate) fn clear_cookie() -> String {
        format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    }

    /// Reads the message of a request.
    pub(crate) fn from_cookie(headers: &HeaderMap) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(cookie(headers, COOKIE_NAME)?.as_bytes()).ok()?;
        let (good, text) = bytes.split_first()?;
        let text: String = String::from_utf8(text.to_vec()).ok()?.chars().take(LONGEST).collect();
        Some(Self { good: *good == 1, text })
    }
}
