//! Compression of stored texts that resemble each other.
//!
//! Texts of one kind, such as the payloads of events, differ only in a few values, and each would
//! fill a database page. Text that repeats a dictionary or an earlier part of itself is stored as a
//! reference of four or five characters; the rest remains readable in the database.

use std::iter::successors;
use std::sync::OnceLock;

/// The prefix of a reference, followed by two digits for the position and one for the length.
const REFERENCE: char = '\u{2}';
/// The prefix of a reference whose length has two digits.
const LONG_REFERENCE: char = '\u{3}';
/// The lowest digit.
const ZERO: u8 = b'0';
/// The number of digits: up to the last character of ASCII that is visible.
const BASE: usize = 79;
/// That of the first dictionaries.
const FIRST_BASE: usize = 64;
/// The number of positions a reference can address, in the dictionary and the text after it.
const PLACES: usize = BASE * BASE;
/// The shortest and longest text of a reference.
const SHORTEST: usize = 6;
const LONGEST: usize = SHORTEST + PLACES - 1;
/// Maximum number of candidates for the longest match.
const CANDIDATES: usize = 16;

/// No position.
const NONE: u16 = u16::MAX;

/// The positions of each prefix of [`SHORTEST`] bytes in a part of the text: the last by hash, and
/// before each position the previous one with its hash.
#[derive(Debug)]
struct Positions<const HASHES: usize> {
    last: [u16; HASHES],
    previous: Vec<u16>,
    /// Where the part begins.
    start: usize,
}

/// With several hashes for each position, so that most text that is not in it has a hash of its
/// own.
type DictionaryPositions = Positions<8192>;

/// Frequent parts of the texts of a kind, in the order of the texts: at most a few thousand visible
/// characters of ASCII.
///
/// Stored texts refer to positions in it, so it must never change: another dictionary needs another
/// mark.
#[derive(Debug)]
pub struct Dictionary {
    /// The prefix of packed texts.
    mark: &'static str,
    text: &'static str,
    base: usize,
    /// The longest text that is packed. (A few characters of a packed text can stand for
    /// thousands.)
    bytes_max: usize,
    positions: OnceLock<DictionaryPositions>,
}

impl<const HASHES: usize> Positions<HASHES> {
    fn new(start: usize, length: usize) -> Self {
        const { assert!(HASHES.is_power_of_two(), "a hash is the high bits of a product") };
        Self { last: [NONE; HASHES], previous: vec![NONE; length], start }
    }

    /// The hash of a prefix.
    fn hash_of(prefix: u64) -> usize {
        // Fibonacci hashing: the high bits of the product depend on all bytes.
        let product = prefix.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(product >> (u64::BITS - HASHES.trailing_zeros())).unwrap_or_default()
    }

    /// Adds a position that is greater than all before.
    fn add(&mut self, bytes: &[u8], place: usize) {
        let (Some(prefix), Ok(number)) = (prefix_at(bytes, place), u16::try_from(place)) else { return };
        let previous = std::mem::replace(&mut self.last[Self::hash_of(prefix)], number);
        self.previous[place - self.start] = previous;
    }

    /// The positions whose prefix has the hash of `prefix`, the last one first.
    fn candidates(&self, prefix: u64) -> impl Iterator<Item = usize> {
        let previous = |place: &u16| self.previous.get(usize::from(*place) - self.start).copied();
        successors(Some(self.last[Self::hash_of(prefix)]), previous)
            .take_while(|place| *place != NONE)
            .map(usize::from)
    }
}

/// The eight bytes at `at`; `None` near the end.
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The [`SHORTEST`] bytes at `at`; `None` near the end.
fn prefix_at(bytes: &[u8], at: usize) -> Option<u64> {
    const MASK: u64 = (1 << (8 * SHORTEST)) - 1;
    word_at(bytes, at).map(|word| word & MASK)
}

impl Dictionary {
    /// A dictionary for texts of at most `bytes_max` bytes. `mark` begins with a control character,
    /// which other texts do not contain.
    #[must_use]
    pub const fn new(mark: &'static str, text: &'static str, bytes_max: usize) -> Self {
        assert!(text.is_ascii() && text.len() + 512 <= PLACES, "positions remain for the packed text");
        Self { mark, text, base: BASE, bytes_max, positions: OnceLock::new() }
    }

    /// A dictionary of an earlier version, to unpack only: with digits of fewer values.
    #[must_use]
    pub const fn legacy(mark: &'static str, text: &'static str, bytes_max: usize) -> Self {
        Self { mark, text, base: FIRST_BASE, bytes_max, positions: OnceLock::new() }
    }

