//! The facts of a verdict.

use std::borrow::Cow;
use std::fmt::{self, Display};

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::{Credential, Event};

/// One relevant fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Fact {
    /// The name, in snake case.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: FactValue,
}

/// The value of a fact. In JSON it is its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// Whether something is so.
    Flag(bool),
    /// A column of the revocation table.
    Column(Credential),
    /// An event, and when it happened (virtual time).
    Happened(Event, Instant),
    /// Any other value as text; instants are virtual, RFC 3339.
    Text(String),
}

impl Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Column(credential) => write!(f, "{credential}"),
            Self::Happened(event, at) => write!(f, "{event} at {at}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Credential> for FactValue {
    fn from(credential: Credential) -> Self {
        Self::Column(credential)
    }
}

impl From<(Event, Instant)> for FactValue {
    fn from((event, at): (Event, Instant)) -> Self {
        Self::Happened(event, at)
    }
}

macro_rules! texts {
    ($($kind:ty),+) => {$(
        impl From<$kind> for FactValue {
            fn from(value: $kind) -> Self {
                Self::Text(value.to_string())
            }
        }
    )+};
}

texts!(&str, &String, String, Event, Instant, Span);

impl Fact {
    pub(crate) fn new(name: &'static str, value: impl Into<FactValue>) -> Self {
        Self { name: Cow::Borrowed(name), value: value.into() }
    }
}

/// A fact as JSON: the value as text, as in every journal so far.
#[derive(Serialize, Deserialize)]
struct Written {
    name: Cow<'static, str>,
    value: String,
}

impl From<Fact> for Written {
    fn from(Fact { name, value }: Fact) -> Self {
        Self { name, value: value.to_string() }
    }
}

impl From<Written> for Fact {
    fn from(Written { name, value }: Written) -> Self {
        let typed = match name.as_ref() {
            "column" => value.parse().ok().map(FactValue::Column),
            "outlived" | "same_second" => happened(&value),
            _ => value.parse().ok().map(FactValue::Flag),
        };
        Self { name, value: typed.unwrap_or(FactValue::Text(value)) }
    }
}

fn happened(text: &str) -> Option<FactValue> {
    let (event, at) = text.split_once(" at ")?;
    Some(FactValue::Happened(event.parse().ok()?, at.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_read_as_what_it_was_and_written_as_text() {
        let at = Instant::from_seconds(1_767_603_600);
        for (fact, text) in [
            (Fact::new("spa", true), "true"),
            (Fact::new("column", Credential::PasswordToken), "password_token"),
            (Fact::new("outlived", (Event::Sspr, at)), "sspr at 2026-01-05T09:00:00Z"),
            (Fact::new("granted_at", at), "2026-01-05T09:00:00Z"),
        ] {
            let written = serde_json::to_value(&fact).expect("JSON");
            assert_eq!(written, serde_json::json!({"name": fact.name, "value": text}));
            assert_eq!(serde_json::from_value::<Fact>(written).expect("a fact"), fact);
        }
    }
}
