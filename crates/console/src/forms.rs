//! Form tokens, which prove that a form was submitted from a page of the console.
//!
//! A browser has a random cookie that other sites can neither read nor send; a form contains its
//! keyed hash. The key is generated at the start, so pages from before a restart must be reloaded.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use http::HeaderMap;
use http::header::COOKIE;
use outlive_clock::Randomness;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The cookie's name.
pub(crate) const COOKIE_NAME: &str = "outlive_console";
/// Its length: 16 bytes in hexadecimal.
const VALUE_LENGTH: usize = 32;

/// The key of this process.
#[derive(Clone)]
pub(crate) struct FormKey {
    key: Arc<[u8; 32]>,
    random: Randomness,
}

/// A browser, identified by its cookie.
pub(crate) struct Visitor {
    value: String,
    /// Whether the cookie is new and must be set.
    is_new: bool,
}

impl FormKey {
    pub(crate) fn draw(random: Randomness) -> Self {
        Self { key: Arc::new(random.stream("console-form-key").bytes()), random }
    }

    /// Returns the browser that sent these headers, or a new one without a valid cookie.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Visitor {
        match cookie(headers, COOKIE_NAME).filter(|value| is_value(value)) {
            Some(value) => Visitor { value: value.to_owned(), is_new: false },
            None => {
                let value = HEXLOWER.encode(&self.random.stream("console-visitor").bytes::<16>());
                Visitor { value, is_new: true }
            }
        }
    }

    /// Returns the token for a form in this browser.
    pub(crate) fn token(&self, visitor: &Visitor) -> String {
        // The length of the value is fixed, which prevents length extension.
        let mut hash = Sha256::new();
        hash.update(*self.key);
        hash.update(visitor.value.as_bytes());
        HEXLOWER.encode(&hash.finalize())
    }

    /// Whether the token belongs to the browser that sends the form, and the request is
    /// same-origin.
    pub(crate) fn accepts(&self, headers: &HeaderMap, token: &str) -> bool {
        let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        if !matches!(site, None | Some("same-origin")) {
            return false;
        }
        let visitor = self.visitor(headers);
        !visitor.is_new && bool::from(self.token(&visitor).as_bytes().ct_eq(token.as_bytes()))
    }
}

impl Visitor {
    /// Returns the `Set-Cookie` header for a new browser.
    pub(crate) fn set_cookie(&self) -> Option<String> {
        self.is_new.then(|| format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", self.value))
    }
}

fn is_value(text: &str) -> bool {
    text.len() == VALUE_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the value of a cookie in a request.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, cookie.parse().expect("a header"))])
    }

    #[test]
    fn a_token_is_good_only_with_its_cookie_and_key() {
        let key = FormKey::draw(Randomness::from_seed(1));
        let visitor = key.visitor(&HeaderMap::new());
        let token = key.token(&visitor);
        let own = headers(&format!("a=b; {COOKIE_NAME}={}", visitor.value));
        assert!(key.accepts(&own, &token));
        assert!(!key.accepts(&own, &token[1..]));
        assert!(!key.accepts(&HeaderMap::new(), &token));
        assert!(!key.accepts(&headers(&format!("{COOKIE_NAME}={}", "0".repeat(32))), &token));
        assert!(!FormKey::draw(Randomness::from_seed(2)).accepts(&own, &token));
        let mut foreign = own;
        foreign.insert("sec-fetch-site", "cross-site".parse().expect("a header"));
        assert!(!key.accepts(&foreign, &token));
    }
}
