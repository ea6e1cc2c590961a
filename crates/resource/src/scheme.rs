//! How requests authenticate, by the first segment of their path.

/// A kind of authentication. Each has the same routes under its own prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// An access token of the issuer.
    Bearer,
    /// User name and directory password, in a `Basic` header.
    Basic,
    /// A key of the API, in a header or the query.
    ApiKey,
    /// A registered certificate in the TLS handshake.
    Certificate,
}

impl Scheme {
    pub(crate) const ALL: [Self; 4] = [Self::Bearer, Self::Basic, Self::ApiKey, Self::Certificate];

    /// Returns what precedes `/orders` in paths.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Bearer => "",
            Self::Basic => "/basic",
            Self::ApiKey => "/key",
            Self::Certificate => "/certificate",
        }
    }

    /// Returns the scheme of a path.
    pub(crate) fn of_path(path: &str) -> Self {
        let below =
            |scheme: Self| path.strip_prefix(scheme.prefix()).is_some_and(|rest| rest.starts_with('/'));
        Self::ALL.into_iter().skip(1).find(|scheme| below(*scheme)).unwrap_or(Self::Bearer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_decides() {
        for (path, scheme) in [
            ("/orders", Scheme::Bearer),
            ("/orders/basic", Scheme::Bearer),
            ("/basic/orders", Scheme::Basic),
            ("/basic/orders/1", Scheme::Basic),
            ("/basics/orders", Scheme::Bearer),
            ("/key/orders", Scheme::ApiKey),
            ("/keys", Scheme::Bearer),
            ("/certificate/orders", Scheme::Certificate),
        ] {
            assert_eq!(Scheme::of_path(path), scheme, "{path}");
        }
    }
}
