//! Where an API receives the security events of users: limits and storage.

use outlive_chassis::Problem;
use outlive_clock::{ClientId, Span, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};
use outlive_wire::tenant::EventStreamSpec;
use url::Url;

/// The maximum length of the endpoint, in characters.
const ENDPOINT_CHARS_MAX: usize = 600;
/// The maximum delay. The documented goal is 15 minutes at most.
const DELAY_MAX: Span = Span::from_days(1);

/// Returns the first invalid property, with the reason.
pub(crate) fn fault(stream: &EventStreamSpec) -> Option<(&'static str, String)> {
    let is_address = Url::parse(&stream.endpoint).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !is_address || stream.endpoint.chars().count() > ENDPOINT_CHARS_MAX {
        let why = format!(
            "The endpoint of an event stream is an http or https address of at most {ENDPOINT_CHARS_MAX} characters"
        );
        return Some(("endpoint", why));
    }
    (stream.delay.is_negative() || stream.delay > DELAY_MAX)
        .then(|| ("delay", "The delay of an event stream is PT0S to P1D".to_owned()))
}

/// Returns the statement that creates the stream of an application that has none.
///
/// # Errors
/// The endpoint or the delay is invalid.
pub(crate) fn insert(
    stream: &EventStreamSpec,
    tenant: TenantId,
    client: ClientId,
) -> Result<Statement, Problem> {
    if let Some((_, why)) = fault(stream) {
        return Err(Problem::bad_request(format!("{why}.")));
    }
    Ok(sql!(
        "INSERT INTO event_streams (tenant, client_id, endpoint, delay_us) VALUES ($1, $2, $3, $4)",
        tenant,
        client,
        &stream.endpoint,
        stream.delay.as_micros()
    ))
}

/// Returns the endpoints of a tenant's streams, one per application at most.
pub(crate) async fn endpoints(
    store: &Store,
    tenant: TenantId,
) -> Result<Vec<(ClientId, String)>, StoreError> {
    let rows = store.rows(sql!("SELECT client_id, endpoint FROM event_streams WHERE tenant = $1", tenant));
    rows.await?.iter().map(|row| Ok((row.parse("client_id")?, row.text("endpoint")?))).collect()
}

/// Returns the statement that gives a stream another endpoint.
pub(crate) fn move_endpoint(tenant: TenantId, client: ClientId, endpoint: &str) -> Statement {
    sql!(
        "UPDATE event_streams SET endpoint = $1 WHERE tenant = $2 AND client_id = $3",
        endpoint,
        tenant,
        client
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_addresses_and_delays_that_can_be_are_taken() {
        let is_taken = |endpoint: &str, delay: Span| {
            let spec = EventStreamSpec { endpoint: endpoint.to_owned(), delay };
            insert(&spec, TenantId::from_uuid(Uuid::nil()), ClientId::from_uuid(Uuid::nil())).is_ok()
        };
        let good = "http://127.0.0.1:8703/security-events";
        assert!(is_taken(good, Span::ZERO) && is_taken("https://api.example/e", Span::from_minutes(15)));
        for endpoint in ["", "api.example/e", "ftp://api.example/e", "http://me:pw@api.example/", "http://"] {
            assert!(!is_taken(endpoint, Span::ZERO), "{endpoint}");
        }
        assert!(!is_taken(&format!("{good}?{}", "x".repeat(ENDPOINT_CHARS_MAX)), Span::ZERO));
        assert!(!is_taken(good, Span::from_days(1) + Span::from_micros(1)));
        assert!(!is_taken(good, Span::ZERO - Span::from_micros(1)));
    }
}
