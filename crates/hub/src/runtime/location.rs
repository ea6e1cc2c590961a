//! The header `Location` of a back end: what is at the same place as the call is reached through
//! the connection, too.

use std::borrow::Cow;

use http::header::LOCATION;
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::query::Query;
use crate::connection::Connection;

/// Returns an address below `base`, the connector's address at its back end, as one below the
/// connection's path at the hub, without the secrets that the hub adds to each call. `None` if it
/// is elsewhere.
pub(super) fn through_hub(
    headers: &HeaderMap,
    (call, base): (&Url, &Url),
    connection: &Connection,
    secrets: &[Cow<'_, str>],
) -> Option<HeaderValue> {
    let runtime = format!("/apim/{}/{}", connection.connector, connection.id.uuid().simple());
    let location = headers.get(LOCATION)?.to_str().ok()?;
    HeaderValue::try_from(through(location, (call, base), &runtime, secrets)?).ok()
}

fn through(
    location: &str,
    (call, base): (&Url, &Url),
    runtime: &str,
    secrets: &[Cow<'_, str>],
) -> Option<String> {
    let url = call.join(location).ok()?;
    let below = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != base.origin() || !below.starts_with('/') || has_user {
        return None;
    }
    let mut query = Query::new(url.query());
    query.remove_values(secrets);
    let query = query.text().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{runtime}{below}{query}"))
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
            ("https://:password@api.test/v1/jobs", None),
            ("/v1/jobs/1?k=a%2Fkey&t=2", Some("/apim/x/1/jobs/1?t=2")),
            ("/v1/jobs/1?k=a/key", Some("/apim/x/1/jobs/1")),
        ] {
            let found = through(location, (&call, &base), "/apim/x/1", &["a/key".into(), "".into()]);
            assert_eq!(found.as_deref(), expected, "{location}");
        }
        let root: Url = "https://api.test/".parse().expect("a URL");
        let found = through("/jobs", (&call, &root), "/apim/x/1", &[]);
        assert_eq!(found.as_deref(), Some("/apim/x/1/jobs"));
    }
}
