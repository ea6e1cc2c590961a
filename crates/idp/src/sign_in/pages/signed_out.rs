//! The last page of a sign-out with front-channel logout.

use axum::response::Response;
use http::StatusCode;
use url::Url;

use super::respond::{OWN, page_with_frames};
use super::templates::SignedOut;

/// Renders the page: loads these URLs, then continues to the application that requested the
/// sign-out.
pub(crate) fn signed_out(frames: &[Url], continue_to: Option<&Url>) -> Response {
    let page = SignedOut {
        frames: frames.iter().map(Url::as_str).collect(),
        continue_to: continue_to.map(Url::as_str),
    };
    let sources: Vec<String> = frames.iter().map(source).collect();
    page_with_frames(StatusCode::OK, &page, OWN, &sources.join(" "))
}

/// Returns a content security policy source for exactly this path. Source separators are
/// percent-encoded.
fn source(url: &Url) -> String {
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let path = url.path().replace(';', "%3B").replace(',', "%2C");
    format!("{}://{authority}{path}", url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_one_address_and_nothing_else() {
        for (url, expected) in [
            ("https://app.example/out?sid=1", "https://app.example/out"),
            ("http://localhost:3000/out", "http://localhost:3000/out"),
            ("https://app.example/a;script-src,b", "https://app.example/a%3Bscript-src%2Cb"),
            ("https://app.example", "https://app.example/"),
        ] {
            assert_eq!(source(&Url::parse(url).unwrap()), expected);
        }
    }
}