    fn positions(&self) -> &DictionaryPositions {
        self.positions.get_or_init(|| {
            let mut positions = Positions::new(0, self.text.len());
            for place in 0..self.text.len() {
                positions.add(self.text.as_bytes(), place);
            }
            positions
        })
    }

    /// Packs `data`, which is JSON. Returns it unchanged if it is too long or would not be shorter.
    #[must_use]
    pub fn pack(&self, data: &str) -> String {
        // Text with control characters could be mistaken for packed text.
        let is_packable = (2 * SHORTEST..=self.bytes_max).contains(&data.len());
        if !is_packable || data.bytes().any(|byte| byte < b' ') {
            return data.to_owned();
        }
        let in_dictionary = self.positions();
        let window = [self.text, data].concat();
        let mut in_data = Positions::<1024>::new(self.text.len(), data.len().min(PLACES));
        let mut packed = String::with_capacity(data.len());
        packed.push_str(self.mark);
        let mut at = self.text.len();
        // Where the text begins that has not been written yet.
        let mut literal = at;
        let bytes = window.as_bytes();
        while let Some((prefix, next)) = prefix_at(bytes, at).zip(bytes.get(at)) {
            // Most literal text is ids, which repeat from their beginning or not at all.
            let is_within_word = at > literal && [bytes[at - 1], *next].iter().all(u8::is_ascii_alphanumeric);
            if is_within_word {
                at += 1;
                continue;
            }
            let candidates = in_data.candidates(prefix).chain(in_dictionary.candidates(prefix));
            // Only ASCII is repeated, so that no character is split.
            let longest = next.is_ascii().then(|| longest_repetition(bytes, at, candidates));
            // Also where a repetition begins: a time repeats a part of one, and then often as a
            // whole.
            if at < PLACES {
                in_data.add(bytes, at);
            }
            let Some((place, length)) = longest.flatten() else {
                at += 1;
                continue;
            };
            packed.push_str(&window[literal..at]);
            push_reference(&mut packed, place, length - SHORTEST);
            at += length;
            literal = at;
        }
        packed.push_str(&window[literal..]);
        if packed.len() < data.len() { packed } else { data.to_owned() }
    }

    /// Whether a stored text was packed with this dictionary.
    #[must_use]
    pub fn has_packed(&self, stored: &str) -> bool {
        stored.starts_with(self.mark)
    }

    /// Unpacks a stored text, or returns it as it is if it is not packed; `None` if
    /// [`pack`](Self::pack) cannot have produced it.
    #[must_use]
    pub fn unpack(&self, stored: &str) -> Option<String> {
        let Some(packed) = stored.strip_prefix(self.mark) else { return Some(stored.to_owned()) };
        let mut window = self.text.to_owned();
        let mut characters = packed.chars();
        while let Some(character) = characters.next() {
            if character != REFERENCE && character != LONG_REFERENCE {
                window.push(character);
                continue;
            }
            let mut digit = || {
                let digit = usize::from(u8::try_from(characters.next()?).ok()?.checked_sub(ZERO)?);
                (digit < self.base).then_some(digit)
            };
            let place = digit()? * self.base + digit()?;
            let more = if character == LONG_REFERENCE { digit()? * self.base } else { 0 };
            let length = more + digit()? + SHORTEST;
            let repeated = window.get(place..place + length)?.to_owned();
            window.push_str(&repeated);
            if window.len() - self.text.len() > self.bytes_max {
                return None;
            }
        }
        Some(window.split_off(self.text.len()))
    }
}

fn push_reference(packed: &mut String, place: usize, length: usize) {
    packed.push(if length < BASE { REFERENCE } else { LONG_REFERENCE });
    packed.extend([place / BASE, place % BASE].map(digit));
    if length >= BASE {
        packed.push(digit(length / BASE));
    }
    packed.push(digit(length % BASE));
}

fn digit(value: usize) -> char {
    char::from(ZERO + u8::try_from(value).unwrap_or_default())
}

/// Finds the longest match for the text at `at`, if there is one: its position and length.
fn longest_repetition(
    bytes: &[u8],
    at: usize,
    candidates: impl Iterator<Item = usize>,
) -> Option<(usize, usize)> {
    let mut longest = None;
    let mut length = SHORTEST - 1;
    for place in candidates.take(CANDIDATES) {
        let most = LONGEST.min(at - place).min(bytes.len() - at);
        // A longer match has the next byte, too.
        if most <= length || bytes[place + length] != bytes[at + length] {
            continue;
        }
        let found = common_length(&bytes[place..place + most], &bytes[at..at + most]);
        if found > length {
            (longest, length) = (Some((place, found)), found);
        }
    }
    longest
}

