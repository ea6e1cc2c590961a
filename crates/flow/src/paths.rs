//! Paths of resources. Names in them are those of makers, who can use any character.

use outlive_clock::TenantId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::ids::FlowId;

/// What is encoded in a segment (RFC 3986, section 3.3).
const NOT_IN_SEGMENTS: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Returns the path below `parent` with these segments, encoded.
pub(crate) fn below(parent: &str, segments: &[&str]) -> String {
    let mut path = parent.to_owned();
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, &NOT_IN_SEGMENTS));
    }
    path
}

/// Returns the path at which a trigger is called. A flow's id is unique in its tenant only.
pub(crate) fn workflow_path(tenant: TenantId, flow: FlowId, trigger: &str) -> String {
    let workflow = format!("{tenant}{flow}").replace('-', "");
    below("/workflows", &[&workflow, "triggers", trigger, "paths", "invoke"])
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
