//! The cookies of a browser.
//!
//! As in a browser, cookies belong to a host, not to a port. They do not expire here:
//! the browser has no virtual time, and the server decides whether a session is too old. Deletion
//! (`Max-Age=0`, a date in 1970) works.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

/// Maximum number of cookies.
const COOKIES_MAX: usize = 200;

#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Cookies(BTreeMap<(String, String), Cookie>);

#[derive(Clone, PartialEq, Eq)]
struct Cookie {
    path: String,
    value: String,
}

impl Cookies {
    /// Stores the cookies of a response from `url`.
    pub(super) fn store(&mut self, url: &Url, headers: &HeaderMap) {
        let host = url.host_str().unwrap_or_default();
        for header in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = header.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let mut path = "/".to_owned();
            let mut removed = false;
            for attribute in parts {
                let (key, setting) = attribute.split_once('=').unwrap_or((attribute, ""));
                match key.to_ascii_lowercase().as_str() {
                    "path" if setting.starts_with('/') => setting.clone_into(&mut path),
                    "max-age" => removed |= setting.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                    "expires" => removed |= setting.contains("1970"),
                    _ => {}
                }
            }
            let key = (host.to_owned(), name.to_owned());
            if removed {
                self.0.remove(&key);
            } else if self.0.len() < COOKIES_MAX || self.0.contains_key(&key) {
                self.0.insert(key, Cookie { path, value: value.to_owned() });
            }
        }
    }

    /// Sets a cookie for the host of `url`.
    pub(super) fn set(&mut self, url: &Url, name: &str, value: &str) {
        let key = (url.host_str().unwrap_or_default().to_owned(), name.to_owned());
        self.0.insert(key, Cookie { path: "/".to_owned(), value: value.to_owned() });
    }

    /// Returns the value of a cookie for the host of `url`.
    pub(super) fn value(&self, url: &Url, name: &str) -> Option<String> {
        let host = url.host_str().unwrap_or_default().to_owned();
        self.0.get(&(host, name.to_owned())).map(|cookie| cookie.value.clone())
    }

    /// Returns the `Cookie` header of a request to `url`, if there are cookies for it.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let pairs: Vec<_> = self
            .0
            .iter()
            .filter(|((of, _), cookie)| of == host && url.path().starts_with(&cookie.path))
            .map(|((_, name), cookie)| format!("{name}={}", cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (SET_COOKIE, cookie.parse().expect("a header value"))).collect()
    }

    #[test]
    fn cookies_are_sent_to_their_host_and_path_and_can_be_deleted() {
        let url: Url = "http://127.0.0.1:8701/t/login".parse().expect("valid");
        let mut jar = Cookies::default();
        jar.store(&url, &answer(&["ESTSAUTH=a; Path=/; HttpOnly", "esctx=b; Path=/t; Max-Age=600"]));
        assert_eq!(jar.header(&url).as_deref(), Some("ESTSAUTH=a; esctx=b"));
        let other_port: Url = "http://127.0.0.1:8702/".parse().expect("valid");
        assert_eq!(jar.header(&other_port).as_deref(), Some("ESTSAUTH=a"));
        let other_host: Url = "http://localhost:8701/t/login".parse().expect("valid");
        assert_eq!(jar.header(&other_host), None);
        jar.store(
            &url,
            &answer(&["ESTSAUTH=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "esctx=; Max-Age=0"]),
        );
        assert_eq!(jar.header(&url), None);
    }
}
