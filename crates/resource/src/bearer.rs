//! Extraction of the bearer token from a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use outlive_tokens::BearerRefusal;

/// Returns the bearer token of the `Authorization` header (RFC 6750 §2.1). Another scheme counts as
/// missing; two headers, or one that is not text, are malformed.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, BearerRefusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerRefusal::Missing)?;
    if values.next().is_some() {
        return Err(BearerRefusal::Malformed);
    }
    let value = value.to_str().map_err(|_| BearerRefusal::Malformed)?.trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerRefusal::Missing);
    }
    match token.trim_start() {
        "" => Err(BearerRefusal::Missing),
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_one_bearer_header_counts() {
        let of = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).expect("a header value"));
            }
            token(&headers).map(str::to_owned)
        };
        assert_eq!(of(&[b"Bearer abc"]), Ok("abc".into()));
        assert_eq!(of(&[b"bearer   abc "]), Ok("abc".into()));
        for missing in [
            &[][..],
            &[&b"Bearer"[..]],
            &[&b"Bearer  "[..]],
            &[&b"Basic abc"[..]],
            &[&b"Key abc"[..]],
            &[&b""[..]],
        ] {
            assert_eq!(of(missing), Err(BearerRefusal::Missing));
        }
        assert_eq!(of(&[b"Bearer a", b"Bearer b"]), Err(BearerRefusal::Malformed));
        assert_eq!(of(&[b"Bearer \xff"]), Err(BearerRefusal::Malformed));
    }
}
