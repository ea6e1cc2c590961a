//! The style sheet, the icon and the script, from our own origin.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")], outlive_chassis::STYLESHEET)
}

pub(crate) async fn script() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        include_str!("../assets/live.js"),
    )
}

pub(crate) async fn present() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        include_str!("../assets/present.js"),
    )
}

pub(crate) async fn png() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        include_str!("../assets/png.js"),
    )
}

/// An image that stands alone: the rules of style are in it, and nothing else is loaded for it.
pub(crate) fn image(svg: String) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    ([(CONTENT_TYPE, "image/svg+xml"), (CONTENT_SECURITY_POLICY, policy)], svg).into_response()
}

pub(crate) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "max-age=86400")], outlive_chassis::ICON)
}
