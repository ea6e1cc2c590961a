//! The codes of classes: a word and four digits, to be read aloud and typed.

use outlive_clock::Stream;
use strsim::damerau_levenshtein;

/// Words that are hard to mishear and free of meaning for the lessons.
const WORDS: [&str; 48] = [
    "amber", "anchor", "apple", "autumn", "basket", "beacon", "bridge", "candle", "canyon", "castle",
    "cedar", "clover", "copper", "coral", "cotton", "desert", "falcon", "fiddle", "forest", "garden",
    "ginger", "glacier", "harbor", "hazel", "island", "jasmine", "lantern", "lemon", "maple", "marble",
    "meadow", "meteor", "mirror", "orchid", "pepper", "pilot", "planet", "prairie", "ribbon", "river",
    "saddle", "silver", "summit", "thunder", "tulip", "valley", "velvet", "violin",
];

/// The largest number of typing mistakes in a code that is recognized.
const MISTAKES_MAX: usize = 2;

/// Draws a code.
pub(super) fn draw(random: &mut Stream) -> String {
    let word = random.next_u32() as usize % WORDS.len();
    format!("{}-{:04}", WORDS[word], random.between(0, 9_999))
}

/// Returns a code as people type it (`Harbor 7421 `) in its canonical form.
pub(super) fn canonical(typed: &str) -> String {
    let words: Vec<_> = typed.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

/// Returns the code that was probably meant.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|code| (damerau_levenshtein(typed, code), code));
    let (distance, code) = distances.min()?;
    (distance <= MISTAKES_MAX).then_some(code)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::*;

    #[test]
    fn codes_are_a_word_and_four_digits() {
        let mut random = Randomness::from_system().stream("test");
        for _ in 0..200 {
            let code = draw(&mut random);
            let (word, digits) = code.split_once('-').expect("two parts");
            assert!(WORDS.contains(&word) && digits.len() == 4, "{code}");
            assert_eq!(canonical(&code), code);
        }
    }

    #[test]
    fn a_code_is_accepted_as_people_type_it() {
        for typed in ["harbor-7421", " Harbor 7421 ", "HARBOR–7421", "harbor - 7421", "harbor.7421"] {
            assert_eq!(canonical(typed), "harbor-7421", "{typed}");
        }
    }

    #[test]
    fn a_mistyped_code_is_recognized_if_it_is_near() {
        let known = ["harbor-7421", "lemon-0007"];
        for (typed, meant) in [
            ("harbour-7421", Some("harbor-7421")),
            ("harbor-7412", Some("harbor-7421")),
            ("lemon-007", Some("lemon-0007")),
            ("harbor-1234", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), meant, "{typed}");
        }
    }
}
