//! Style sheet and scripts of the pages, served from our own origin.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../../templates/style.css"))
}

pub(crate) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../../templates/submit.js"))
}

pub(crate) async fn passkey_script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../../templates/passkey.js"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}
