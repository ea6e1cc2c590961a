//! Requests of `ApiConnection` actions: method, path, queries, headers and body.

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::call::{missing_reference, without_connection};
use super::hub::{Credentials, Hub, Workflow, refused};
use super::invoker::UsedConnection;
use super::request::{encode, legal, plain};
use super::runtime::RuntimeRequest;
use crate::definition::values::{self, RESERVED};
use crate::engine::{ApiRequest, Failure, Outcome};

impl Hub {
    pub(super) async fn forward(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        request: &ApiRequest,
    ) -> Result<Outcome, Outcome> {
        let reference = workflow.definition.connections.get(&request.reference);
        let reference = reference.ok_or_else(|| missing_reference(&request.reference))?;
        let connection = UsedConnection::of(&request.reference, reference, workflow.invoker);
        let connection = connection.ok_or_else(|| without_connection(&request.reference))?;
        let outgoing = build(request).map_err(refused)?;
        let key = self.connection_key(workflow, credentials, connection).await?;
        Ok(self.send(workflow, reference.api.as_deref(), connection, &key, outgoing).await)
    }
}

fn invalid(what: &str) -> Failure {
    Failure::new("BadRequest", format!("The request of the action is not valid: {what}."))
}

fn build(request: &ApiRequest) -> Result<RuntimeRequest, Failure> {
    let method = request.method.parse::<Method>().map_err(|_| invalid("its method cannot be sent"))?;
    let mut path_and_query = path_of(&request.path)?;
    let mut separator = if path_and_query.contains('?') { '&' } else { '?' };
    for (name, value) in request.queries.iter().filter(|(_, value)| !value.is_null()) {
        path_and_query.push(separator);
        path_and_query.push_str(&encode(name));
        path_and_query.push('=');
        path_and_query.push_str(&encode(&plain(value)));
        separator = '&';
    }
    let mut headers = Vec::new();
    let mut kind = None;
    for (name, value) in request.headers.iter().filter(|(_, value)| !value.is_null()) {
        let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(plain(value)))
        else {
            return Err(invalid("a header cannot be sent"));
        };
        match name.as_str() {
            "content-type" => kind = Some(value),
            reserved if RESERVED.contains(&reserved) => {
                return Err(invalid(&format!("the header '{reserved}' cannot be set")));
            }
            _ => headers.push((name, value)),
        }
    }
    let body = request.body.as_ref().filter(|body| !body.is_null()).map(|body| match body {
        Value::String(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
        other => ("application/json", other.to_string().into_bytes()),
    });
    let body = body.map(|(own, bytes)| (kind.unwrap_or(HeaderValue::from_static(own)), bytes));
    Ok(RuntimeRequest { method, path_and_query, headers, body })
}

/// Returns the path, with an optional query. It never leaves the connection.
fn path_of(path: &str) -> Result<String, Failure> {
    values::check_path(path).map_err(invalid)?;
    let (below, query) = path.split_once('?').map_or((path, None), |(below, query)| (below, Some(query)));
    let slash = if below.starts_with('/') { "" } else { "/" };
    let all = query.map_or_else(|| below.to_owned(), |query| format!("{below}?{query}"));
    Ok(format!("{slash}{}", legal(&all)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn built(request: Value) -> Result<RuntimeRequest, Failure> {
        let mut request = request;
        request["reference"] = json!("x");
        build(&serde_json::from_value(request).expect("a request"))
    }

    #[test]
    fn requests_are_sent_as_they_are_written() {
        let request = built(json!({
            "method": "post", "path": "/datasets/a%252Fb/files x?v=1",
            "queries": {"name": "a&b", "n": 3, "none": null},
            "headers": {"If-Match": "*", "Content-Type": "text/csv"}, "body": "a,b",
        }));
        let request = request.expect("valid");
        assert_eq!(request.path_and_query, "/datasets/a%252Fb/files%20x?v=1&n=3&name=a%26b");
        assert_eq!(request.headers.len(), 1);
        assert_eq!(request.body, Some((HeaderValue::from_static("text/csv"), b"a,b".to_vec())));
        let body = built(json!({"method": "put", "path": "x", "body": {"a": 1}})).expect("valid").body;
        assert_eq!(body, Some((HeaderValue::from_static("application/json"), b"{\"a\":1}".to_vec())));
        for (path, headers) in [
            ("/a/../b", json!({})),
            ("/a/%2E%2e/b", json!({})),
            ("/a\\b", json!({})),
            ("/a#b", json!({})),
            ("/a\r\nx: y", json!({})),
            ("/a", json!({"authorization": "Bearer x"})),
            ("/a", json!({"x": "a\nb"})),
        ] {
            let error = built(json!({"method": "get", "path": path, "headers": headers})).expect_err(path);
            assert_eq!(error.code, "BadRequest");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_connection(path in "[/.%2eE~a?\\PC]{0,40}") {
            if let Ok(path) = path_of(&path) {
                let url = url::Url::parse(&format!("http://hub.test/apim/x/1{path}")).expect("a URL");
                prop_assert!(url.path().starts_with("/apim/x/1/"), "{}", url);
            }
        }
    }
}
