//! Binary content in JSON: `{"$content-type": "image/png", "$content": "…base64…"}`.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

pub(super) const OCTETS: &str = "application/octet-stream";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the length of the base64 text of so many bytes.
pub(super) fn encoded_length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Decodes a base64 text, in which blanks and line breaks do not count.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(plain).ok()
}

pub(super) fn envelope(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "$content-type": media_type, "$content": encode(bytes) })
}

/// Returns the media type and the bytes of an envelope; `None` if the value is not one.
pub(super) fn opened(value: &Value) -> Option<(&str, Vec<u8>)> {
    let media_type = value.get("$content-type")?.as_str()?;
    Some((media_type, decode(value.get("$content")?.as_str()?)?))
}

/// Returns the text of an envelope of a textual type.
pub(super) fn text(value: &Value) -> Option<String> {
    let media_type = value.get("$content-type")?.as_str()?.to_ascii_lowercase();
    let is_text =
        media_type.starts_with("text/") || media_type.contains("xml") || media_type.contains("json");
    let (_, bytes) = opened(value).filter(|_| is_text)?;
    String::from_utf8(bytes).ok()
}
