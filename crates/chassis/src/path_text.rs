//! Paths whose percent escapes are no text.

use percent_encoding::percent_decode_str;

use crate::{Problem, Service};

/// The paths of the lab surface, which every service has.
const LAB_SURFACE: &str = "/_lab/";

/// Rejects a path whose escapes are not UTF-8 with a JSON error: an extractor of the path would
/// respond in plain text. A service reads some of its paths itself.
pub(crate) fn undecodable<S: Service>(path: &str) -> Option<Problem> {
    let is_raw = !path.starts_with(LAB_SURFACE) && S::RAW_PATHS.iter().any(|raw| path.starts_with(raw));
    (!is_raw && !is_text(path))
        .then(|| Problem::bad_request("The escapes in the path of the request are not UTF-8."))
}

/// Whether a path is UTF-8 once its escapes are decoded. What is no escape stands for itself.
fn is_text(path: &str) -> bool {
    percent_decode_str(path).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_a_path_are_text_or_not() {
        for (path, expected) in [
            ("/a/b", true),
            ("/%C3%BC%20", true),
            ("/%", true),
            ("/%4", true),
            ("/%zz", true),
            ("/%FF", false),
            ("/%c3", false),
            ("/%C3/%BC", false),
            ("/%25FF", true),
        ] {
            assert_eq!(is_text(path), expected, "{path}");
        }
    }
}
