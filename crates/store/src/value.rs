//! The two value types that both databases share.

use std::borrow::Cow;

use outlive_clock::{
    ClientId, ConnectionId, FlowId, Instant, ServicePrincipalId, SessionId, Span, TenantId, UserId,
};

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A `BIGINT`.
    Int(Option<i64>),
    /// A `TEXT`.
    Text(Option<String>),
}

macro_rules! value_from {
    ($($from:ty => $kind:ident($value:ident -> $how:expr)),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$kind(Some($how))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$kind(value.map(|$value| $how))
            }
        }
    )*};
}

value_from! {
    i64 => Int(v -> v),
    u32 => Int(v -> i64::from(v)),
    bool => Int(v -> i64::from(v)),
    Instant => Int(v -> v.as_micros()),
    Span => Int(v -> v.as_micros()),
    &str => Text(v -> v.to_owned()),
    String => Text(v -> v),
    &String => Text(v -> v.clone()),
    TenantId => Text(v -> v.to_string()),
    UserId => Text(v -> v.to_string()),
    ClientId => Text(v -> v.to_string()),
    ServicePrincipalId => Text(v -> v.to_string()),
    SessionId => Text(v -> v.to_string()),
    ConnectionId => Text(v -> v.to_string()),
    FlowId => Text(v -> v.to_string()),
}

impl Value {
    /// Replaces U+0000, which PostgreSQL cannot store, by U+FFFD, as HTML does: a text as the
    /// databases have it.
    #[must_use]
    pub fn storable(text: &str) -> Cow<'_, str> {
        if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Self::Text(Some(value.to_string()))
    }
}
