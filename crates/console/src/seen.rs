//! What pages need of the request that they answer, wherever they are rendered.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use outlive_chassis::wants_page;

use crate::theme::Theme;

#[derive(Clone)]
struct Seen {
    theme: Theme,
    /// The address of the page: path and query.
    address: String,
    /// Whether a person reads the response.
    wants_page: bool,
}

tokio::task_local! {
    static SEEN: Seen;
}

/// Lets whatever answers a request know its theme, address and reader.
pub(crate) async fn read(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let seen = Seen {
        theme: Theme::of_request(request.headers()),
        address: address.to_owned(),
        wants_page: wants_page(request.headers()),
    };
    SEEN.scope(seen, next.run(request)).await
}

/// The theme of the request that is being answered.
pub(crate) fn theme() -> Theme {
    SEEN.try_with(|seen| seen.theme).unwrap_or_default()
}

/// The address of the page that is being rendered.
pub(crate) fn address() -> String {
    SEEN.try_with(|seen| seen.address.clone()).unwrap_or_else(|_| "/".to_owned())
}

/// Whether the request that is being answered is a browser's.
pub(crate) fn is_by_person() -> bool {
    SEEN.try_with(|seen| seen.wants_page).unwrap_or(true)
}

/// The attribute of a page's root, with a blank before it; empty without a choice.
pub(crate) fn theme_attribute() -> &'static str {
    match theme() {
        Theme::Light => " data-theme=\"light\"",
        Theme::Dark => " data-theme=\"dark\"",
        Theme::System => "",
    }
}
