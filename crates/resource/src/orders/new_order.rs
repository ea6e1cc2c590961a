//! New orders.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use outlive_chassis::Problem;
use serde::Deserialize;

/// The largest body of a new order, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;
/// The longest customer and item, in characters.
const TEXT_CHARS_MAX: usize = 200;
const QUANTITY_MAX: i64 = 1_000_000;

/// The body of `POST /orders`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrder {
    pub(crate) customer: String,
    pub(crate) item: String,
    pub(crate) quantity: i64,
}

impl NewOrder {
    /// Parses and validates a body.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                "Send the order as JSON, with Content-Type: application/json.",
            ));
        }
        let order: Self = serde_json::from_slice(body)
            .map_err(|error| Problem::bad_request(format!("The body is not an order: {error}.")))?;
        check_text("customer", &order.customer)?;
        check_text("item", &order.item)?;
        check_quantity(order.quantity)?;
        Ok(order)
    }
}

/// Validates display text: not empty, not too long, no control characters.
pub(crate) fn check_text(name: &str, text: &str) -> Result<(), Problem> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Problem::bad_request(format!(
            "{name} must have 1 to {TEXT_CHARS_MAX} characters, none of them a control character."
        )));
    }
    Ok(())
}

pub(crate) fn check_quantity(quantity: i64) -> Result<(), Problem> {
    if (1..=QUANTITY_MAX).contains(&quantity) {
        return Ok(());
    }
    Err(Problem::bad_request(format!("quantity must be 1 to {QUANTITY_MAX}.")))
}

/// 413: the body is too large for an order.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "PayloadTooLarge",
        format!("An order has at most {BODY_BYTES_MAX} bytes."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn read(content_type: &'static str, body: &[u8]) -> Result<NewOrder, u16> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        NewOrder::read(&headers, body).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn only_a_whole_and_sensible_order_is_read() {
        let good = br#"{"customer":"Fabrikam","item":"Bolt M8","quantity":3}"#;
        let order = NewOrder { customer: "Fabrikam".into(), item: "Bolt M8".into(), quantity: 3 };
        assert_eq!(read("application/json", good).as_ref(), Ok(&order));
        assert_eq!(read("Application/JSON; charset=utf-8", good), Ok(order));
        for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
            assert_eq!(read(content_type, good), Err(415), "{content_type}");
        }
        for body in [
            r#""#,
            r#"[]"#,
            r#"{"customer":"F","item":"B"}"#,
            r#"{"customer":"F","item":"B","quantity":"3"}"#,
            r#"{"customer":"F","item":"B","quantity":1.5}"#,
            r#"{"customer":"F","item":"B","quantity":3,"id":"x"}"#,
            r#"{"customer":" ","item":"B","quantity":3}"#,
            r#"{"customer":"F","item":"a\u0000b","quantity":3}"#,
            r#"{"customer":"F","item":"B","quantity":0}"#,
            r#"{"customer":"F","item":"B","quantity":1000001}"#,
            &format!(r#"{{"customer":"{}","item":"B","quantity":3}}"#, "x".repeat(201)),
        ] {
            assert_eq!(read("application/json", body.as_bytes()), Err(400), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Err(status) = read("application/json", &body) {
                prop_assert_eq!(status, 400);
            }
        }
    }
}
