//! Multipart bodies (RFC 2046, section 5.1).

use serde_json::{Map, Value, json};

use super::content;

/// The maximum number of parts.
const PARTS_MAX: usize = 1_000;

/// Returns the parts of a body as `{headers, body}`: those that are listed in it, or those of its
/// content; `None` if it is not multipart.
pub(super) fn parts(body: &Value) -> Option<Vec<Value>> {
    if let Some(listed) = body.get("$multipart").and_then(Value::as_array) {
        return Some(listed.clone());
    }
    let (media_type, bytes) = content::opened(body)?;
    let boundary = parameter(media_type, "boundary").filter(|_| media_type.starts_with("multipart/"))?;
    Some(split(&String::from_utf8_lossy(&bytes), &boundary))
}

/// Returns the name of a part of a form.
pub(super) fn name(part: &Value) -> Option<String> {
    let headers = part.get("headers")?.as_object()?;
    let (_, disposition) =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Disposition"))?;
    parameter(disposition.as_str()?, "name")
}

fn split(text: &str, boundary: &str) -> Vec<Value> {
    let delimiter = format!("\n--{boundary}");
    let text = format!("\n{text}");
    let mut parts = Vec::new();
    for part in text.split(&delimiter).skip(1).take(PARTS_MAX) {
        if part.starts_with("--") {
            break;
        }
        let part = part.trim_start_matches([' ', '\t', '\r']);
        let part = part.strip_prefix('\n').unwrap_or(part);
        let part = part.strip_suffix('\r').unwrap_or(part);
        if let Some(body) = part.strip_prefix("\r\n").or_else(|| part.strip_prefix('\n')) {
            parts.push(json!({"headers": {}, "body": body}));
            continue;
        }
        let blank =
            ["\r\n\r\n", "\n\n"].iter().filter_map(|blank| Some((part.find(blank)?, blank.len()))).min();
        let (head, body) = blank.map_or(("", part), |(at, length)| (&part[..at], &part[at + length..]));
        let headers = head.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), Value::from(value.trim())))
        });
        parts.push(json!({"headers": headers.collect::<Map<_, _>>(), "body": body}));
    }
    parts
}

/// Returns a parameter of a header: `boundary` of `multipart/mixed; boundary="x"`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim();
        let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        name.trim().eq_ignore_ascii_case(wanted).then(|| plain.to_owned()).filter(|plain| !plain.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_split_at_its_boundary() {
        let text = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--b\r\n\r\nplain\r\n--b--\r\nend";
        let body = content::envelope("multipart/form-data; boundary=\"b\"", text.as_bytes());
        let parts = parts(&body).expect("is multipart");
        let bodies: Vec<_> = parts.iter().map(|part| part["body"].as_str()).collect();
        assert_eq!(bodies, [Some("1\r\n2"), Some("plain")]);
        assert_eq!(name(&parts[0]).as_deref(), Some("a"));
        assert_eq!(name(&parts[1]), None);
    }

    #[test]
    fn other_bodies_are_not_multipart() {
        for (media_type, text) in [("text/plain; boundary=b", "--b--"), ("multipart/mixed", "--b--")] {
            assert_eq!(parts(&content::envelope(media_type, text.as_bytes())), None);
        }
        assert_eq!(parts(&json!("--b--")), None);
        assert_eq!(parts(&content::envelope("multipart/mixed; boundary=b", b"")), Some(Vec::new()));
    }
}
