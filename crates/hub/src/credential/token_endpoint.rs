//! Requests tokens from an issuer.

use http::Method;
use http::header::ACCEPT;
use outlive_chassis::{HttpClient, Trace};
use outlive_clock::Instant;
use outlive_tokens::Secret;
use uuid::Uuid;

use super::token_response::{self, Granted, TokenFailure};
use crate::read_body;

const RESPONSE_BYTES_MAX: usize = 256 * 1024;

/// The application of a connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'a> {
    /// The token endpoint, as this process reaches it.
    pub(crate) endpoint: &'a str,
    pub(crate) id: &'a str,
    /// Sent in the body; absent for a public client.
    pub(crate) secret: Option<&'a Secret>,
    /// The data source (version 1 endpoints call it `resource`).
    pub(crate) resource: &'a str,
    /// The `claims` parameter, if any.
    pub(crate) claims: Option<&'a str>,
}

/// Sends a token request with the parameters `grant` and parses the response. `correlation` is sent
/// as `client-request-id`, which the issuer repeats in its errors.
pub(crate) async fn redeem(
    http: &HttpClient,
    client: Client<'_>,
    grant: &[(&str, &str)],
    correlation: Uuid,
    now: Instant,
    trace: &Trace,
) -> Result<Granted, TokenFailure> {
    let mut form: Vec<(&str, &str)> = grant.to_vec();
    form.push(("client_id", client.id));
    form.push(("resource", client.resource));
    if let Some(secret) = client.secret {
        form.push(("client_secret", secret.expose()));
    }
    if let Some(claims) = client.claims {
        form.push(("claims", claims));
    }
    let failed = |error: &reqwest::Error| TokenFailure::Transient {
        timed_out: error.is_timeout(),
        why: "the token endpoint cannot be reached".to_owned(),
    };
    let response = http
        .request(trace, Method::POST, client.endpoint)
        .header(ACCEPT, "application/json")
        .header("client-request-id", correlation.to_string())
        .header("return-client-request-id", "true")
        .form(&form)
        .send()
        .await
        .map_err(|error| failed(&error))?;
    let status = response.status();
    let body = read_body(response, RESPONSE_BYTES_MAX).await.map_err(|error| {
        error.as_ref().map_or_else(|| TokenFailure::transient("its answer is too long"), failed)
    })?;
    token_response::read(status, &String::from_utf8_lossy(&body), now)
}
