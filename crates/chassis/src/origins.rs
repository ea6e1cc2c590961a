//! The origins under which a service may be called.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// The allowed origins of a service (`http://127.0.0.1:8701`). Requests to other hosts are
/// rejected, as protection against DNS rebinding.
#[derive(Debug, Clone)]
pub struct Origins {
    allowed: Arc<[String]>,
    pinned: bool,
}

impl Origins {
    /// The allowed origins, the public one first. Trailing slashes are ignored.
    pub fn new(allowed: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let allowed: Vec<String> = allowed
            .into_iter()
            .map(|origin| origin.into().trim_end_matches('/').to_ascii_lowercase())
            .collect();
        Self { allowed: allowed.into(), pinned: false }
    }

    /// Uses the public origin in every document and link, whatever origin was requested.
    #[must_use]
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// The public origin: the first.
    #[must_use]
    pub fn public(&self) -> &str {
        self.allowed.first().map_or("", String::as_str)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[String] {
        &self.allowed
    }

    /// The origin for a request to `host` (the `Host` header, with its port), if it is allowed.
    #[must_use]
    pub fn for_host(&self, host: &str) -> Option<&str> {
        let host = host.to_ascii_lowercase();
        // The default port of a scheme is optional.
        let found = self.allowed.iter().find(|origin| {
            [("http://", ":80"), ("https://", ":443")].into_iter().any(|(scheme, port)| {
                origin
                    .strip_prefix(scheme)
                    .is_some_and(|own| own == host || host.strip_suffix(port).is_some_and(|host| own == host))
            })
        })?;
        Some(if self.pinned { self.public() } else { found })
    }
}

/// The origin of the request, from which discovery documents, issuers and links are built.
#[derive(Debug, Clone)]
pub struct CallerOrigin(pub Arc<str>);

impl<S: Send + Sync> FromRequestParts<S> for CallerOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self(Arc::from("http://localhost"))))
    }
}

impl std::fmt::Display for CallerOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_are_answered_and_each_by_its_own_name() {
        let origins = Origins::new(["http://127.0.0.1:8701/", "http://idp:8701"]);
        assert_eq!(origins.for_host("IDP:8701"), Some("http://idp:8701"));
        assert_eq!(origins.for_host("127.0.0.1:8701"), Some("http://127.0.0.1:8701"));
        let plain = Origins::new(["https://login.example", "http://plain.example"]);
        assert_eq!(plain.for_host("login.example:443"), Some("https://login.example"));
        assert_eq!(plain.for_host("login.example:80"), None);
        assert_eq!(plain.for_host("plain.example:80"), Some("http://plain.example"));
        assert_eq!(origins.for_host("evil.example:8701"), None);
        assert_eq!(origins.for_host(""), None);
        assert_eq!(origins.pinned().for_host("idp:8701"), Some("http://127.0.0.1:8701"));
    }
}
