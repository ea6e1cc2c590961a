//! The span of a request, with its trace id, tenant, client and outcome. Log messages of its
//! handling show it.

use std::borrow::Cow;
use std::fmt::Display;

use axum::extract::Request;
use axum::response::Response;
use outlive_clock::{ClientId, TenantId};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::{Cause, Trace};

/// Longer path segments are not names but may be credentials, for example in a request to explain a
/// token.
const NAME_CHARS_MAX: usize = 40;

/// Creates the span of a request. It has the level of errors so that these always show it.
pub(crate) fn request_span(service: &'static str, request: &Request, trace: &Trace) -> Span {
    tracing::error_span!(
        target: "outlive::request",
        "request",
        service,
        method = %request.method(),
        path = &*loggable(request.uri().path()),
        trace = %trace.trace_id,
        tenant = Empty,
        client = Empty,
        outcome = Empty,
    )
}

/// Records the tenant that the current request concerns.
pub(crate) fn record_tenant(tenant: TenantId) {
    record("tenant", tenant);
}

/// Records the authenticated client of the current request.
pub fn record_client(client: ClientId) {
    record("client", client);
}

fn record(field: &'static str, value: impl Display) {
    Span::current().record(field, display(value));
}

/// Logs the outcome of a request, in its span: the status, and the cause of an error.
pub(crate) fn log_outcome(span: &Span, response: &mut Response) {
    let status = response.status();
    let cause = response.extensions_mut().remove::<Cause>();
    let is_failure = status.is_server_error() && cause.is_some();
    if !is_failure && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    span.record("outcome", status.as_u16());
    span.in_scope(|| match cause {
        Some(error) if status.is_server_error() => tracing::error!(%error, "a request failed"),
        Some(error) => tracing::debug!(%error, "a request was rejected"),
        None => tracing::debug!("a request was answered"),
    });
}

/// The path for logs, without segments that may be credentials.
pub(crate) fn loggable(path: &str) -> Cow<'_, str> {
    let is_name = |part: &str| part.len() <= NAME_CHARS_MAX;
    if path.split('/').all(is_name) {
        return Cow::Borrowed(path);
    }
    let shown: Vec<_> = path.split('/').map(|part| if is_name(part) { part } else { "…" }).collect();
    Cow::Owned(shown.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_names_and_no_credentials() {
        let tenant = "c0470500-0000-4000-8000-000000000001";
        let named = format!("/lab/tenants/{tenant}/why/{tenant}");
        assert_eq!(loggable(&named), named);
        // The shortest credential is a session cookie, with 43 characters.
        for credential in ["x".repeat(43), "1.A".to_owned() + &"y".repeat(900)] {
            assert_eq!(
                loggable(&format!("/lab/tenants/{tenant}/why/{credential}")),
                format!("/lab/tenants/{tenant}/why/…")
            );
        }
        assert_eq!(loggable("/"), "/");
    }
}
