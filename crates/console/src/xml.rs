//! Texts in XML.

/// A text as content or as the value of an attribute. XML has no way to write some characters,
/// which names may contain: each is replaced.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if is_forbidden(letter) => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Whether XML 1.0 (section 2.2) does not allow a character, not even as a reference.
const fn is_forbidden(letter: char) -> bool {
    matches!(letter, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_contain_is_replaced_and_the_rest_escaped() {
        for (text, expected) in [
            ("Orders <&> \"daily\"", "Orders &lt;&amp;&gt; &quot;daily&quot;"),
            ("tab\t, line\n, é 📦", "tab\t, line\n, é 📦"),
            ("bell\x07 \x1b[1m nul\0", "bell\u{FFFD} \u{FFFD}[1m nul\u{FFFD}"),
            ("\u{FFFE}\u{FFFF}\u{FFFD}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
