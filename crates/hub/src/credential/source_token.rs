//! A token for a data source, as calls send and record it.

use http::HeaderValue;
use outlive_tokens::{Secret, fingerprint};

/// An access token for a data source. The calls that send a stored one share it.
#[derive(Debug)]
pub(crate) struct SourceToken {
    secret: Secret,
    fingerprint: String,
    authorization: Option<HeaderValue>,
}

impl SourceToken {
    pub(crate) fn new(secret: Secret) -> Self {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", secret.expose())).ok();
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Self { fingerprint: fingerprint(secret.expose()), authorization, secret }
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The fingerprint under which the journal names the token.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The value of the header `Authorization`, which is not shown by `Debug`. `None` if the token
    /// contains characters that are not valid in a header.
    pub(crate) const fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_token_and_is_not_shown() {
        let token = SourceToken::new(Secret::new("abc.def"));
        assert_eq!(token.authorization().map(HeaderValue::as_bytes), Some(&b"Bearer abc.def"[..]));
        assert_eq!(token.fingerprint(), fingerprint("abc.def"));
        assert!(!format!("{token:?}").contains("abc"), "{token:?}");
        assert_eq!(SourceToken::new(Secret::new("a\r\nx: y")).authorization(), None);
    }
}
