//! The AADSTS codes of a text.

use std::collections::BTreeSet;

use outlive_rules::aadsts::Aadsts;

/// The largest number of codes that are read although the catalogue does not have them.
const UNKNOWN_MAX: usize = 16;

/// Reads `AADSTS50173`, and the numbers in `error_codes`, in the order of the text. The text is in
/// small letters and has its lines.
pub(super) fn codes(text: &str) -> Vec<u32> {
    let named = text.match_indices("aadsts").filter_map(|(at, name)| {
        let number = numbered(text[at + name.len()..].trim_start_matches([' ', ':', '-', '#', '*']))?;
        Some((at, number))
    });
    let listed = text.match_indices("error_codes").flat_map(|(at, name)| {
        let rest = text[at + name.len()..].trim_start_matches(['"', '\'', ':', '=']).trim_start();
        let rest = rest.trim_start_matches([':', '=']).trim_start();
        let list = rest.strip_prefix('[').and_then(|list| list.split(']').next());
        let numbers = list.unwrap_or_default().split(',').filter_map(|number| number.trim().parse().ok());
        numbers.map(move |number: u32| (at, number)).collect::<Vec<_>>()
    });
    let mut found: Vec<_> = named.chain(listed).collect();
    found.sort_by_key(|(at, _)| *at);
    let shortest = Aadsts::all().iter().map(|entry| entry.number).min().unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut unknown = 0;
    found.retain(|(_, number)| {
        let is_known = Aadsts::from_number(*number).is_some();
        let is_read = *number >= shortest && (is_known || unknown < UNKNOWN_MAX) && seen.insert(*number);
        unknown += usize::from(is_read && !is_known);
        is_read
    });
    found.into_iter().map(|(_, number)| number).collect()
}

/// The number at the beginning of a text. One that is wrapped is read as a whole if its second part
/// ends like a code; if it does not, which number it is stays open.
fn numbered(text: &str) -> Option<u32> {
    let (digits, rest) = split_digits(text);
    let next_line = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n"));
    let Some((second, behind)) = next_line.map(split_digits).filter(|(second, _)| !second.is_empty()) else {
        return digits.parse().ok();
    };
    let whole = format!("{digits}{second}").parse().ok();
    let is_known = |number: Option<u32>| number.and_then(Aadsts::from_number).is_some();
    match behind.chars().next() {
        Some(':' | ',' | '.' | '"' | '\'') => whole,
        Some('-' | '/') => digits.parse().ok(),
        _ => whole.filter(|_| is_known(whole) && !is_known(digits.parse().ok())),
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}
