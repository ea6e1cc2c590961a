//! Client authentication (RFC 6749, section 2.3). Nothing else makes a client confidential.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN};
use outlive_chassis::Trace;
use outlive_clock::{ClientId, Instant};
use outlive_rules::{ClientClass, aadsts};
use outlive_tokens::claims::ClientAuthentication;

use super::client_assertion;
use super::grant_type::GrantType;
use crate::directory::{Application, SecretMatch, Tenant};
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;

/// A registered, enabled client, authenticated if it has to be.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedClient {
    pub(crate) application: Application,
    pub(crate) authentication: ClientAuthentication,
}

impl AuthenticatedClient {
    /// Returns whether the client is public or confidential in this request.
    pub(crate) fn class(&self) -> ClientClass {
        ClientClass::of_request(self.authentication != ClientAuthentication::None)
    }
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

/// The client authentication of a request.
pub(crate) struct Presented<'a> {
    pub(crate) client_id: &'a str,
    /// The tenant segment of the path.
    pub(crate) segment: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) form: &'a Parameters,
    pub(crate) grant: GrantType,
    pub(crate) trace: &'a Trace,
}

/// Finds the client and verifies its credential.
pub(crate) async fn authenticate(
    idp: &Idp,
    tenant: &Tenant,
    request: &Presented<'_>,
    now: Instant,
) -> Result<AuthenticatedClient, Refusal> {
    let Presented { client_id, headers, form, grant, .. } = request;
    let application = find(idp, tenant, client_id).await?;
    if !application.enabled {
        return Err(Refusal::new(aadsts::CLIENT_DISABLED)
            .with("client", application.client_id)
            .with("client_name", &application.name));
    }
    let in_header = basic(headers)?.map(|(_, secret)| secret);
    let in_body = form.get("client_secret").map(str::to_owned);
    if in_header.is_some() && in_body.is_some() {
        // RFC 6749, section 2.3: one authentication method per request.
        return Err(Refusal::new(aadsts::CREDENTIAL_INVALID));
    }
    let presented = in_header.or(in_body);
    let nothing_presented = presented.is_none() && form.get("client_assertion").is_none();
    let is_public = application.document.kind.is_public();
    if is_public && !nothing_presented {
        return Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED));
    }
    // Without a redirect URI, the registration determines whether a client needs a credential.
    let fallback = application.document.allow_public_client;
    let may_go_without = match grant {
        _ if grant.is_without_redirect() => fallback,
        // The grant may be of either type; the refresh token itself records it.
        GrantType::RefreshToken => is_public || fallback || application.document.has_public_redirect(),
        // The redirect URI's type determines it, and the code records the redirect URI.
        GrantType::AuthorizationCode => is_public || application.document.has_public_redirect(),
        _ => is_public,
    };
    if may_go_without && nothing_presented {
        return Ok(AuthenticatedClient { application, authentication: ClientAuthentication::None });
    }
    if nothing_presented {
        return Err(Refusal::new(aadsts::CREDENTIAL_MISSING));
    }
    if headers.contains_key(ORIGIN) {
        // A page cannot keep a secret: a credential together with an `Origin` header is an error.
        return Err(Refusal::new(aadsts::ORIGIN_NOT_ALLOWED));
    }
    let Some(presented) = presented else {
        client_assertion::authenticate(idp, tenant, &application, request, now).await?;
        return Ok(AuthenticatedClient { application, authentication: ClientAuthentication::Certificate });
    };
    if form.get("client_assertion").is_some() {
        return Err(Refusal::new(aadsts::CREDENTIAL_INVALID));
    }
    let stored = idp.directory.client_secrets(tenant.id, application.client_id).await?;
    let wrong = |error| Refusal::new(error).with("client", application.client_id);
    match idp.secrets.compare(application.client_id, &presented, &stored, now) {
        SecretMatch::Valid => {
            Ok(AuthenticatedClient { application, authentication: ClientAuthentication::Secret })
        }
        SecretMatch::Expired => Err(wrong(aadsts::SECRET_EXPIRED)),
        SecretMatch::Wrong => Err(wrong(aadsts::WRONG_SECRET)),
    }
}

/// Finds an application by the client id of a request.
pub(crate) async fn find(idp: &Idp, tenant: &Tenant, client_id: &str) -> Result<Application, Refusal> {
    let unknown = || {
        Refusal::new(aadsts::CLIENT_NOT_FOUND).with("client", client_id).with("tenant", &tenant.display_name)
    };
    let client_id: ClientId = client_id.parse().map_err(|_| unknown())?;
    idp.directory.application(tenant.id, client_id).await?.ok_or_else(unknown)
}

/// Parses client id and secret of a Basic header, both of which are form-encoded (RFC 6749, section
/// 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed = || Refusal::new(aadsts::CREDENTIAL_INVALID);
    let text = value.to_str().map_err(|_| malformed())?;
    let Some((scheme, encoded)) = text.split_once(' ') else { return Err(malformed()) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
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
