//! Banned terms and the score of a password.

/// Maximum number of terms that a tenant can ban.
pub const BANNED_TERMS_MAX: usize = 1_000;

/// The permitted length of a banned term, in characters.
const TERM_LENGTH: std::ops::RangeInclusive<usize> = 4..=16;

/// Names shorter than this are ignored.
const NAME_MIN: usize = 4;

/// The platform's own list is not published; these are the most frequent leaked passwords.
const EVERYWHERE: [&str; 30] = [
    "abcd",
    "admin",
    "asdf",
    "autumn",
    "baseball",
    "changeme",
    "dragon",
    "football",
    "iloveyou",
    "letmein",
    "login",
    "master",
    "microsoft",
    "monkey",
    "office",
    "pass",
    "passwd",
    "password",
    "princess",
    "qwer",
    "qwerty",
    "secret",
    "shadow",
    "spring",
    "summer",
    "sunshine",
    "superman",
    "temp",
    "welcome",
    "winter",
];

/// Why a term cannot be banned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATerm {
    /// Too short or too long.
    #[error("'{0}' cannot be banned: terms have 4 to 16 characters")]
    Length(String),
    /// Too many terms.
    #[error("more than {BANNED_TERMS_MAX} terms cannot be banned")]
    TooMany,
}

/// The terms that a tenant bans in addition to the global ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BannedTerms(Vec<String>);

impl BannedTerms {
    /// Adds a tenant's terms (case-insensitive).
    ///
    /// # Errors
    /// [`NotATerm`] for a term that cannot be banned.
    pub fn with<'a>(terms: impl IntoIterator<Item = &'a str>) -> Result<Self, NotATerm> {
        let mut banned = Vec::new();
        for term in terms {
            if !TERM_LENGTH.contains(&term.chars().count()) {
                return Err(NotATerm::Length(term.chars().take(40).collect()));
            }
            if banned.len() == BANNED_TERMS_MAX {
                return Err(NotATerm::TooMany);
            }
            banned.push(normalized(term));
        }
        Ok(Self(banned))
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        EVERYWHERE.into_iter().chain(self.0.iter().map(String::as_str))
    }

    /// Whether a normalized password differs from a term by at most one character.
    pub(super) fn is_near(&self, normalized: &str) -> bool {
        self.all().any(|term| within_one_edit(term.as_bytes(), normalized.as_bytes()))
    }

    /// The score of a normalized password: one point per banned term and one per remaining
    /// character. Overlapping terms are counted so that the score is lowest.
    pub(super) fn points(&self, normalized: &str) -> usize {
        let text = normalized.as_bytes();
        // fewest[i]: the score of the text from byte i on.
        let mut fewest = vec![0_usize; text.len() + 1];
        for at in (0..text.len()).rev() {
            let after = |length: usize| fewest.get(at + length).map_or(usize::MAX, |points| points + 1);
            let best = self
                .all()
                .filter(|term| text[at..].starts_with(term.as_bytes()))
                .map(|term| after(term.len()))
                .chain([after(1)])
                .min();
            fewest[at] = best.unwrap_or_default();
        }
        fewest[0]
    }
}

/// Converts to lower case and replaces substituted characters with letters.
pub(super) fn normalized(text: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'l',
        '$' => 's',
        '@' => 'a',
        c => c,
    };
    text.chars().flat_map(char::to_lowercase).map(letter).collect()
}

/// The parts of a name that a password must not contain, normalized.
pub(super) fn names(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= NAME_MIN).map(normalized)
}

/// Whether two texts differ by at most one inserted, deleted or replaced character.
fn within_one_edit(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    match short.len() == long.len() {
        true => short.is_empty() || short[1..] == long[1..],
        false => *short == long[1..],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_edit_is_one_edit() {
        for (other, near) in [
            ("abcdef", true),
            ("abcdeg", true),
            ("abcdefg", true),
            ("abcde", true),
            ("bcdef", true),
            ("abxdef", true),
            ("abcd", false),
            ("abdcef", false),
            ("", false),
        ] {
            assert_eq!(within_one_edit(b"abcdef", other.as_bytes()), near, "{other}");
            assert_eq!(within_one_edit(other.as_bytes(), b"abcdef"), near, "{other}, the other way");
        }
    }

    #[test]
    fn overlapping_terms_count_as_few_points_as_they_can() {
        let banned = BannedTerms::with(["abcdefgh", "ghijkl"]).expect("terms");
        // abcdefgh + ijkl (4), or abcdef (6, of which abcd is a term: 1 + 2) + ghijkl: 4.
        assert_eq!(banned.points("abcdefghijkl"), 4);
        assert_eq!(banned.points(""), 0);
    }

    #[test]
    fn terms_are_bounded() {
        assert_eq!(BannedTerms::with(["abc"]), Err(NotATerm::Length("abc".to_owned())));
        assert!(BannedTerms::with(std::iter::repeat_n("abcd", BANNED_TERMS_MAX)).is_ok());
        let many = std::iter::repeat_n("abcd", BANNED_TERMS_MAX + 1);
        assert_eq!(BannedTerms::with(many), Err(NotATerm::TooMany));
    }

    proptest! {
        #[test]
        fn banning_more_never_gives_points(text in "[a-e]{0,40}", terms in prop::collection::vec("[a-e]{4,6}", 0..5)) {
            let more = BannedTerms::with(terms.iter().map(String::as_str)).expect("terms");
            let fewer = BannedTerms::default();
            prop_assert!(more.points(&text) <= fewer.points(&text));
            prop_assert!(more.points(&text) <= text.len());
        }
    }
}
