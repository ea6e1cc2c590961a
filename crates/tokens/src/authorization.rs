//! The credentials in the `Authorization` header of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::{BearerRefusal, TOKEN_CHARS_MAX};

/// Whether a byte is a character of `token68`.
static IS_TOKEN68: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    table
};

/// Returns the bearer token of a request (RFC 6750, section 2.1).
///
/// # Errors
/// As for [`credentials`].
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, BearerRefusal> {
    credentials(headers, "Bearer")
}

/// Returns the credentials of the only `Authorization` header, for a scheme whose credentials are a
/// `token68` (RFC 9110, section 11.2).
///
/// # Errors
/// [`BearerRefusal::Missing`] without a header of this scheme, or without credentials in it.
/// [`BearerRefusal::Malformed`] if there are several headers, or the credentials contain other
/// characters than `token68` or too many of them.
pub fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, BearerRefusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerRefusal::Missing)?;
    if values.next().is_some() {
        return Err(BearerRefusal::Malformed);
    }
    // The bytes are not text: nothing of them may be repeated in an error.
    let value = value.to_str().ok().ok_or(BearerRefusal::Malformed)?.trim();
    let (given, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim_start();
    if !given.eq_ignore_ascii_case(scheme) || token.is_empty() {
        return Err(BearerRefusal::Missing);
    }
    let body = token.trim_end_matches('=');
    if body.is_empty()
        || !body.bytes().all(|byte| IS_TOKEN68[usize::from(byte)])
        || token.len() > TOKEN_CHARS_MAX
    {
        return Err(BearerRefusal::Malformed);
    }
    Ok(token)
}

/// Whether the first `Authorization` header has this scheme, whatever follows it.
#[must_use]
pub fn has_scheme(headers: &HeaderMap, scheme: &str) -> bool {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().split(|&c| c == b' ').next());
    value.is_some_and(|given| given.eq_ignore_ascii_case(scheme.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_one_well_formed_bearer_token_is_accepted() {
        let longest = "a".repeat(TOKEN_CHARS_MAX);
        let accepted = |token: &str| Ok(token.to_owned());
        let (missing, malformed) = (Err(BearerRefusal::Missing), Err(BearerRefusal::Malformed));
        for (values, expected) in [
            (vec!["Bearer abc"], accepted("abc")),
            (vec!["bearer   abc "], accepted("abc")),
            (vec!["BEARER a-b._~+/9=="], accepted("a-b._~+/9==")),
            (vec![&*format!("Bearer {longest}")], accepted(&longest)),
            (vec![], missing.clone()),
            (vec![""], missing.clone()),
            (vec![" "], missing.clone()),
            (vec!["Bearer"], missing.clone()),
            (vec!["Bearer  "], missing.clone()),
            (vec!["Bearerabc"], missing.clone()),
            (vec!["Bearer\tabc"], missing.clone()),
            (vec!["Basic abc"], missing.clone()),
            (vec!["Key abc"], missing.clone()),
            (vec!["abc"], missing),
            (vec!["Bearer a", "Bearer b"], malformed.clone()),
            (vec!["Bearer a", "Bearer a"], malformed.clone()),
            (vec!["Basic a", "Bearer b"], malformed.clone()),
            (vec!["Bearer a", ""], malformed.clone()),
            (vec!["Bearer a b"], malformed.clone()),
            (vec!["Bearer a\tb"], malformed.clone()),
            (vec!["Bearer a,b"], malformed.clone()),
            (vec!["Bearer a, Bearer b"], malformed.clone()),
            (vec!["Bearer \"abc\""], malformed.clone()),
            (vec!["Bearer token=abc"], malformed.clone()),
            (vec!["Bearer ==="], malformed.clone()),
            (vec!["Bearer a=b"], malformed.clone()),
            (vec!["Bearer %2e%2e"], malformed.clone()),
            (vec!["Bearer é"], malformed.clone()),
            (vec!["Bearer {\"a\":1}"], malformed.clone()),
            (vec![&*format!("Bearer {longest}a")], malformed),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
                headers.append(AUTHORIZATION, value);
            }
            assert_eq!(bearer_token(&headers).map(str::to_owned), expected, "{values:.40?}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_malformed() {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").expect("a header value"));
        assert_eq!(bearer_token(&headers), Err(BearerRefusal::Malformed));
    }

    #[test]
    fn other_schemes_have_credentials_of_the_same_form() {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_static("key abc"));
        assert_eq!(credentials(&headers, "Key"), Ok("abc"));
        assert!(
            has_scheme(&headers, "Key") && !has_scheme(&headers, "Ke") && !has_scheme(&headers, "Bearer")
        );
        assert_eq!(bearer_token(&headers), Err(BearerRefusal::Missing));
    }
}
