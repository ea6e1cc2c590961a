//! Percent-encoded paths, as back ends decode them once or several times.

use std::borrow::Cow;
use std::iter::successors;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Decodes each percent-encoded byte once. An incomplete or invalid sequence stays as it is.
pub(crate) fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(bytes).collect()
}

/// Everything but the unreserved characters (RFC 3986 §2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes everything but the unreserved characters.
pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// Returns the path as received, decoded once, and decoded twice, as some back ends do; without a
/// `%` it has no other reading.
pub(crate) fn decodings(path: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let once_more =
        |reading: &Cow<'_, [u8]>| reading.contains(&b'%').then(|| Cow::Owned(percent_decode(reading)));
    successors(Some(Cow::Borrowed(path.as_bytes())), once_more).take(3)
}

/// Whether a decoded path has a `.` or `..` segment, a backslash or a control character.
pub(crate) fn has_traversal(reading: &[u8]) -> bool {
    reading.iter().any(|b| b.is_ascii_control() || *b == b'\\')
        || reading.split(|b| *b == b'/').any(|part| part == b"." || part == b"..")
}

/// Whether a decoded path is under `/_lab`, the lab surface.
pub(crate) fn is_of_lab_surface(reading: &[u8]) -> bool {
    reading
        .split(|b| *b == b'/')
        .find(|part| !part.is_empty())
        .is_some_and(|part| part.eq_ignore_ascii_case(b"_lab"))
}

/// The maximum number of placeholders in a segment of a template.
const PLACEHOLDERS_MAX: usize = 10;

/// Returns what is wrong with a template, if its matches would be ambiguous or costly.
pub(crate) fn template_fault(template: &str) -> Option<String> {
    template.split('/').find_map(|segment| {
        let (literals, names) = parse_segment(segment);
        if names.len() > PLACEHOLDERS_MAX {
            return Some(format!("a segment of a path has at most {PLACEHOLDERS_MAX} parameters"));
        }
        let between = literals.get(1..names.len()).unwrap_or_default();
        between.contains(&"").then(|| "between two parameters of a path there must be a text".to_owned())
    })
}

/// What cannot be in a path, besides the braces of parameters.
const NOT_IN_PATHS: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'|');

/// Returns a template as requests write it: outside of parameters, what cannot be in a path (a
/// space, `ä`) is percent-encoded.
pub(crate) fn encoded_template(template: &str) -> String {
    let mut encoded = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(begin) = rest.find('{') {
        let end = rest[begin..].find('}').map_or(rest.len(), |length| begin + length);
        encoded.extend(utf8_percent_encode(&rest[..begin], &NOT_IN_PATHS));
        encoded.push_str(&rest[begin..end]);
        rest = &rest[end..];
    }
    encoded.extend(utf8_percent_encode(rest, &NOT_IN_PATHS));
    encoded
}

/// Whether `path` matches the template, in which `{name}` stands for one or more characters without
/// a slash.
pub(crate) fn matches_template(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if segment_matches(part, given) => {}
            _ => return false,
        }
    }
}

/// Whether what is given matches a segment. Most segments have no parameters.
fn segment_matches(segment: &str, given: &str) -> bool {
    if segment.contains('{') { segment_captures(segment, given).is_some() } else { segment == given }
}

/// Returns what the parameters of a template stand for in a path that matches it, by name.
pub(crate) fn captures<'a>(template: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let segments = template.split('/').zip(path.split('/'));
    segments.flat_map(|(part, given)| segment_captures(part, given).unwrap_or_default()).collect()
}

/// Returns each byte as the character with its number, so that bytes can be matched as a text.
pub(crate) fn characters(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        // The usual case, copied at once.
        Ok(text) if text.is_ascii() => text.to_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Splits a segment into the texts around its parameters, and the parameters' names between them.
fn parse_segment(segment: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut literals, mut names, mut rest) = (Vec::new(), Vec::new(), segment);
    while let (Some(open), Some(close)) = (rest.find('{'), rest.find('}')) {
        if close < open {
            break;
        }
        literals.push(&rest[..open]);
        names.push(&rest[open + 1..close]);
        rest = &rest[close + 1..];
    }
    literals.push(rest);
    (literals, names)
}

