//! Compares tokens by their claims.

use serde_json::{Map, Value};

use super::text::lifetime;
use super::{Comparison, Severity, kind_of};
use crate::replay::kind::{Jwt, Kind};

/// Claims that are instants, compared by the time between them.
const INSTANTS: [&str; 3] = ["exp", "iat", "nbf"];

impl Comparison<'_> {
    pub(super) fn tokens(&mut self, path: &str, recorded: &str, outlive: &str) {
        let (Some(recorded_jwt), Some(own)) = (Jwt::read(recorded), Jwt::read(outlive)) else {
            let (recorded, outlive) = (Kind::of(recorded), Kind::of(outlive));
            if recorded != outlive {
                self.add(path, recorded.text().to_owned(), outlive.text().to_owned(), Severity::Shape);
            }
            return;
        };
        self.object(&format!("{path}.header"), &recorded_jwt.header, &own.header);
        let (known, claims) = (&recorded_jwt.claims, &own.claims);
        self.object(&format!("{path}.claims"), &timeless(known, claims), &timeless(claims, known));
        for name in INSTANTS {
            if let (Some(known), Some(own)) = (known.get(name), claims.get(name))
                && (known.is_i64(), kind_of(known)) != (own.is_i64(), kind_of(own))
            {
                let kind = |value: &Value| {
                    if value.is_f64() { "a number with decimals".to_owned() } else { kind_of(value) }
                };
                self.add(&format!("{path}.claims.{name}"), kind(known), kind(own), Severity::Shape);
            }
        }
        for (name, from) in [("exp", "iat"), ("nbf", "iat")] {
            if let (Some(known), Some(own)) = (between(known, from, name), between(claims, from, name))
                && lifetime(&known) != lifetime(&own)
            {
                let member = format!("{path}.claims.{name}");
                self.add(&member, lifetime(&known), lifetime(&own), Severity::Different);
            }
        }
    }
}

/// Returns the claims without the instants that the other token has too.
fn timeless(claims: &Map<String, Value>, other: &Map<String, Value>) -> Map<String, Value> {
    let is_compared = |name: &str| !INSTANTS.contains(&name) || !other.contains_key(name);
    claims
        .iter()
        .filter(|(name, _)| is_compared(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Returns the seconds between two claims.
fn between(claims: &Map<String, Value>, from: &str, to: &str) -> Option<String> {
    let at = |name: &str| claims.get(name).and_then(Value::as_i64);
    Some(at(to)?.checked_sub(at(from)?)?.to_string())
}
