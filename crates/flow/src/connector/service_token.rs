//! Requests the flow service's app-only token for the hub (client credentials, RFC 6749 §4.4).

use std::sync::Arc;

use http::{Method, StatusCode};
use outlive_clock::Span;
use outlive_tokens::Secret;
use serde_json::Value;

use super::hub::{CallContext, Credentials, Hub, fresh, refused};
use super::response::{ServiceResponse, failure_of};
use crate::engine::{Failure, Outcome};

const SCOPE: &str = "https://apihub.azure.com/.default";
/// How long before its expiry a token is no longer used (virtual time).
const REFRESH_BEFORE: Span = Span::from_minutes(5);
/// The maximum time that a token is cached, whatever its lifetime.
const CACHED_MAX: Span = Span::from_days(1);

impl Hub {
    pub(super) async fn service_token(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
    ) -> Result<Arc<Secret>, Outcome> {
        let (tenant, now) = (context.tenant, context.now);
        if let Some(token) = fresh(self.tokens.get(&tenant), now) {
            return Ok(token);
        }
        let credential = credentials.credential(tenant).await.map_err(refused)?;
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.config.idp_url);
        let request = self.http.request(context.trace, Method::POST, url).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &credential.client_id.to_string()),
            ("client_secret", credential.secret.expose()),
            ("scope", SCOPE),
        ]);
        let response =
            ServiceResponse::send(request).await.map_err(|error| error.outcome("The identity provider"))?;
        let body = response.value();
        let token = body.get("access_token").and_then(Value::as_str).filter(|_| response.status.is_success());
        let Some(token) = token else {
            let mut failure = failure_of(response.status, &body);
            failure.message =
                format!("The flow service could not sign in to the API Hub. {}", failure.message);
            // A server error or throttling may be transient; other refusals are final.
            let is_transient =
                response.status.is_server_error() || response.status == StatusCode::TOO_MANY_REQUESTS;
            let status = is_transient.then(|| response.status.as_u16());
            if status.is_none() {
                failure = Failure::new("Unauthorized", failure.message);
            }
            return Err(Outcome { status, outputs: None, failure: Some(failure) });
        };
        let token = Arc::new(Secret::new(token));
        let lasts = Span::from_seconds(body.get("expires_in").and_then(Value::as_i64).unwrap_or(0).max(0))
            .min(CACHED_MAX);
        self.tokens.insert(tenant, (now + lasts - REFRESH_BEFORE, Arc::clone(&token)));
        Ok(token)
    }
}
