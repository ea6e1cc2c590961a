//! Calls the connection's runtime URL.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::hub::{ConnectionKey, Hub, Workflow, refused};
use super::request::Request;
use super::response::ServiceResponse;
use crate::definition::ConnectorCall;
use crate::engine::{Failure, Outcome};

impl Hub {
    pub(super) async fn send(
        &self,
        workflow: &Workflow<'_>,
        call: &ConnectorCall,
        connection: &str,
        key: &ConnectionKey,
        request: Request,
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
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_string());
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
            self.keys.remove(&(workflow.tenant, workflow.flow, connection.to_owned()));
        }
        // The operation may not be where the cached swagger says.
        if moved {
            self.swaggers.remove(&(workflow.tenant, call.api.clone()));
        }
        outcome
    }
}
