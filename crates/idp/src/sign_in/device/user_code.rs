//! User codes, which a user reads from a device and types.

use outlive_clock::Stream;

/// Letters and digits that are hard to confuse on a screen. Thirty-two: one for every five bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 9;

/// Longest accepted input, in characters: users type blanks and hyphens.
const TYPED_MAX: usize = 40;

pub(crate) fn generate(stream: &mut Stream) -> String {
    stream.bytes::<LENGTH>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// Normalizes a typed code; `None` if it cannot be one.
pub(crate) fn normalize(typed: &str) -> Option<String> {
    if typed.chars().count() > TYPED_MAX {
        return None;
    }
    let code: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == LENGTH).then_some(code)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::*;

    #[test]
    fn a_code_is_understood_as_people_type_it() {
        let code = generate(&mut Randomness::from_seed(1).stream("user-code"));
        assert!(code.len() == 9 && code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        assert_eq!(normalize(&code).as_deref(), Some(&*code));
        let typed = format!(" {}-{} ", code[..4].to_lowercase(), &code[4..]);
        assert_eq!(normalize(&typed).as_deref(), Some(&*code));
        for other in ["", "ABC", &"A".repeat(10), &"A ".repeat(40), "ÄÖÜÄÖÜÄÖÜ"] {
            assert_eq!(normalize(other), None, "{other}");
        }
    }
}
