//! Compression of stored payloads.
//!
//! Payloads of one kind differ only in a few values. Uncompressed, one refresh event filled a
//! database page. Text that repeats the dictionary or an earlier part of the payload is stored as
//! a reference of four or five characters; the rest remains readable in the database. What earlier
//! versions stored is still read: plain JSON, and text of another dictionary.

use std::iter::successors;
use std::sync::LazyLock;

use crate::dictionaries::{DICTIONARY, FIRST_DICTIONARY, FIRST_MARK, MARK};

/// The prefix of a reference, followed by two digits for the position and one for the length.
const REFERENCE: char = '\u{2}';
/// The prefix of a reference whose length has two digits.
const LONG_REFERENCE: char = '\u{3}';
/// The lowest digit.
const ZERO: u8 = b'0';
/// The number of digits: up to the last character of ASCII that is visible.
const BASE: usize = 79;
/// That of earlier versions, with the first dictionary.
const FIRST_BASE: usize = 64;
/// The number of positions a reference can address, in the dictionary and the text after it.
const PLACES: usize = BASE * BASE;
/// The shortest and longest text of a reference.
const SHORTEST: usize = 6;
const LONGEST: usize = SHORTEST + PLACES - 1;
/// Maximum number of candidates for the longest match.
const CANDIDATES: usize = 32;

/// No position.
const NONE: u16 = u16::MAX;

/// The positions of each prefix of [`SHORTEST`] bytes in a part of the text: the last by hash, and
/// before each position the previous one with its hash.
struct Positions<const HASHES: usize> {
    last: [u16; HASHES],
    previous: Vec<u16>,
    /// Where the part begins.
    start: usize,
}

/// With several hashes for each position, so that most text that is not in it has a hash of its
/// own.
static IN_DICTIONARY: LazyLock<Positions<8192>> = LazyLock::new(|| {
    let mut positions = Positions::new(0, DICTIONARY.len());
    for place in 0..DICTIONARY.len() {
        positions.add(DICTIONARY.as_bytes(), place);
    }
    positions
});

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