/// Returns what the parameters of a segment stand for: each for as little as possible. Takes time
/// in proportion to the lengths, because each text is looked for once, from the left.
fn segment_captures<'a>(segment: &'a str, given: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (literals, names) = parse_segment(segment);
    let (first, rest) = literals.split_first()?;
    let Some((last, between)) = rest.split_last() else { return (segment == given).then(Vec::new) };
    let mut given = given.strip_prefix(first)?.strip_suffix(last)?;
    let mut captured = Vec::with_capacity(names.len());
    for (name, literal) in names.iter().zip(between) {
        let least = given.chars().next()?.len_utf8();
        let end = least + given[least..].find(literal)?;
        captured.push((*name, &given[..end]));
        given = &given[end + literal.len()..];
    }
    captured.push((names.last()?, given));
    (!given.is_empty()).then_some(captured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_stand_for_whole_segments_and_parts_of_them() {
        for (template, path, expected) in [
            ("/orders", "/orders", true),
            ("/orders", "/orders/", false),
            ("/orders", "//orders", false),
            ("/orders", "/Orders", false),
            ("/orders/{id}", "/orders/42", true),
            ("/orders/{id}", "/orders/", false),
            ("/orders/{id}", "/orders", false),
            ("/orders/{id}", "/orders/42/lines", false),
            ("/tables/items(id={id})", "/tables/items(id=4)", true),
            ("/tables/items(id={id})", "/tables/items(id=)", false),
            ("/{from}-{to}", "/a-b", true),
            ("/{from}-{to}", "/a-b-c", true),
            ("/{from}-{to}", "/ab", false),
            ("/}x{", "/}x{", true),
            ("/{a}x", "/xx", true),
            ("/{a}x", "/x", false),
            ("/a{b}a", "/a", false),
            ("/{a}{b}", "/xy", true),
            ("/{a}{b}", "/x", false),
            ("/{a}ab", "/aab", true),
        ] {
            assert_eq!(matches_template(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn the_parameters_of_a_path_are_found() {
        for (template, path, expected) in [
            ("/orders", "/orders", vec![]),
            ("/orders/{id}/lines/{line}", "/orders/4%202/lines/7", vec![("id", "4%202"), ("line", "7")]),
            ("/items(id={id})", "/items(id=4)", vec![("id", "4")]),
            ("/{from}-{to}", "/a-b-c", vec![("from", "a"), ("to", "b-c")]),
            ("/{a}", "/ü", vec![("a", "ü")]),
            ("/{a}-{b}.json", "/ü-x.json.json", vec![("a", "ü"), ("b", "x.json")]),
        ] {
            assert_eq!(captures(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn a_template_with_many_parameters_is_matched_at_once() {
        let names =
            |count: usize, after: &str| (0..count).map(|n| format!("{{p{n}}}{after}")).collect::<String>();
        let (template, path) = (format!("/{}b", names(30, "a")), format!("/{}", "a".repeat(60)));
        assert!(!matches_template(&template, &path));
        assert!(captures(&template, &path).is_empty());
        let (template, path) = (format!("/{}", names(2_000, "a")), format!("/{}", "a".repeat(60_000)));
        assert!(matches_template(&template, &path));
    }

    #[test]
    fn a_template_whose_matches_are_ambiguous_has_a_fault() {
        for template in ["/orders", "/{a}/{b}", "/{a}-{b}.{c}", "/}x{", "/{a}b"] {
            assert_eq!(template_fault(template), None, "{template}");
        }
        let many = format!("/{}", "{a}-".repeat(PLACEHOLDERS_MAX + 1));
        for template in ["/x/{a}{b}", "/{a}-{b}{c}/y", many.as_str()] {
            assert!(template_fault(template).is_some(), "{template}");
        }
    }

    #[test]
    fn a_path_is_decoded_at_most_twice() {
        for (path, expected) in [
            ("/a", vec!["/a"]),
            ("/%61", vec!["/%61", "/a"]),
            ("/%2561", vec!["/%2561", "/%61", "/a"]),
            ("/%252561", vec!["/%252561", "/%2561", "/%61"]),
        ] {
            let readings: Vec<_> = decodings(path).map(|reading| reading.into_owned()).collect();
            assert_eq!(readings, expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), "{path}");
        }
    }

    #[test]
    fn every_spelling_of_the_lab_surface_is_known() {
        for path in ["_lab", "/_lab/tenants", "//_lab", "/%5Flab/x", "/%255flab", "/_LAB/x"] {
            assert!(decodings(path).any(|reading| is_of_lab_surface(&reading)), "{path}");
        }
        for path in ["/orders/_lab", "/_label", "/x_lab"] {
            assert!(!decodings(path).any(|reading| is_of_lab_surface(&reading)), "{path}");
        }
    }
}
