//! An order.

use outlive_clock::{Instant, Stream};
use serde::Serialize;

/// The longest id, in characters.
const ID_CHARS_MAX: usize = 64;

/// An order's id: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct OrderId(String);

impl OrderId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (1..=ID_CHARS_MAX).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (fits && clean).then(|| Self(text.to_owned()))
    }

    pub(crate) fn generate(stream: &mut Stream) -> Self {
        Self(stream.uuid().to_string())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for OrderId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or("not an order's id")
    }
}

/// An order, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) customer: String,
    pub(crate) item: String,
    pub(crate) quantity: i64,
    /// Virtual time.
    pub(crate) created_date_time: Instant,
    /// The object id of the caller who placed it; absent for seeded orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["1", "A-1_b", &"x".repeat(64)] {
            assert_eq!(OrderId::parse(good).expect(good).as_str(), good);
        }
        for bad in ["", "a b", "é", "a/b", "a'b", "a%b", &"x".repeat(65)] {
            assert_eq!(OrderId::parse(bad), None, "{bad}");
        }
    }
}
