//! Numbers and capitals in titles.

/// A number as a word, up to nine.
pub(crate) fn number(count: usize) -> String {
    const WORDS: [&str; 10] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// A text with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// An ordinal number: a word up to ninth, `12th` above.
pub(crate) fn ordinal(count: u32) -> String {
    const WORDS: [&str; 10] =
        ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];
    let word = usize::try_from(count).ok().and_then(|count| WORDS.get(count));
    word.map_or_else(
        || {
            let ending = match (count % 100, count % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            format!("{count}{ending}")
        },
        |word| (*word).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_words_or_have_their_endings() {
        for (count, text) in [(1, "first"), (9, "ninth"), (11, "11th"), (21, "21st"), (112, "112th")] {
            assert_eq!(ordinal(count), text);
        }
    }
}
