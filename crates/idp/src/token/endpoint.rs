//! The token endpoint, v1.0 and v2.0.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW, CONTENT_TYPE, ORIGIN,
};
use http::{HeaderMap, HeaderValue};
use outlive_chassis::record_client;
use outlive_clock::{ClientId, TenantId};
use outlive_rules::{RequestOrigin, aadsts};
use outlive_tokens::{SealedRefreshToken, TokenVersion};

use super::client_authentication::authenticate;
use super::grant_type::GrantType;
use super::grants::{
    authorization_code, client_credentials, device_code, on_behalf_of, password, refresh_token,
};
use super::presented_client::{PresentedClient, presented_client_id};
use super::record::record_refusal;
use super::request::{TokenRequest, check_age, parse_claims};
use super::response::TokenAnswer;
use crate::directory::Application;
use crate::protocol::refusal::Refusal;
use crate::protocol::response_headers::{age, telemetry};
use crate::visit::Visit;

pub(crate) async fn token(visit: Visit, endpoint: TokenVersion) -> Response {
    let response = tokens_or_refusal(&visit, endpoint).await;
    if visit.headers.contains_key(ORIGIN) { readable_by_pages(response) } else { response }
}

/// Rejects other methods.
pub(crate) async fn wrong_method(visit: Visit) -> Response {
    let details = visit.request_details().await;
    let refusal = Refusal::new(aadsts::METHOD_NOT_ALLOWED)
        .with("allowed", "POST, OPTIONS")
        .with("method", &visit.method);
    let mut response = refusal.token_response(&details);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    response
}

/// Answers a CORS preflight request. Any page may send token requests, which carry no cookies;
/// origin, redirect URI type and code verifier decide what it gets.
pub(crate) async fn preflight(headers: HeaderMap) -> Response {
    let mut response = readable_by_pages(().into_response());
    let answer = response.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

fn readable_by_pages(mut response: Response) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Returns the page that sent a request.
fn page(headers: &HeaderMap, client: &Application) -> RequestOrigin {
    match headers.get(ORIGIN).map(HeaderValue::to_str) {
        None => RequestOrigin::None,
        Some(Ok(origin)) if client.document.has_page_at(origin) => RequestOrigin::Registered,
        Some(_) => RequestOrigin::Foreign,
    }
}

async fn tokens_or_refusal(visit: &Visit, endpoint: TokenVersion) -> Response {
    let mut tenant = None;
    // Opened once, for the grant, the journal and the telemetry.
    let refresh_token = OnceLock::new();
    let answer = handle(visit, endpoint, &refresh_token, &mut tenant).await;
    let refresh_token = refresh_token.get().and_then(Option::as_ref);
    match answer {
        Ok(answer) => {
            let mut response = answer.into_response();
            telemetry(&mut response, 0, None);
            response
        }
        Err(refusal) => {
            let refusal = refusal.at(endpoint);
            let details = match tenant {
                Some(_) => visit.idp.request_details(&visit.trace, &visit.origin, tenant).await,
                None => visit.request_details().await,
            };
            let recorded = match tenant {
                // Polling before the user has approved is not a failure.
                Some(_) if refusal.error == aadsts::AUTHORIZATION_PENDING => Ok(()),
                // The rules evaluated nothing, and a flood of requests must not become a flood of
                // commits.
                Some(_) if refusal.error == aadsts::TOO_MANY_REQUESTS => Ok(()),
                Some(tenant) => record_refusal(visit, tenant, &refusal, &details, refresh_token).await,
                None => Ok(()),
            };
            let refusal = recorded.err().unwrap_or(refusal).at(endpoint);
            let mut response = refusal.token_response(&details);
            let age = refresh_token.and_then(|token| age(token.issued_at, details.at));
            telemetry(&mut response, refusal.error.number, age);
            response
        }
    }
}

async fn handle(
    visit: &Visit,
    endpoint: TokenVersion,
    refresh_token: &OnceLock<Option<SealedRefreshToken>>,
    found: &mut Option<TenantId>,
) -> Result<TokenAnswer, Refusal> {
    let Visit { idp, segment, headers, parameters: form, .. } = visit;
    let is_form = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(Refusal::missing("grant_type"));
    }
    if let Some(name) = form.duplicated() {
        return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name));
    }
    let grant_type = form.get("grant_type").ok_or_else(|| Refusal::missing("grant_type"))?;
    let grant = GrantType::parse(grant_type);
    if grant == Some(GrantType::Password) && matches!(segment.as_str(), "common" | "consumers") {
        return Err(Refusal::new(aadsts::PASSWORD_GRANT_NOT_ON_ALIAS));
    }
    let client_id = presented_client_id(headers, form)?;
    let tenant = idp.tenant(segment, client_id.parse::<ClientId>().ok()).await?;
    *found = Some(tenant.id);
    let opened = match form.get("refresh_token") {
        Some(text) => idp.open_grant(&tenant, text).await?,
        None => None,
    };
    let refresh_token = refresh_token.get_or_init(|| opened).as_ref();
    let now = idp.now(tenant.id).await?;
    if let Some(outage) = tenant.policies.outage
        && let Some(remaining) = outage.remaining(now)
    {
        return Err(Refusal::new(outage.kind.error()).with_retry_after(remaining));
    }
    if grant == Some(GrantType::ClientCredentials)
        && matches!(segment.as_str(), "common" | "organizations" | "consumers")
    {
        return Err(Refusal::new(aadsts::GRANT_NOT_ON_ALIAS).with("tenant", segment));
    }
    let Some(grant) = grant else {
        return Err(Refusal::new(aadsts::GRANT_TYPE_UNKNOWN).with("grant_type", grant_type));
    };
    if endpoint == TokenVersion::V2 && form.get("resource").is_some() {
        return Err(Refusal::new(aadsts::RESOURCE_PARAMETER_ON_V2));
    }
    let presented =
        PresentedClient { client_id: &client_id, segment, headers, form, grant, trace: &visit.trace };
    let client = authenticate(idp, &tenant, &presented, now).await?;
    record_client(client.application.client_id);
    let claims = parse_claims(form)?;
    check_age(&claims, now)?;
    let page = page(headers, &client.application);
    let request = TokenRequest {
        idp,
        tenant,
        client,
        form,
        refresh_token,
        claims,
        endpoint,
        origin: &visit.origin.0,
        page,
        front_channel: false,
        address: outlive_chassis::client_address(headers),
        now,
        trace: &visit.trace,
    };
    // In boxes: the future of the request is moved several times, and these are most of it.
    match grant {
        GrantType::AuthorizationCode => Box::pin(authorization_code::redeem(&request)).await,
        GrantType::RefreshToken => Box::pin(refresh_token::redeem(&request)).await,
        GrantType::ClientCredentials => Box::pin(client_credentials::redeem(&request)).await,
        GrantType::Password => Box::pin(password::redeem(&request)).await,
        GrantType::DeviceCode => Box::pin(device_code::redeem(&request)).await,
        GrantType::OnBehalfOf => Box::pin(on_behalf_of::redeem(&request)).await,
    }
}
