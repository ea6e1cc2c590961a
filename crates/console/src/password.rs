//! Generated passwords for the form: easy to read aloud, and accepted by the directory.

use outlive_clock::Randomness;

const WORDS: [&str; 24] = [
    "harbor", "meadow", "copper", "willow", "anchor", "saddle", "timber", "canyon", "velvet", "cinder",
    "marble", "ribbon", "walnut", "beacon", "clover", "ember", "fern", "gravel", "river", "maple", "stone",
    "cedar", "amber", "linen",
];

/// Draws a password such as `Harbor-7421-fern`.
pub(crate) fn draw(random: &Randomness) -> String {
    let mut stream = random.stream("console-password");
    let mut word = || {
        let place = stream.between(0, 23);
        usize::try_from(place).ok().and_then(|place| WORDS.get(place)).copied().unwrap_or("harbor")
    };
    let (first, last) = (word(), word());
    let number = random.stream("console-password-number").between(1_000, 9_999);
    let mut letters = first.chars();
    let capital = letters.next().map(|letter| letter.to_ascii_uppercase()).unwrap_or('H');
    format!("{capital}{}-{number}-{last}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_contain_four_kinds_of_characters() {
        let random = Randomness::from_seed(1);
        let (one, other) = (draw(&random), draw(&random));
        assert_ne!(one, other);
        for kind in [
            |c: char| c.is_ascii_uppercase(),
            |c: char| c.is_ascii_lowercase(),
            |c: char| c.is_ascii_digit(),
            |c: char| c == '-',
        ] {
            assert!(one.chars().any(kind), "{one}");
        }
    }
}
