//! Where an API receives the security events of users: limits and storage.

use outlive_chassis::Problem;
use outlive_clock::{ClientId, Span, TenantId};
use outlive_store::{Statement, sql};
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
pub(crate) fn insertion(
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
