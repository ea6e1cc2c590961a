//! The `Date` header: a response about one tenant is dated by that tenant's clock, like its body.
//!
//! The clocks that a request reads are recorded while it is handled. A response that concerns no
//! tenant, or several, has the date of the HTTP server, which is wall time.

use std::cell::Cell;

use axum::response::Response;
use futures::FutureExt as _;
use http::HeaderValue;
use http::header::DATE;
use outlive_clock::{Instant, TenantId};

use crate::current_request::record_tenant;

/// The clocks that a request read.
#[derive(Clone, Copy)]
enum Reading {
    None,
    /// The clock of one tenant, and its last time.
    One(TenantId, Instant),
    Several,
}

tokio::task_local! {
    static READING: Cell<Reading>;
}

/// Records the time of a tenant's clock for the current request, if any.
pub(crate) fn note(tenant: TenantId, now: Instant) {
    let _ = READING.try_with(|reading| {
        if matches!(reading.get(), Reading::None) {
            record_tenant(tenant);
        }
        reading.set(match reading.get() {
            Reading::One(other, _) if other != tenant => Reading::Several,
            Reading::Several => Reading::Several,
            Reading::None | Reading::One(..) => Reading::One(tenant, now),
        });
    });
}

/// Whether the response to the current request is already dated by a tenant's clock, or concerns
/// several tenants.
#[must_use]
pub fn response_is_dated() -> bool {
    READING.try_with(|reading| !matches!(reading.get(), Reading::None)).unwrap_or(false)
}

/// Handles a request, and dates its response.
///
/// It is no `async fn`, whose future would contain that of the request three times.
pub(crate) fn handle(handling: impl Future<Output = Response>) -> impl Future<Output = Response> {
    let handled = handling.map(|mut response| {
        if let Reading::One(_, now) = READING.with(Cell::get)
            && let Ok(date) = HeaderValue::try_from(imf_fixdate(now))
        {
            response.headers_mut().entry(DATE).or_insert(date);
        }
        response
    });
    READING.scope(Cell::new(Reading::None), handled)
}

/// Formats an instant as an HTTP date (RFC 9110, section 5.6.7).
fn imf_fixdate(at: Instant) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT")
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use uuid::Uuid;

    use super::*;

    const NINE: Instant = Instant::from_seconds(1_767_603_600);

    async fn date_after(read: &[(u128, i64)]) -> Option<String> {
        let response = handle(async {
            for (number, seconds) in read {
                note(TenantId::from_uuid(Uuid::from_u128(*number)), Instant::from_seconds(*seconds));
            }
            ().into_response()
        });
        response.await.headers().get(DATE).map(|date| date.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_response_about_one_tenant_has_its_date() {
        let nine = NINE.as_seconds();
        assert_eq!(date_after(&[]).await, None);
        let dated = date_after(&[(1, nine), (1, nine + 1)]).await;
        assert_eq!(dated.as_deref(), Some("Mon, 05 Jan 2026 09:00:01 GMT"));
        assert_eq!(date_after(&[(1, nine), (2, nine), (1, nine)]).await, None);
        note(TenantId::from_uuid(Uuid::from_u128(1)), NINE);
    }
}