/// Packs `data`, which is JSON.
pub(crate) fn pack(data: &str) -> String {
    // Text with control characters could be mistaken for packed text.
    if data.len() < 2 * SHORTEST || data.bytes().any(|byte| byte < b' ') {
        return data.to_owned();
    }
    let window = [DICTIONARY, data].concat();
    let mut in_data = Positions::<1024>::new(DICTIONARY.len(), data.len().min(PLACES));
    let mut packed = String::with_capacity(data.len());
    packed.push_str(MARK);
    let mut at = DICTIONARY.len();
    // Where the text begins that has not been written yet.
    let mut literal = at;
    while let Some((prefix, next)) = prefix_at(window.as_bytes(), at).zip(window.as_bytes().get(at)) {
        let candidates = in_data.candidates(prefix).chain(IN_DICTIONARY.candidates(prefix));
        // Only ASCII is repeated, so that no character is split.
        let longest = next.is_ascii().then(|| longest_repetition(window.as_bytes(), at, candidates));
        // Also where a repetition begins: a time repeats a part of one, and then often as a whole.
        if at < PLACES {
            in_data.add(window.as_bytes(), at);
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

/// Unpacks a stored text; `None` if [`pack`] cannot have produced it.
pub(crate) fn unpack(stored: &str) -> Option<String> {
    if let Some(packed) = stored.strip_prefix(MARK) {
        return unpack_with(DICTIONARY, BASE, packed);
    }
    match stored.strip_prefix(FIRST_MARK) {
        Some(packed) => unpack_with(FIRST_DICTIONARY, FIRST_BASE, packed),
        None => Some(stored.to_owned()),
    }
}

fn unpack_with(dictionary: &str, base: usize, packed: &str) -> Option<String> {
    let mut window = dictionary.to_owned();
    let mut characters = packed.chars();
    while let Some(character) = characters.next() {
        if character != REFERENCE && character != LONG_REFERENCE {
            window.push(character);
            continue;
        }
        let mut digit = || {
            let digit = usize::from(u8::try_from(characters.next()?).ok()?.checked_sub(ZERO)?);
            (digit < base).then_some(digit)
        };
        let place = digit()? * base + digit()?;
        let more = if character == LONG_REFERENCE { digit()? * base } else { 0 };
        let length = more + digit()? + SHORTEST;
        let repeated = window.get(place..place + length)?.to_owned();
        window.push_str(&repeated);
    }
    Some(window.split_off(dictionary.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_leave_room_for_the_text() {
        for dictionary in [DICTIONARY, FIRST_DICTIONARY] {
            assert!(dictionary.is_ascii() && dictionary.len() <= PLACES - 512, "{}", dictionary.len());
            assert!(dictionary.bytes().all(|byte| byte >= b' '));
        }
    }

    /// Stored text must remain readable: the dictionaries must never change.
    #[test]
    fn stored_text_keeps_its_meaning() {
        let sum_of =
            |text: &str| text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!((FIRST_DICTIONARY.len(), sum_of(FIRST_DICTIONARY)), (2346, 316703222));
        assert_eq!((DICTIONARY.len(), sum_of(DICTIONARY)), (3181, 396753077));
        for mark in [FIRST_MARK, MARK] {
            let stored = format!("{mark}\u{2}007:1}}");
            assert_eq!(unpack(&stored).as_deref(), Some(r#"{"grant_type":1}"#));
        }
        let of_first = "\u{1}1{\u{2}QJ:\u{2}ON;\u{2}QZC\u{2}PU93646012476b2c91\u{2}P1;\u{2}PgKf7d71340-5480-8525-bd8d-a10333511f68\"}";
        let text = r#"{"method":"GET","path":"/orders","operation":"ListOrders","access_token":"3646012476b2c91d","status":200,"caller":"unitedstates/logicflows/f7d71340-5480-8525-bd8d-a10333511f68"}"#;
        assert_eq!(unpack(of_first).as_deref(), Some(text));
        assert_eq!(unpack(r#"{"an":"older line"}"#).as_deref(), Some(r#"{"an":"older line"}"#));
        for broken in ["\u{2}", "\u{2}00", "\u{2}oo0", "\u{2}00!", "\u{2}üüü", "\u{3}000", "\u{3}00oo"] {
            for mark in [FIRST_MARK, MARK] {
                assert_eq!(unpack(&format!("{mark}{broken}")), None, "{broken:?}");
            }
        }
    }

    #[test]
    fn repetitions_are_stored_once() {
        let id = "01a215d3-b272-7001-820f-95d51d03a691";
        let data = format!(r#"{{"one":"{id}","two":"{id}","three":"{id}"}}"#);
        let packed = pack(&data);
        assert!(packed.len() < 80, "{packed:?}");
        assert_eq!(packed.matches(id).count(), 1);
        assert_eq!(unpack(&packed), Some(data));
    }

    proptest! {
        #[test]
        fn packing_round_trips(parts in prop::collection::vec(prop_oneof![
            any::<String>(),
            "[a-c]{1,40}",
            Just(DICTIONARY[300..420].to_owned()),
            (0..DICTIONARY.len(), 0..800_usize).prop_map(|(at, length)| {
                DICTIONARY[at..DICTIONARY.len().min(at + length)].to_owned()
            }),
            Just("ünïcode ünïcode".to_owned()),
        ], 0..40)) {
            let data = serde_json::to_string(&parts).expect("JSON");
            let packed = pack(&data);
            prop_assert!(packed.len() <= data.len());
            prop_assert!(!packed.contains('\0'));
            prop_assert_eq!(unpack(&packed), Some(data));
        }

        #[test]
        fn unpacking_never_panics(text in "[\u{1}\u{2}\u{3}01oP ü]{0,40}") {
            let _ = unpack(&text);
            let _ = unpack(&format!("{FIRST_MARK}{text}"));
            let _ = unpack(&format!("{MARK}{text}"));
        }
    }
}
