//! Calls the connection's runtime URL.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::hub::{ConnectionKey, Hub, Workflow, refused};
use super::invoker::UsedConnection;
use super::request::Request;
use super::response::ServiceResponse;
use crate::engine::{Failure, Outcome};

/// A request below a connection's runtime URL.
#[derive(Debug)]
pub(super) struct RuntimeRequest {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// The body with its media type.
    pub(super) body: Option<(HeaderValue, Vec<u8>)>,
}

impl From<Request> for RuntimeRequest {
    fn from(request: Request) -> Self {
        let Request { method, path_and_query, headers, body } = request;
        let body =
            body.map(|body| (HeaderValue::from_static("application/json"), body.to_string().into_bytes()));
        Self { method, path_and_query, headers, body }
    }
}

impl Hub {
    pub(super) async fn send(
        &self,
        workflow: &Workflow<'_>,
        api: Option<&str>,
        connection: UsedConnection<'_>,
        key: &ConnectionKey,
        request: RuntimeRequest,
    ) -> Outcome {
        let url = format!("{}{}", key.runtime_url, request.path_and_query);
        let Ok(mut authorization) = HeaderValue::try_from(format!("Key {}", key.key.expose())) else {
            return refused(Failure::new(
                "BadGateway",
                "The API Hub returned a connection key that is not valid in a header.",
            ));
        };
        authorization.set_sensitive(true);
        let mut builder =
            self.http.request(workflow.trace, request.method, url).header(AUTHORIZATION, authorization);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some((kind, body)) = request.body {
            builder = builder.header(CONTENT_TYPE, kind).body(body);
        }
        let response = match ServiceResponse::send(builder).await {
            Ok(response) => response,
            Err(error) => return error.outcome("The API Hub"),
        };
        let outcome = response.outcome();
        // Remove a rejected key, and the key of a deleted connection, from the cache: the next run
        // requests a new one. Missing access (403) is not the key's fault.
        let moved = matches!(response.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
        let refusal = response.status == StatusCode::UNAUTHORIZED
            && outcome.failure.as_ref().is_some_and(|f| f.message.contains("Error from token exchange"));
        if moved || refusal {
            let UsedConnection { name, of, .. } = connection;
            self.keys.remove(&(workflow.tenant, workflow.flow, name.to_owned(), of));
        }
        // The operation may not be where the cached swagger says.
        if let (true, Some(api)) = (moved, api) {
            self.swaggers.remove(&(workflow.tenant, api.to_owned()));
        }
        outcome
    }
}
