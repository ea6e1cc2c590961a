//! The request that is being handled, for log messages: its trace, tenant, client and outcome.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use futures::FutureExt as _;
use http::{Method, StatusCode, Uri};
use outlive_clock::{ClientId, TenantId};

use crate::{Cause, Trace};

/// Longer path segments are not names but may be credentials, for example in a request to explain a
/// token.
const NAME_CHARS_MAX: usize = 40;

tokio::task_local! {
    static CURRENT: CurrentRequest;
}

/// What log messages say of a request. It is formatted when there is a message, which is rare: a
/// span would format it for each request.
pub(crate) struct CurrentRequest {
    service: &'static str,
    method: Method,
    uri: Uri,
    trace: Arc<str>,
    tenant: Cell<Option<TenantId>>,
    client: Cell<Option<ClientId>>,
    outcome: Cell<Option<StatusCode>>,
}

impl CurrentRequest {
    pub(crate) fn new(service: &'static str, request: &Request, trace: &Trace) -> Self {
        Self {
            service,
            method: request.method().clone(),
            uri: request.uri().clone(),
            trace: Arc::clone(&trace.trace_id),
            tenant: Cell::default(),
            client: Cell::default(),
            outcome: Cell::default(),
        }
    }

    /// Handles this request, and logs its outcome.
    ///
    /// It is no `async fn`, whose future would contain that of the request three times.
    pub(crate) fn handle(self, handling: impl Future<Output = Response>) -> impl Future<Output = Response> {
        let handled = handling.map(|mut response| {
            log_outcome(&mut response);
            response
        });
        CURRENT.scope(self, handled)
    }
}

impl fmt::Display for CurrentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, method, uri, trace, tenant, client, outcome } = self;
        let path = loggable(uri.path());
        write!(f, "request{{service={service:?} method={method} path={path:?} trace={trace}")?;
        if let Some(tenant) = tenant.get() {
            write!(f, " tenant={tenant}")?;
        }
        if let Some(client) = client.get() {
            write!(f, " client={client}")?;
        }
        if let Some(outcome) = outcome.get() {
            write!(f, " outcome={}", outcome.as_u16())?;
        }
        f.write_str("}")
    }
}

/// Calls `read` with the current request, if any.
pub(crate) fn with_current<T>(read: impl FnOnce(&CurrentRequest) -> T) -> Option<T> {
    CURRENT.try_with(read).ok()
}

/// Records the tenant that the current request concerns.
pub(crate) fn record_tenant(tenant: TenantId) {
    with_current(|request| request.tenant.set(Some(tenant)));
}

/// Records the authenticated client of the current request.
pub fn record_client(client: ClientId) {
    with_current(|request| request.client.set(Some(client)));
}

/// Logs the outcome of the current request: the status, and the cause of an error.
fn log_outcome(response: &mut Response) {
    let status = response.status();
    let cause = response.extensions_mut().remove::<Cause>();
    with_current(|request| request.outcome.set(Some(status)));
    match cause {
        Some(error) if status.is_server_error() => tracing::error!(%error, "a request failed"),
        Some(error) => tracing::debug!(%error, "a request was rejected"),
        None => tracing::debug!("a request was answered"),
    }
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
