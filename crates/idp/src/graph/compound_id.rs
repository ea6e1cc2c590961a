//! Opaque ids of objects that link other objects, composed of those objects' ids.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// Encodes three ids in 64 characters.
pub(super) fn compound(ids: [Uuid; 3]) -> String {
    URL_SAFE_NO_PAD.encode(ids.map(Uuid::into_bytes).concat())
}

/// Decodes the three ids.
pub(super) fn split_compound(text: &str) -> Option<[Uuid; 3]> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (parts, []) = bytes.as_chunks::<16>() else { return None };
    <[[u8; 16]; 3]>::try_from(parts).ok().map(|parts| parts.map(Uuid::from_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ids_come_back_and_nothing_else_does() {
        let ids = [1, 2, 3].map(Uuid::from_u128);
        assert_eq!(split_compound(&compound(ids)), Some(ids));
        assert_eq!(compound(ids).len(), 64);
        for wrong in ["", "a", "%%%", &"A".repeat(63), &"A".repeat(43), &"A".repeat(128)] {
            assert_eq!(split_compound(wrong), None, "{wrong}");
        }
    }
}
