//! Paths whose percent escapes are no text.

use crate::{Problem, Service};

/// The paths of the lab surface, which every service has.
const LAB_SURFACE: &str = "/_lab/";

/// Rejects a path whose escapes are not UTF-8 with a JSON error: an extractor of the path would
/// respond in plain text. A service reads some of its paths itself.
pub(crate) fn undecodable<S: Service>(path: &str) -> Option<Problem> {
    let is_raw = !path.starts_with(LAB_SURFACE) && S::RAW_PATHS.iter().any(|raw| path.starts_with(raw));
    (!is_raw && !is_text(path.as_bytes()))
        .then(|| Problem::bad_request("The escapes in the path of the request are not UTF-8."))
}

/// Whether a path is UTF-8 once its escapes are decoded. What is no escape stands for itself.
fn is_text(path: &[u8]) -> bool {
    if !path.contains(&b'%') {
        return true;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        let value = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        decoded.push(value.unwrap_or(*first));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    std::str::from_utf8(&decoded).is_ok()
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
            assert_eq!(is_text(path.as_bytes()), expected, "{path}");
        }
    }
}
