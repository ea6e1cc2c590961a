//! Compression of stored payloads.
//!
//! Payloads of one kind differ only in a few values. Uncompressed, one refresh event filled a
//! database page. Text that repeats the dictionary below or an earlier part of the payload is
//! stored as a reference of four characters; the rest remains readable in the database. Earlier
//! versions stored plain JSON, which is still read.

use std::iter::successors;
use std::sync::LazyLock;

/// The prefix of packed text. JSON contains no control characters.
const MARK: &str = "\u{1}1";
/// The prefix of a reference, followed by two digits for the position and one for the length.
const REFERENCE: char = '\u{2}';
/// The lowest digit of base 64.
const ZERO: u8 = b'0';
/// The number of positions a reference can address, in the dictionary and the text after it.
const PLACES: usize = 64 * 64;
/// The shortest and longest text of a reference.
const SHORTEST: usize = 6;
const LONGEST: usize = SHORTEST + 63;
/// Maximum number of candidates for the longest match.
const CANDIDATES: usize = 32;

/// Frequent parts of payloads. Stored text refers to positions in it: never change it; a new
/// dictionary needs a new [`MARK`].
const DICTIONARY: &str = concat!(
    r#"{"grant_type":"refresh_token","client_id":""#,
    r#"","client_name":""#,
    r#"","client_class":"confidential","user_id":""#,
    r#"","client_class":"public","user_id":""#,
    r#"","upn":""#,
    r#"","family":""#,
    r#"","session":null,"amr":["pwd"],"resource":"https://graph.microsoft.com","scope":""#,
    r#"","amr":["pwd","mfa"],"resource":"api://"#,
    r#"","access_token":{"uti":""#,
    r#"","fingerprint":""#,
    r#"","expires_at":""#,
    r#"Z","evaluated":false},"refresh_token":{"id":""#,
    r#"","parent":""#,
    r#"","client_class":"public","password_based":true,"session":null,"family_issued_at":""#,
    r#"Z","fixed_expires_at":null},"verdict":{"outcome":"accepted","artefact":"refresh_token","at":""#,
    r#"Z","rule":"nothing_ended_it","title":"Nothing has ended it","facts":[{"name":"granted_at","value":""#,
    r#"Z"},{"name":"issued_at","value":""#,
    r#"Z"},{"name":"good_until","value":""#,
    r#"Z"},{"name":"client_class","value":"confidential"},{"name":"password_based","value":"true"},"#,
    r#"{"name":"spa","value":"false"},{"name":"column","value":"password_token"}],"#,
    r#""source":{"document":"Refresh tokens in the Microsoft identity platform","section":"Token revocation","#,
    r#""edition":"2025-11"},"rules":"2025-11","explanation":"Accepted: granted on "#,
    r#"Z, good until "#,
    r#"Z, and longer if it is used before then. Source: Refresh tokens in the Microsoft identity platform, "#,
    r#"section \"Token revocation\"."},"question":{"presented":{"refresh_token":{"client_class":"public","#,
    r#""password_based":true,"spa":false,"family_issued_at":""#,
    r#"Z","session_signed_out_at":null,"presented_by_its_client":true,"origin":"none","second_factor":"#,
    r#"{"required":false,"done":false,"registered":false},"rotation":{"used_at":null,"family_ended_at":null},"#,
    r#""conditional_access":{"blocked_by":null,"sign_in_frequency":null,"authenticated_at":null}}},"#,
    r#""user":{"known":true,"deleted":false,"enabled":true,"events":{}},"rules":"2025-11","at":""#,
    r#"{"grant_type":"authorization_code","client_id":""#,
    r#"{"grant_type":"client_credentials","error":"invalid_grant","code":"AADSTS","#,
    r#""description":"AADSTS50173: The provided grant has expired due to it being revoked","#,
    r#""suberror":"bad_token","correlation_id":""#,
    r#"{"client":"","method":"GET","orders":,"path":"/orders","scope":"Orders.Read","status":200,"token":""#,
    r#"","uti":""#,
    r#"{"access_token":"","caller":"unitedstates/logicflows/"#,
    r#"","method":"GET","operation":"ListOrders","path":""#,
    r#"{"actions":[{"code":"OK","name":"List_orders","status":"Succeeded"}],"code":null,"due":""#,
    r#"Z","flow":""#,
    r#"Z","started":""#,
    r#"Z","status":"Succeeded","trigger":"Every_hour"}"#,
);

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
        let Some((place, length)) = longest.flatten() else {
            if at < PLACES {
                in_data.add(window.as_bytes(), at);
            }
            at += 1;
            continue;
        };
        packed.push_str(&window[literal..at]);
        packed.push(REFERENCE);
        packed.extend([place / 64, place % 64, length - SHORTEST].map(digit));
        at += length;
        literal = at;
    }
    packed.push_str(&window[literal..]);
    if packed.len() < data.len() { packed } else { data.to_owned() }
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
    let Some(packed) = stored.strip_prefix(MARK) else { return Some(stored.to_owned()) };
    let mut window = DICTIONARY.to_owned();
    let mut characters = packed.chars();
    while let Some(character) = characters.next() {
        if character != REFERENCE {
            window.push(character);
            continue;
        }
        let mut digit = || {
            let digit = u8::try_from(characters.next()?).ok()?.checked_sub(ZERO)?;
            (digit < 64).then_some(usize::from(digit))
        };
        let (place, length) = (digit()? * 64 + digit()?, digit()? + SHORTEST);
        let repeated = window.get(place..place + length)?.to_owned();
        window.push_str(&repeated);
    }
    Some(window.split_off(DICTIONARY.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_leave_room_for_the_text() {
        assert!(DICTIONARY.is_ascii() && DICTIONARY.len() <= PLACES - 512, "{}", DICTIONARY.len());
        assert!(DICTIONARY.bytes().all(|byte| byte >= b' '));
    }

    /// Stored text must remain readable: the dictionary must never change.
    #[test]
    fn stored_text_keeps_its_meaning() {
        let sum = DICTIONARY.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!((DICTIONARY.len(), sum), (2346, 316703222));
        assert_eq!(unpack("\u{1}1\u{2}007:1}").as_deref(), Some(r#"{"grant_type":1}"#));
        assert_eq!(unpack(r#"{"an":"older line"}"#).as_deref(), Some(r#"{"an":"older line"}"#));
        for broken in ["\u{1}1\u{2}", "\u{1}1\u{2}00", "\u{1}1\u{2}oo0", "\u{1}1\u{2}00!", "\u{1}1\u{2}üüü"]
        {
            assert_eq!(unpack(broken), None, "{broken:?}");
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
            Just("ünïcode ünïcode".to_owned()),
        ], 0..40)) {
            let data = serde_json::to_string(&parts).expect("JSON");
            let packed = pack(&data);
            prop_assert!(packed.len() <= data.len());
            prop_assert!(!packed.contains('\0'));
            prop_assert_eq!(unpack(&packed), Some(data));
        }

        #[test]
        fn unpacking_never_panics(text in "[\u{1}\u{2}01oP ü]{0,40}") {
            let _ = unpack(&text);
            let _ = unpack(&format!("{MARK}{text}"));
        }
    }
}
