//! Functions between texts, base64, data URIs and URI components.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::content::{OCTETS, decode, encode, encoded_length, envelope, opened};
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::signature::ANY;

type Made = Result<Value, EvaluationError>;

pub(super) static ROWS: [Row; 14] = [
    Row::make("base64", (1, 1), |given| {
        let (_, bytes) = content(given)?;
        given.charge(encoded_length(bytes.len()))?;
        Ok(Value::String(encode(&bytes)))
    }),
    Row::make("base64ToBinary", (1, 1), |given| binary(given, OCTETS, &from_base64(given)?)),
    Row::make("base64ToString", (1, 1), |given| text(given, from_base64(given)?)),
    Row::make("binary", (1, 1), |given| {
        let (media_type, bytes) = content(given)?;
        binary(given, &media_type, &bytes)
    }),
    Row::make("dataUri", (1, 1), |given| {
        let (media_type, bytes) = content(given)?;
        let media_type = if given.value(0).is_string() { "text/plain;charset=utf-8" } else { &media_type };
        given.charge(encoded_length(bytes.len()) + media_type.len() + 20)?;
        Ok(Value::String(format!("data:{media_type};base64,{}", encode(&bytes))))
    }),
    Row::make("dataUriToBinary", (1, 1), data_uri_to_binary),
    Row::make("dataUriToString", (1, 1), |given| text(given, from_data_uri(given)?.1)),
    Row::make("decodeBase64", (1, 1), |given| text(given, from_base64(given)?)),
    Row::make("decodeDataUri", (1, 1), data_uri_to_binary),
    Row::make("decodeUriComponent", (1, 1), decoded),
    // Published templates give it up to four arguments, which the service accepts when it is saved.
    Row::make("encodeUriComponent", (1, ANY), encoded),
    Row::make("uriComponent", (1, 1), encoded),
    Row::make("uriComponentToBinary", (1, 1), |given| {
        binary(given, OCTETS, &percent_decoded(given.text(0)?))
    }),
    Row::make("uriComponentToString", (1, 1), decoded),
];

/// Returns the type and the bytes of a text or of binary content.
fn content(given: &Arguments<'_, '_>) -> Result<(String, Vec<u8>), EvaluationError> {
    match given.value(0) {
        Value::String(text) => Ok((OCTETS.to_owned(), text.clone().into_bytes())),
        value => match opened(value) {
            Some((media_type, bytes)) => Ok((media_type.to_owned(), bytes)),
            None => given.wrong(0, "a string or binary content"),
        },
    }
}

fn binary(given: &Arguments<'_, '_>, media_type: &str, bytes: &[u8]) -> Made {
    given.charge(encoded_length(bytes.len()) + media_type.len() + 40)?;
    Ok(envelope(media_type, bytes))
}

/// Returns bytes as a text; those that are not UTF-8 are replaced.
fn text(given: &Arguments<'_, '_>, bytes: Vec<u8>) -> Made {
    given.charge(bytes.len())?;
    Ok(Value::String(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }))
}

fn from_base64(given: &Arguments<'_, '_>) -> Result<Vec<u8>, EvaluationError> {
    if let Some((_, bytes)) = opened(given.value(0)) {
        return Ok(bytes);
    }
    decode(given.text(0)?).map_or_else(
        || given.refuse("was invoked with a parameter that is not valid. The value cannot be decoded from base64 representation"),
        Ok,
    )
}

/// Returns the type and the bytes of a data URI (RFC 2397).
fn from_data_uri(given: &Arguments<'_, '_>) -> Result<(String, Vec<u8>), EvaluationError> {
    let read = || {
        let uri = given.text(0).ok()?;
        let (scheme, rest) = uri.split_at_checked(5)?;
        let (head, data) = rest.split_once(',').filter(|_| scheme.eq_ignore_ascii_case("data:"))?;
        let (media_type, bytes) = match head.strip_suffix(";base64") {
            Some(media_type) => (media_type, decode(data)?),
            None => (head, percent_decoded(data)),
        };
        let media_type = if media_type.is_empty() { "text/plain;charset=US-ASCII" } else { media_type };
        Some((media_type.to_owned(), bytes))
    };
    given.text(0)?;
    read().map_or_else(
        || given.refuse("expects its parameter to be a data URI: data:text/plain;base64,aGVsbG8="),
        Ok,
    )
}

fn data_uri_to_binary(given: &Arguments<'_, '_>) -> Made {
    let (media_type, bytes) = from_data_uri(given)?;
    binary(given, &media_type, &bytes)
}

/// All but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encoded(given: &Arguments<'_, '_>) -> Made {
    if given.values.len() > 1 {
        return given.refuse("expects one parameter; join the others with concat()");
    }
    let encoded = utf8_percent_encode(given.text(0)?, &RESERVED);
    given.charge(encoded.clone().map(str::len).sum())?;
    Ok(Value::String(encoded.to_string()))
}

fn decoded(given: &Arguments<'_, '_>) -> Made {
    text(given, percent_decoded(given.text(0)?))
}

/// Decodes `%41`; what is not valid stays as it is.
pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}
