//! A text as it was before a mail, a page or a program quoted it.

/// What stands for another character, and that character.
const QUOTED: [(&str, &str); 20] = [
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#X27;", "'"),
    ("&apos;", "'"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#x22;", "\""),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
    ("\\u0027", "'"),
    ("\\u0022", "\""),
    ("\u{2018}", "'"),
    ("\u{2019}", "'"),
    ("\u{201c}", "\""),
    ("\u{201d}", "\""),
    ("\u{200b}", ""),
    ("\u{feff}", ""),
    ("\0", ""),
];

/// Undoes the quoting. Lines stay lines, without the marks of a quoted mail.
pub(super) fn plain(text: &str) -> String {
    let mut plain = text.to_owned();
    for (quoted, character) in QUOTED {
        if plain.contains(quoted) {
            plain = plain.replace(quoted, character);
        }
    }
    if plain.contains("\\") {
        plain = unescaped(&plain);
    }
    let lines = plain.lines().map(|line| line.trim_start_matches(['>', ' ', '\t', '|']).trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// Drops backslashes before underscores and quotation marks, however often the text was put into a
/// string.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut slashes = 0;
    for letter in text.chars() {
        if letter == '\\' {
            slashes += 1;
            continue;
        }
        if !matches!(letter, '"' | '\'' | '_') {
            out.extend(std::iter::repeat_n('\\', slashes));
        }
        slashes = 0;
        out.push(letter);
    }
    out.extend(std::iter::repeat_n('\\', slashes));
    out
}
