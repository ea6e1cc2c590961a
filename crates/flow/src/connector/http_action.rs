//! The requests of `Http` actions (reference §7.1).

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::hub::{Hub, Workflow, refused};
use super::request::plain;
use super::response::{ServiceResponse, failure_of};
use crate::engine::{Failure, HttpCredential, HttpRequest, Outcome};

/// Headers that only the engine sets.
const RESERVED: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "traceparent", "tracestate"];

impl Hub {
    pub(super) async fn request(
        &self,
        workflow: &Workflow<'_>,
        request: &HttpRequest,
    ) -> Result<Outcome, Outcome> {
        let url: Url = request.uri.trim().parse().map_err(|_| invalid("its uri is not a URL"))?;
        let url = Some(url).filter(|url| ["http", "https"].contains(&url.scheme()));
        let mut url = url.ok_or_else(|| invalid("its uri is not one of http or https"))?;
        for (name, value) in request.queries.iter().filter(|(_, value)| !value.is_null()) {
            url.query_pairs_mut().append_pair(name, &plain(value));
        }
        let Some(destination) = self.config.http_hosts.find(&url) else {
            let host = url.host_str().unwrap_or_default();
            return Err(refused(Failure::new(
                "HostNotMapped",
                format!(
                    "The host '{host}' has no address here. Start Outlive with OUTLIVE_BACK_ENDS='{host}=URL'."
                ),
            )));
        };
        let method = Method::try_from(request.method.to_ascii_uppercase().as_str());
        let method = method.map_err(|_| invalid("its method cannot be sent"))?;
        // Only services of this installation understand the tenant's time.
        let client = if destination.is_own { &self.http } else { &self.outside };
        let mut builder = client.request(workflow.trace, method, destination.url);
        let mut kind = None;
        for (name, value) in request.headers.iter().filter(|(_, value)| !value.is_null()) {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(plain(value));
            let (Ok(name), Ok(value)) = (name, value) else { return Err(invalid("a header cannot be sent")) };
            match name.as_str() {
                "content-type" => kind = Some(value),
                // Those of a trigger's request, passed on.
                reserved if RESERVED.contains(&reserved) => {}
                _ => builder = builder.header(name, value),
            }
        }
        if let Some(credential) = &request.credential {
            builder = self.authorize(workflow, credential, builder).await?;
        }
        if let Some(body) = request.body.as_ref().filter(|body| !body.is_null()) {
            let (own, bytes) = match body {
                Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
                other => ("application/json", other.to_string()),
            };
            builder = builder.header(CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static(own))).body(bytes);
        }
        let response = ServiceResponse::send(builder).await.map_err(|error| error.outcome("The service"))?;
        Ok(response.outcome())
    }

    /// Adds the header `Authorization`.
    async fn authorize(
        &self,
        workflow: &Workflow<'_>,
        credential: &HttpCredential,
        builder: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, Outcome> {
        match credential {
            HttpCredential::Unavailable(kind) => Err(refused(Failure::new(
                "AuthenticationNotAvailable",
                format!(
                    "The authentication type {kind} is not available here. Use ActiveDirectoryOAuth with a secret, or give \
                     the action a static result."
                ),
            ))),
            HttpCredential::ManagedIdentity { audience, identity } => {
                let token = self.identity_token(workflow, audience, identity.as_deref()).await?;
                Ok(builder.bearer_auth(token.expose()))
            }
            HttpCredential::Raw(value) => {
                let mut value = HeaderValue::try_from(value.expose()).map_err(|_| {
                    invalid("its authentication has characters that are not valid in a header")
                })?;
                value.set_sensitive(true);
                Ok(builder.header(AUTHORIZATION, value))
            }
            HttpCredential::Basic { username, password } => {
                Ok(builder.basic_auth(username, Some(password.expose())))
            }
            HttpCredential::Application { tenant, audience, client_id, secret } => {
                let unusable = || invalid("the tenant of its authentication cannot be part of an address");
                let mut url: Url = self.config.idp_url.parse().map_err(|_| unusable())?;
                url.path_segments_mut().map_err(|()| unusable())?.extend([tenant, "oauth2", "token"]);
                let request = self.http.request(workflow.trace, Method::POST, url).form(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", client_id),
                    ("client_secret", secret.expose()),
                    ("resource", audience),
                ]);
                let response = ServiceResponse::send(request)
                    .await
                    .map_err(|error| error.outcome("The identity provider"))?;
                let body = response.value();
                let token = body.get("access_token").and_then(Value::as_str);
                if let Some(token) = token.filter(|_| response.status.is_success()) {
                    return Ok(builder.bearer_auth(token));
                }
                let why = failure_of(response.status, &body).message;
                // A server error of the issuer may be transient.
                let status = response.status.is_server_error().then(|| response.status.as_u16());
                let failure = Failure::new(
                    "BadRequest",
                    format!("Http request failed as there is an error getting AD OAuth token: '{why}'."),
                );
                Err(Outcome { status, outputs: None, failure: Some(failure) })
            }
        }
    }
}

fn invalid(what: &str) -> Outcome {
    refused(Failure::new("BadRequest", format!("The request of the action is not valid: {what}.")))
}
