//! The flow service's own token for the hub: app-only, by client credentials (OAuth 2.0, RFC 6749 §4.4).

use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use outlive_tokens::Secret;
use serde_json::Value;

use super::answer::{Answer, failure_of};
use super::hub::{Credentials, Hub, Occasion, refused};
use crate::engine::{Failure, Outcome};

/// What the token is for.
const SCOPE: &str = "https://apihub.azure.com/.default";
/// How long before its end a token is no longer used, in virtual time.
const RENEWED_BEFORE: Span = Span::from_minutes(5);
/// No token is kept longer, whatever the issuer says.
const KEPT_MAX: Span = Span::from_days(1);

impl Hub {
    pub(super) async fn service_token(
        &self,
        occasion: &Occasion<'_>,
        credentials: &impl Credentials,
    ) -> Result<Arc<Secret>, Outcome> {
        let (tenant, now) = (occasion.tenant, occasion.now);
        if let Some(token) = self.tokens.get(&tenant, now) {
            return Ok(token);
        }
        let credential = credentials.credential(tenant).await.map_err(refused)?;
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.config.idp_url);
        let request = self.http.request(occasion.trace, Method::POST, url).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &credential.client_id.to_string()),
            ("client_secret", credential.secret.expose()),
            ("scope", SCOPE),
        ]);
        let answer = Answer::to(request).await.map_err(|error| error.outcome("The identity provider"))?;
        let body = answer.value();
        let token = body.get("access_token").and_then(Value::as_str).filter(|_| answer.status.is_success());
        let Some(token) = token else {
            let mut failure = failure_of(answer.status, &body);
            failure.message =
                format!("The flow service could not sign in to the API Hub. {}", failure.message);
            // What the issuer refuses is final; that it fails may pass.
            let status = answer.status.is_server_error().then(|| answer.status.as_u16());
            if status.is_none() {
                failure = Failure::new("Unauthorized", failure.message);
            }
            return Err(Outcome { status, outputs: None, failure: Some(failure) });
        };
        let token = Arc::new(Secret::new(token));
        let lasts = Span::from_seconds(body.get("expires_in").and_then(Value::as_i64).unwrap_or(0).max(0))
            .min(KEPT_MAX);
        self.tokens.put(tenant, now + lasts - RENEWED_BEFORE, Arc::clone(&token));
        Ok(token)
    }
}
