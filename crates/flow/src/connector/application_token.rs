//! Tokens of `ActiveDirectoryOAuth`: an application's own, by client credentials.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, StatusCode};
use outlive_clock::Span;
use outlive_tokens::{Secret, SigningKey, TokenVersion, sign_rs256};
use serde_json::{Value, json};
use url::Url;

use super::hub::{Hub, Workflow, invalid};
use super::response::{ServiceResponse, failure_of};
use crate::engine::{ApplicationProof, Failure, Outcome};

/// How long an assertion is valid (virtual time).
const ASSERTION_VALIDITY: Span = Span::from_minutes(10);
/// Numbers the assertions of this process, for their `jti`.
static NUMBER: AtomicU64 = AtomicU64::new(1);
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application that requests a token.
pub(super) struct Application<'a> {
    pub(super) tenant: &'a str,
    pub(super) audience: &'a str,
    pub(super) client_id: &'a str,
    pub(super) proof: &'a ApplicationProof,
}

impl Hub {
    pub(super) async fn application_token(
        &self,
        workflow: &Workflow<'_>,
        application: &Application<'_>,
    ) -> Result<Secret, Outcome> {
        let endpoint = |origin: &str| {
            let unusable = || invalid("the tenant of its authentication cannot be part of an address");
            let mut url: Url = origin.parse().map_err(|_| unusable())?;
            url.path_segments_mut().map_err(|()| unusable())?.extend([application.tenant, "oauth2", "token"]);
            Ok::<_, Outcome>(url)
        };
        let Application { audience, client_id, proof, .. } = application;
        let mut form = vec![
            ("grant_type", Secret::new("client_credentials")),
            ("client_id", Secret::new(*client_id)),
            ("resource", Secret::new(*audience)),
        ];
        match proof {
            ApplicationProof::Secret(secret) => form.push(("client_secret", secret.clone())),
            ApplicationProof::Certificate(file) => {
                let key = self.certificates.signing_key(file).await?;
                // The issuer knows itself by the address at which browsers reach it.
                let audience = endpoint(&self.config.idp_public_url)?;
                form.push(("client_assertion_type", Secret::new(JWT_BEARER)));
                form.push(("client_assertion", assertion(workflow, &key, client_id, audience.as_str())));
            }
        }
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.expose())).collect();
        let request =
            self.http.request(workflow.trace, Method::POST, endpoint(&self.config.idp_url)?).form(&form);
        let response =
            ServiceResponse::send(request).await.map_err(|error| error.outcome("The identity provider"))?;
        let body = response.value();
        let token = body.get("access_token").and_then(Value::as_str);
        if let Some(token) = token.filter(|_| response.status.is_success()) {
            return Ok(Secret::new(token));
        }
        let why = failure_of(response.status, &body).message;
        // A server error or throttling of the issuer may be transient.
        let is_transient =
            response.status.is_server_error() || response.status == StatusCode::TOO_MANY_REQUESTS;
        let status = is_transient.then(|| response.status.as_u16());
        let failure = Failure::new(
            "BadRequest",
            format!("Http request failed as there is an error getting AD OAuth token: '{why}'."),
        );
        Err(Outcome { status, outputs: None, failure: Some(failure) })
    }
}

/// Signs a client assertion (RFC 7523 §2.2) whose header names the certificate by its thumbprint.
fn assertion(workflow: &Workflow<'_>, key: &SigningKey, client_id: &str, audience: &str) -> Secret {
    let (from, until) = (workflow.now.as_seconds(), (workflow.now + ASSERTION_VALIDITY).as_seconds());
    let id = format!("{}-{}", workflow.trace.request_id, NUMBER.fetch_add(1, Ordering::Relaxed));
    let claims = json!({
        "aud": audience, "iss": client_id, "sub": client_id, "jti": id, "nbf": from, "iat": from, "exp": until,
    });
    Secret::new(sign_rs256(key, TokenVersion::V1, &claims))
}
