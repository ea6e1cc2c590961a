//! The requests of `Http` actions (reference §7.1).

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use outlive_chassis::RequestBuilder;
use serde_json::Value;

use super::application_token::Application;
use super::hub::{Hub, Workflow, invalid, refused};
use super::request::plain;
use super::response::ServiceResponse;
use crate::definition::values;
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
        let mut url = values::address(&request.uri).map_err(invalid)?;
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
        let method = values::method(&request.method).map_err(invalid)?;
        // Only services of this installation understand the tenant's time.
        let client = if destination.is_own { &self.http } else { &self.outside };
        let mut builder = if let Some(HttpCredential::Certificate(file)) = &request.credential {
            let Some(by_tls) = destination.by_tls else {
                return Err(invalid(
                    "its host is mapped to an address without TLS, so no certificate can be sent",
                ));
            };
            let client =
                self.certificates.client(file, destination.is_own, self.config.authority.as_deref()).await?;
            client.request(workflow.trace, method, by_tls)
        } else {
            client.request(workflow.trace, method, destination.url)
        };
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
        builder: RequestBuilder,
    ) -> Result<RequestBuilder, Outcome> {
        match credential {
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
            // The certificate is in the handshake.
            HttpCredential::Certificate(_) => Ok(builder),
            HttpCredential::Application { tenant, audience, client_id, proof } => {
                let application = Application { tenant, audience, client_id, proof };
                let token = self.application_token(workflow, &application).await?;
                Ok(builder.bearer_auth(token.expose()))
            }
        }
    }
}
