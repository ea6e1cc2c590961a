//! Texts with placeholders: `{name}`. No loops, conditions or escapes.

use std::borrow::Cow;

/// Replaces every `{name}` by its `value`, or by "(unknown)" without one.
pub(crate) fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        filled.push_str(value(name).as_deref().unwrap_or("(unknown)"));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// The names of all placeholders in a text, in order, with duplicates.
pub(crate) fn names(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_place_once() {
        let value = |name: &str| (name == "a").then_some(Cow::Borrowed("{b}"));
        assert_eq!(fill("x {a} y {b} z {", value), "x {b} y (unknown) z {");
        assert_eq!(names("x {a} y {b} {a}"), ["a", "b", "a"]);
    }
}
