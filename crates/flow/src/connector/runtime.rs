//! The call itself, at the connection's runtime URL.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::answer::Answer;
use super::connection_key::ConnectionKey;
use super::hub::{Hub, Workflow, refused};
use super::request::Request;
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
                "The API Hub answered a connection key that cannot be sent.",
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
        let answer = match Answer::to(builder).await {
            Ok(answer) => answer,
            Err(error) => return error.outcome("The API Hub"),
        };
        let outcome = answer.outcome();
        // A key that the hub no longer takes is of no more use, nor one for a connection that is gone: the next run asks anew.
        let moved = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
        let refusal = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            && outcome.failure.as_ref().is_some_and(|f| f.message.contains("Error from token exchange"));
        if moved || refusal {
            self.keys.forget(|(tenant, flow, name)| {
                *tenant == workflow.tenant && *flow == workflow.flow && name == connection
            });
        }
        // Nor may the operation be where the swagger said.
        if moved {
            self.swaggers.forget(|(tenant, api)| *tenant == workflow.tenant && *api == call.api);
        }
        outcome
    }
}
