//! The values of single claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Span};

/// How far `iat` and `nbf` precede the issue instant.
pub const BACKDATED: Span = Span::from_seconds(300);

/// Encodes 16 random bytes as the `uti` claim: base64url, 22 characters.
#[must_use]
pub fn uti(bytes: [u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn backdated(issued_at: Instant) -> i64 {
    (issued_at - BACKDATED).as_seconds()
}

pub(super) fn some_unless_empty(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}
