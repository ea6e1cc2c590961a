//! Addresses in responses through a connection: where an operation's state, or a trigger's next
//! events, are.

use http::Method;
use url::Url;

use super::hub::{Credentials, Hub, Workflow, refused};
use super::invoker::UsedConnection;
use super::runtime::RuntimeRequest;
use crate::engine::{Failure, HttpRequest, Outcome};

impl Hub {
    /// Requests an address that a response through a connection gave. What is below the
    /// connection's runtime URL is requested with its key; other addresses like those of `Http`
    /// actions, without a credential.
    pub(super) async fn follow(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        reference: &str,
        (method, location): (Method, &str),
    ) -> Result<Outcome, Outcome> {
        let known = workflow.definition.connections.get(reference);
        let used = known.and_then(|known| UsedConnection::of(reference, known, workflow.invoker));
        let connection = used.ok_or_else(|| {
            let what = format!("The connection reference '{reference}' is not mapped to a connection.");
            refused(Failure::new("ConnectionNotConfigured", what))
        })?;
        let key = self.connection_key(workflow, credentials, connection).await?;
        if let Some(path_and_query) = below(&key.runtime_url, location) {
            let request = RuntimeRequest { method, path_and_query, headers: Vec::new(), body: None };
            return Ok(self.send(workflow, None, connection, &key, request).await);
        }
        let request = HttpRequest {
            method: method.to_string(),
            uri: location.to_owned(),
            queries: serde_json::Map::new(),
            headers: serde_json::Map::new(),
            body: None,
            credential: None,
        };
        self.request(workflow, &request).await
    }
}

/// Returns path and query below a runtime URL, if the address is there. The hub writes such
/// addresses without its origin.
fn below(runtime_url: &str, location: &str) -> Option<String> {
    let base: Url = runtime_url.parse().ok()?;
    let url = base.join(location).ok()?;
    let path = url.path().strip_prefix(base.path())?;
    let is_below = url.origin() == base.origin() && path.starts_with('/');
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    is_below.then(|| format!("{path}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_connection_get_its_key() {
        let base = "http://127.0.0.1:9/apim/shared_x/id1";
        for (location, expected) in [
            ("/apim/shared_x/id1/jobs/1?a=b", Some("/jobs/1?a=b")),
            ("http://127.0.0.1:9/apim/shared_x/id1/jobs/1", Some("/jobs/1")),
            ("/apim/shared_x/id1/../id2/jobs", None),
            ("/apim/shared_x/id1/%2e%2e/id2/jobs", None),
            ("/apim/shared_x/id12/jobs", None),
            ("http://127.0.0.1:8/apim/shared_x/id1/jobs", None),
            ("https://127.0.0.1:9/apim/shared_x/id1/jobs", None),
            ("//evil.test/apim/shared_x/id1/jobs", None),
            ("https://evil.test/", None),
            ("/", None),
            ("http://[", None),
        ] {
            assert_eq!(below(base, location).as_deref(), expected, "{location}");
        }
    }
}
