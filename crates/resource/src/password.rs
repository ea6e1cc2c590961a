//! User names and passwords in the `Basic` header (RFC 7617), checked against the directory.
//!
//! As an application of the time before tokens does: it asks the directory with each request, by
//! the password grant (ROPC) of the API's own registration, which allows public client flows. It
//! keeps neither passwords nor results, so a password ends with the request that follows its
//! change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, StatusCode};
use outlive_chassis::Trace;
use outlive_clock::TenantId;
use outlive_tokens::{BearerRefusal, credentials, peek_object_id};
use outlive_wire::Secret;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::Api;
use crate::directory::{ask, unavailable};
use crate::refusal::PasswordRefusal;

/// What the directory is asked about, for the log.
const SUBJECT: &str = "a password";
/// The longest user name and password together, in characters.
const CREDENTIALS_CHARS_MAX: usize = 1_024;

/// User name and password of a request.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) user_name: String,
    password: Secret,
}

/// Returns the user name and password of a request.
pub(crate) fn presented(headers: &HeaderMap) -> Result<Credentials, PasswordRefusal> {
    let encoded = credentials(headers, "Basic").map_err(|refusal| match refusal {
        BearerRefusal::Missing => PasswordRefusal::Missing,
        _ => PasswordRefusal::Malformed,
    })?;
    if encoded.len() > CREDENTIALS_CHARS_MAX * 2 {
        return Err(PasswordRefusal::Malformed);
    }
    let text = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = Secret::new(text.ok_or(PasswordRefusal::Malformed)?);
    let (name, password) = text.expose().split_once(':').ok_or(PasswordRefusal::Malformed)?;
    if text.expose().len() > CREDENTIALS_CHARS_MAX || text.expose().contains(char::is_control) {
        return Err(PasswordRefusal::Malformed);
    }
    Ok(Credentials { user_name: name.to_owned(), password: Secret::new(password) })
}

/// Checks a password with the directory. Returns the object id of the user.
pub(crate) async fn check(
    api: &Api,
    tenant: TenantId,
    client: &str,
    credentials: &Credentials,
    trace: &Trace,
) -> Result<Uuid, PasswordRefusal> {
    #[derive(Deserialize)]
    struct TokenResponse {
        id_token: Option<String>,
        error_description: Option<String>,
    }
    let url = format!("{}/{tenant}/oauth2/v2.0/token", api.idp_url);
    let fields = [
        ("grant_type", "password"),
        ("client_id", client),
        ("username", &credentials.user_name),
        ("password", credentials.password.expose()),
        // With `profile` the ID token contains the object id.
        ("scope", "openid profile"),
    ];
    let response = ask(api.chassis.http.request(trace, Method::POST, url).form(&fields), SUBJECT).await?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(PasswordRefusal::Unavailable);
    }
    let body: TokenResponse = response.json().await.map_err(|error| unavailable(error, SUBJECT))?;
    if !status.is_success() {
        return Err(PasswordRefusal::Rejected(code_of(&body.error_description.unwrap_or_default())));
    }
    // The issuer gave the token to this process directly, so its signature adds nothing.
    body.id_token.and_then(|token| peek_object_id(&token)).ok_or(PasswordRefusal::Unavailable)
}

/// Returns the code at the start of an error description (`AADSTS50126`).
fn code_of(description: &str) -> String {
    let code: String = description.chars().take_while(char::is_ascii_alphanumeric).take(20).collect();
    if code.starts_with("AADSTS") { code } else { "no code".to_owned() }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn only_well_formed_credentials_are_read() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, text.parse().expect("a header value"));
            presented(&headers).map(|read| (read.user_name, read.password.expose().to_owned()))
        };
        let basic = |text: &str| of(&format!("Basic {}", STANDARD.encode(text)));
        let read = |name: &str, password: &str| Ok((name.to_owned(), password.to_owned()));
        assert_eq!(basic("owner@contoso.example:a:b"), read("owner@contoso.example", "a:b"));
        assert_eq!(basic("o@c:ä"), read("o@c", "ä"));
        assert_eq!(basic("o@c:"), read("o@c", ""));
        assert_eq!(presented(&HeaderMap::new()).map(|_| ()), Err(PasswordRefusal::Missing));
        assert_eq!(of("Bearer abc"), Err(PasswordRefusal::Missing));
        for malformed in ["no colon", "o@c:\n", &format!("o@c:{}", "x".repeat(CREDENTIALS_CHARS_MAX))] {
            assert_eq!(basic(malformed), Err(PasswordRefusal::Malformed), "{malformed:.20}");
        }
        assert_eq!(of("Basic a"), Err(PasswordRefusal::Malformed));
        assert_eq!(of(&format!("Basic {}", STANDARD.encode(b"o@c:\xff"))), Err(PasswordRefusal::Malformed));
    }

    #[test]
    fn a_code_is_read_from_the_start_only() {
        assert_eq!(code_of("AADSTS50126: Error validating credentials"), "AADSTS50126");
        assert_eq!(code_of("see AADSTS50126"), "no code");
        assert_eq!(code_of(""), "no code");
    }
}
