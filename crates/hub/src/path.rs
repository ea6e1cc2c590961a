//! Percent-encoded paths, as back ends decode them once or several times.

/// Decodes each percent-encoded byte once. An incomplete or invalid sequence stays as it is.
pub(crate) fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Returns the path as received, decoded once, and decoded twice, as some back ends do.
pub(crate) fn decodings(path: &str) -> [Vec<u8>; 3] {
    let came = path.as_bytes().to_vec();
    let once = percent_decode(&came);
    let twice = percent_decode(&once);
    [came, once, twice]
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

/// Whether `path` matches the template, in which `{name}` stands for one or more characters without
/// a slash.
pub(crate) fn matches_template(template: &[u8], path: &[u8]) -> bool {
    let (mut template, mut path) = (template.split(|b| *b == b'/'), path.split(|b| *b == b'/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if segment_matches(part, given) => {}
            _ => return false,
        }
    }
}

/// Returns what the parameters of a template stand for in a path that matches it, by name.
pub(crate) fn captures<'a>(template: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let segments = template.split('/').zip(path.split('/'));
    segments.flat_map(|(part, given)| segment_captures(part, given).unwrap_or_default()).collect()
}

fn segment_captures<'a>(template: &'a str, given: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (Some(open), Some(close)) = (template.find('{'), template.find('}')) else {
        return (template == given).then(Vec::new);
    };
    if close < open {
        return (template == given).then(Vec::new);
    }
    let (name, rest) = (&template[open + 1..close], &template[close + 1..]);
    let given = given.strip_prefix(&template[..open])?;
    let mut ends: Vec<_> = given.char_indices().skip(1).map(|(at, _)| at).collect();
    ends.push(given.len());
    ends.retain(|end| *end > 0 && (!rest.is_empty() || *end == given.len()));
    ends.into_iter().find_map(|end| {
        let mut captured = vec![(name, &given[..end])];
        captured.extend(segment_captures(rest, &given[end..])?);
        Some(captured)
    })
}

fn segment_matches(template: &[u8], given: &[u8]) -> bool {
    let open = template.iter().position(|b| *b == b'{');
    let close = template.iter().position(|b| *b == b'}');
    let (Some(open), Some(close)) = (open, close) else { return template == given };
    if close < open {
        return template == given;
    }
    let Some(given) = given.strip_prefix(&template[..open]) else { return false };
    let rest = &template[close + 1..];
    if rest.is_empty() {
        return !given.is_empty();
    }
    (1..=given.len()).any(|taken| segment_matches(rest, &given[taken..]))
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
        ] {
            assert_eq!(matches_template(template.as_bytes(), path.as_bytes()), expected, "{template} {path}");
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
        ] {
            assert_eq!(captures(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn every_spelling_of_the_lab_surface_is_known() {
        for path in ["_lab", "/_lab/tenants", "//_lab", "/%5Flab/x", "/%255flab", "/_LAB/x"] {
            assert!(decodings(path).iter().any(|reading| is_of_lab_surface(reading)), "{path}");
        }
        for path in ["/orders/_lab", "/_label", "/x_lab"] {
            assert!(!decodings(path).iter().any(|reading| is_of_lab_surface(reading)), "{path}");
        }
    }
}
