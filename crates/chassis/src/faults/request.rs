//! Who sends a request, as far as the request itself says: its faults are those of this tenant,
//! for this client.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method};
use outlive_clock::TenantId;
use outlive_tokens::{credentials, peek_client, peek_tenant};
use url::form_urlencoded;

use crate::{BODY_BYTES_MAX, Problem, Trace};

/// Reads the body of a form, which may name the client. Other bodies are left alone.
pub(super) async fn with_form(request: Request) -> Result<(Request, Option<String>), Problem> {
    let is_form = request.method() == Method::POST
        && request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        });
    if !is_form {
        let client = client_of(&[], request.uri().query(), request.headers());
        return Ok((request, client));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::too_large(BODY_BYTES_MAX))?;
    let client = client_of(&body, parts.uri.query(), &parts.headers);
    Ok((Request::from_parts(parts, Body::from(body)), client))
}

/// Returns the client that a form, a query, a Basic header or a token names. Unverified.
fn client_of(form: &[u8], query: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let named = |encoded| {
        let mut pairs = form_urlencoded::parse(encoded);
        pairs.find(|(name, _)| name == "client_id").map(|(_, value)| value.into_owned())
    };
    let basic = || {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded = scheme.eq_ignore_ascii_case("Basic").then(|| STANDARD.decode(encoded.trim()))?.ok()?;
        let user = decoded.split(|byte| *byte == b':').next()?;
        let decoded = percent_encoding::percent_decode(user).decode_utf8().ok()?;
        Some(decoded.into_owned())
    };
    let in_query = || query.and_then(|query| named(query.as_bytes()));
    named(form).or_else(in_query).or_else(basic).or_else(|| token(headers).and_then(peek_client))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    ["Bearer", "Key"].into_iter().find_map(|scheme| credentials(headers, scheme).ok())
}

/// Returns the tenants that a request may concern, the most certain first: of the time that it
/// carries, of its path and of its token.
pub(super) fn tenants_of(request: &Parts) -> impl Iterator<Item = TenantId> {
    let carried = request.extensions.get::<Trace>().and_then(|trace| trace.time).map(|time| time.tenant);
    let in_path = request.uri.path().split('/').filter_map(tenant_in).take(4);
    let in_token = token(&request.headers).and_then(peek_tenant);
    carried.into_iter().chain(in_path).chain(in_token)
}

/// Reads a tenant at the beginning of a segment: its id, that of a flow in it, or its default
/// environment.
fn tenant_in(segment: &str) -> Option<TenantId> {
    let id = segment.strip_prefix("Default-").unwrap_or(segment);
    id.parse().ok().or_else(|| id.get(..32).filter(|_| id.len() == 64)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "c0470500-0000-4000-8002-000000000004";

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().expect("a header"));
        headers
    }

    #[test]
    fn a_client_is_named_in_one_of_four_ways() {
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:secret")));
        let token = outlive_tokens::sign_hs256(b"k", &serde_json::json!({"appid": CLIENT}));
        let named = format!("grant_type=refresh_token&client_id={CLIENT}");
        for (form, query, authorization) in [
            (named.as_str(), None, "Basic x"),
            (named.as_str(), Some("client_id=another"), "Basic x"),
            ("grant_type=refresh_token", Some(named.as_str()), "Basic x"),
            ("", None, basic.as_str()),
            ("", Some("x=y"), &format!("Bearer {token}")),
        ] {
            let client = client_of(form.as_bytes(), query, &headers(authorization));
            assert_eq!(client.as_deref(), Some(CLIENT), "{form} {query:?} {authorization}");
        }
        for authorization in ["Basic é", "Basic", "Bearer x", "Digest x"] {
            let client = client_of(b"grant_type=x", None, &headers(authorization));
            assert_eq!(client, None, "{authorization}");
        }
    }

    #[test]
    fn a_tenant_is_in_the_path() {
        let tenant: TenantId = CLIENT.parse().expect("an id");
        let bare = CLIENT.replace('-', "");
        for segment in [CLIENT.to_owned(), format!("Default-{CLIENT}"), format!("{bare}{bare}")] {
            assert_eq!(tenant_in(&segment), Some(tenant), "{segment}");
        }
        for segment in ["", "common", "contoso.example", "ééééééééééééééééééééééééééééééééé"]
        {
            assert_eq!(tenant_in(segment), None, "{segment}");
        }
    }
}