/// The length of the ASCII text with which both begin. They are equally long.
fn common_length(one: &[u8], other: &[u8]) -> usize {
    const NOT_ASCII: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some((left, right)) = word_at(one, at).zip(word_at(other, at)) {
        let differs = (left ^ right) | (left & NOT_ASCII);
        if differs != 0 {
            return at + usize::try_from(differs.trailing_zeros() / 8).unwrap_or_default();
        }
        at += 8;
    }
    let rest = one[at..].iter().zip(&other[at..]);
    at + rest.take_while(|(left, right)| left == right && left.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = concat!(
        r#"{"grant_type":"refresh_token","client_id":"","client_class":"confidential","user_id":"#,
        r#"","family":"","session":null,"amr":["pwd","mfa"],"resource":"","expires_at":"Z"}"#,
    );
    const MARK: &str = "\u{1}2";
    const MAX: usize = 1 << 20;
    static DICTIONARY: Dictionary = Dictionary::new(MARK, TEXT, MAX);
    static FIRST: Dictionary = Dictionary::legacy("\u{1}1", TEXT, MAX);

    #[test]
    fn a_text_that_was_not_packed_or_cannot_have_been() {
        for dictionary in [&DICTIONARY, &FIRST] {
            let mark = dictionary.mark;
            let stored = format!("{mark}\u{2}007:1}}");
            assert_eq!(dictionary.unpack(&stored).as_deref(), Some(r#"{"grant_type":1}"#));
            for broken in ["\u{2}", "\u{2}00", "\u{2}oo0", "\u{2}00!", "\u{2}üüü", "\u{3}000", "\u{3}00oo"]
            {
                assert_eq!(dictionary.unpack(&format!("{mark}{broken}")), None, "{broken:?}");
            }
            let text = r#"{"an":"older line"}"#;
            assert_eq!(dictionary.unpack(text).as_deref(), Some(text));
            assert!(dictionary.has_packed(&stored) && !dictionary.has_packed(text));
        }
        assert!(!FIRST.has_packed(&DICTIONARY.pack(TEXT)));
    }

    #[test]
    fn a_text_that_is_too_long_is_neither_packed_nor_unpacked() {
        let data = format!(r#"{{"text":"{}"}}"#, "a-".repeat(1_000));
        let packed = DICTIONARY.pack(&data);
        assert!(packed.len() < 100, "{packed:?}");
        for (bytes_max, is_packed) in [(data.len(), true), (data.len() - 10, false)] {
            let dictionary = Dictionary::new(MARK, TEXT, bytes_max);
            assert_eq!(dictionary.has_packed(&dictionary.pack(&data)), is_packed);
            assert_eq!(dictionary.unpack(&dictionary.pack(&data)).as_ref(), Some(&data));
            assert_eq!(dictionary.unpack(&packed).is_some(), is_packed);
        }
    }

    #[test]
    fn repetitions_are_stored_once() {
        let id = "01a215d3-b272-7001-820f-95d51d03a691";
        let data = format!(r#"{{"one":"{id}","two":"{id}","three":"{id}"}}"#);
        let packed = DICTIONARY.pack(&data);
        assert!(packed.len() < 80, "{packed:?}");
        assert_eq!(packed.matches(id).count(), 1);
        assert_eq!(DICTIONARY.unpack(&packed), Some(data));
    }

    proptest! {
        #[test]
        fn packing_round_trips(parts in prop::collection::vec(prop_oneof![
            any::<String>(),
            "[a-c]{1,40}",
            Just(TEXT[30..110].to_owned()),
            (0..TEXT.len(), 0..800_usize).prop_map(|(at, length)| {
                TEXT[at..TEXT.len().min(at + length)].to_owned()
            }),
            Just("ünïcode ünïcode".to_owned()),
        ], 0..40)) {
            let data = serde_json::to_string(&parts).expect("JSON");
            let packed = DICTIONARY.pack(&data);
            prop_assert!(packed.len() <= data.len());
            prop_assert!(!packed.contains('\0'));
            prop_assert_eq!(DICTIONARY.unpack(&packed), Some(data));
        }

        #[test]
        fn unpacking_never_panics(text in "[\u{1}\u{2}\u{3}01oP ü]{0,40}") {
            for dictionary in [&DICTIONARY, &FIRST] {
                let _ = dictionary.unpack(&text);
                let _ = dictionary.unpack(&format!("{}{text}", dictionary.mark));
            }
        }
    }
}
