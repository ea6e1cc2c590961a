//! Paths of resources and links to them. Names in them are those of makers, who can use any
//! character.

use std::fmt::Write;

use super::caller::{API_VERSION, Caller};
use crate::expression::percent_decoded;
use crate::ids::FlowId;

/// Returns the path of a flow.
pub(super) fn flow_path(environment: &str, flow: FlowId) -> String {
    below("/providers/Microsoft.ProcessSimple/environments", &[environment, "flows", &flow.to_string()])
}

/// Returns the path below `parent` with these segments, encoded.
pub(super) fn below(parent: &str, segments: &[&str]) -> String {
    let mut path = parent.to_owned();
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            // The characters of a segment (RFC 3986, section 3.3).
            if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
                path.push(char::from(byte));
            } else {
                // Writing into a string cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

/// Returns the address of a path at the origin at which the caller reached the service.
pub(super) fn absolute(caller: &Caller, path: &str, query: &[(&str, &str)]) -> String {
    absolute_with(caller, path, &[&[("api-version", API_VERSION)], query].concat())
}

/// Like `absolute`, with this query only.
pub(super) fn absolute_with(caller: &Caller, path: &str, query: &[(&str, &str)]) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}{path}?{pairs}", caller.origin)
}

/// Decodes the segments of a path; `None` if one is no text.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/').map(|segment| String::from_utf8(percent_decoded(segment)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded() {
        for (name, expected) in [
            ("Get_order", "Get_order"),
            ("a b", "a%20b"),
            ("a/b?c#d%e", "a%2Fb%3Fc%23d%25e"),
            ("é", "%C3%A9"),
            ("\"<>\\^`{|}", "%22%3C%3E%5C%5E%60%7B%7C%7D"),
            ("(a)+b&c=d", "(a)+b&c=d"),
        ] {
            assert_eq!(below("/x", &[name, "y"]), format!("/x/{expected}/y"));
        }
    }
}
