//! What a client presents to authenticate (RFC 6749, section 2.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use outlive_chassis::Trace;
use outlive_rules::aadsts;

use super::grant_type::GrantType;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;

pub(crate) struct PresentedClient<'a> {
    pub(crate) client_id: &'a str,
    /// The tenant segment of the path.
    pub(crate) segment: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) form: &'a Parameters,
    pub(crate) grant: GrantType,
    pub(crate) trace: &'a Trace,
}

/// Returns the client id in the body or in the `Authorization: Basic` header.
pub(crate) fn presented_client_id(headers: &HeaderMap, form: &Parameters) -> Result<String, Refusal> {
    let in_header = basic(headers)?.map(|(client, _)| client);
    match (form.get("client_id"), in_header) {
        (Some(body), Some(header)) if body != header => Err(Refusal::new(aadsts::CREDENTIAL_INVALID)),
        (Some(client), _) => Ok(client.to_owned()),
        (None, Some(client)) => Ok(client),
        (None, None) => Err(Refusal::missing("client_id")),
    }
}

/// Parses client id and secret of a Basic header, both of which are form-encoded (RFC 6749, section
/// 2.3.1).
pub(super) fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed = || Refusal::new(aadsts::CREDENTIAL_INVALID);
    let text = value.to_str().ok().ok_or_else(malformed)?;
    let Some((scheme, encoded)) = text.split_once(' ') else { return Err(malformed()) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().ok_or_else(malformed)?;
    let decoded = String::from_utf8(decoded).ok().ok_or_else(malformed)?;
    let (client, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    Ok(Some((form_decoded(client), form_decoded(secret))))
}

fn form_decoded(text: &str) -> String {
    // A value without `=` or `&` parses as a name without a value.
    url::form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        headers
    }

    #[test]
    fn reads_basic_credentials_as_they_were_encoded() {
        let encoded = STANDARD.encode("a%20b:s%3Ac+d~=&");
        let read = basic(&header(&format!("Basic {encoded}"))).unwrap();
        assert_eq!(read, Some(("a b".to_owned(), "s:c d~=&".to_owned())));
        assert_eq!(basic(&HeaderMap::new()).unwrap(), None);
        for bad in ["Basic", "Basic !!", "Bearer abc", &format!("Basic {}", STANDARD.encode("nocolon"))] {
            assert!(basic(&header(bad)).is_err(), "{bad}");
        }
    }
}
