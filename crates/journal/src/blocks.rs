//! Blocks: entries of the index, in order, in few characters.
//!
//! A block begins with its lowest number of a line. Each entry is the difference between its hash
//! and the one before, and the number of its line: counted from the line before if it has the same
//! hash, otherwise from the lowest. Numbers are written in digits of five bits, the lowest first.

use crate::entries::Entry;

/// How many entries a block has. Most fill a page of SQLite, or half of one.
pub(crate) const BLOCK_ENTRIES: usize = 200;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bit of a digit after which another one of the same number comes.
const MORE: u8 = 32;

/// Writes entries, which are in order.
pub(crate) fn pack_block(entries: &[Entry]) -> String {
    let lowest = entries.iter().map(|entry| entry.seq).min().unwrap_or_default();
    let mut text = String::with_capacity(entries.len() * 10);
    add_number(&mut text, lowest.unsigned_abs());
    let mut before = Entry { hash: 0, seq: lowest };
    for entry in entries {
        let from = if entry.hash == before.hash { before.seq } else { lowest };
        add_number(&mut text, entry.hash - before.hash);
        add_number(&mut text, entry.seq.abs_diff(from));
        before = *entry;
    }
    text
}

/// Reads entries, or returns `None` if [`pack_block`] writes no such text.
pub(crate) fn unpack_block(text: &str) -> Option<Vec<Entry>> {
    let mut digits = text.as_bytes();
    let lowest = i64::try_from(next_number(&mut digits)?).ok()?;
    let mut before = Entry { hash: 0, seq: lowest };
    let mut entries = Vec::with_capacity(BLOCK_ENTRIES);
    while !digits.is_empty() {
        let difference = next_number(&mut digits)?;
        let from = if difference == 0 { before.seq } else { lowest };
        let hash = before.hash.checked_add(difference)?;
        before = Entry { hash, seq: from.checked_add_unsigned(next_number(&mut digits)?)? };
        entries.push(before);
    }
    Some(entries)
}

fn add_number(text: &mut String, mut number: u64) {
    loop {
        let digit = (number % u64::from(MORE)) as usize;
        number /= u64::from(MORE);
        let more = if number > 0 { usize::from(MORE) } else { 0 };
        text.push(char::from(DIGITS[digit + more]));
        if number == 0 {
            return;
        }
    }
}

fn next_number(digits: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0.. {
        let (first, rest) = digits.split_first()?;
        *digits = rest;
        let digit = match first {
            b'A'..=b'Z' => first - b'A',
            b'a'..=b'z' => first - b'a' + 26,
            b'0'..=b'9' => first - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        let value = u64::from(digit % MORE);
        number += value.checked_mul(1_u64.checked_shl(5 * place)?)?;
        if digit < MORE {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written() {
        let entry = |hash, seq| Entry { hash, seq };
        let cases = [
            vec![],
            vec![entry(0, 0)],
            vec![entry(0, 7), entry(0, 8), entry(0, 1_000), entry(1, 3), entry((1 << 40) - 1, i64::MAX)],
            (0..BLOCK_ENTRIES)
                .map(|number| entry(number as u64 / 3 * 31, number as i64 + 1_000_000))
                .collect(),
        ];
        for entries in cases {
            assert_eq!(unpack_block(&pack_block(&entries)).as_ref(), Some(&entries));
        }
    }

    #[test]
    fn what_is_no_block_is_none() {
        for text in ["", "g", "AA", "A A", "AAü", "ggggggggggggggggB", "A_______________A"] {
            assert_eq!(unpack_block(text), None, "{text}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_entries() {
        let entries = [(0, 1), (0, 16), (9, 0), (10, i64::MAX), (16, 5), ((1 << 40) - 1, 2)];
        let entries = entries.map(|(hash, seq)| Entry { hash, seq });
        let keys = entries.map(Entry::key);
        assert!(entries.is_sorted() && keys.is_sorted());
        assert!(keys.iter().flat_map(|key| key.chars()).all(|c| c.is_ascii_digit()), "{keys:?}");
    }
}
