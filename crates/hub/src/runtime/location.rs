//! The header `Location` of a back end: what is at the same place as the call is reached through
//! the connection, too.

use http::header::LOCATION;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::connection::Connection;

/// Rewrites an address below `base`, the connector's address at its back end, to one below
/// the connection's path at the hub. Other addresses stay as they are.
pub(super) fn rewrite(headers: &mut HeaderMap, call: &Url, base: &Url, connection: &Connection) {
    let runtime = format!("/apim/{}/{}", connection.connector, connection.id.uuid().simple());
    let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else { return };
    let rewritten = through(location, call, base, &runtime);
    if let Some(Ok(value)) = rewritten.map(HeaderValue::try_from) {
        headers.insert(LOCATION, value);
    }
}

fn through(location: &str, call: &Url, base: &Url, runtime: &str) -> Option<String> {
    let url = call.join(location).ok()?;
    let below = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    let is_below = url.origin() == base.origin() && below.starts_with('/') && url.username().is_empty();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    is_below.then(|| format!("{runtime}{below}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_back_end_are_reached_through_the_connection() {
        let call: Url = "https://api.test/v1/orders/7?x=y".parse().expect("a URL");
        let base: Url = "https://api.test/v1".parse().expect("a URL");
        for (location, expected) in [
            ("https://api.test/v1/jobs/1?t=2", Some("/apim/x/1/jobs/1?t=2")),
            ("https://API.test:443/v1/jobs/1", Some("/apim/x/1/jobs/1")),
            ("/v1/jobs/1", Some("/apim/x/1/jobs/1")),
            ("8", Some("/apim/x/1/orders/8")),
            ("../jobs", Some("/apim/x/1/jobs")),
            ("/v10/jobs", None),
            ("/v1/../v2/jobs", None),
            ("http://api.test/v1/jobs", None),
            ("https://other.test/v1/jobs", None),
            ("https://user@api.test/v1/jobs", None),
        ] {
            assert_eq!(through(location, &call, &base, "/apim/x/1").as_deref(), expected, "{location}");
        }
        let root: Url = "https://api.test/".parse().expect("a URL");
        assert_eq!(through("/jobs", &call, &root, "/apim/x/1").as_deref(), Some("/apim/x/1/jobs"));
    }
}
