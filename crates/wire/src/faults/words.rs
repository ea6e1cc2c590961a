//! Faults in words, for journals and pages.

use outlive_clock::Span;

use super::{Dropped, FaultEffect, FaultSpec, WrongKey};
use crate::counted::counted;
use crate::lab_api::Service;

impl FaultEffect {
    /// Returns what a caller observes (`"429 with Retry-After 30 s"`).
    #[must_use]
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(number) = self.aadsts {
            parts.push(format!("AADSTS{number}"));
        }
        if let Some(status) = self.status {
            parts.push(format!("status {status}"));
        }
        if self.body.is_some() && parts.is_empty() {
            parts.push("another body".to_owned());
        }
        if let Some(seconds) = self.retry_after {
            let with = format!("Retry-After {seconds} s");
            match parts.last_mut() {
                Some(last) => *last = format!("{last} with {with}"),
                None => parts.push(with),
            }
        }
        if let Some(delay) = self.delay {
            parts.push(if self.is_hang() {
                "no response in time".to_owned()
            } else {
                format!("{} later", span(delay))
            });
        }
        parts.extend(self.drop.map(|dropped| {
            match dropped {
                Dropped::Request => "the request is lost",
                Dropped::Response => "the response is lost",
            }
            .to_owned()
        }));
        parts.extend(self.truncate.map(|bytes| format!("cut off after {bytes} bytes")));
        if self.malform {
            parts.push("malformed JSON".to_owned());
        }
        parts.extend(self.wrong_key.map(|wrong| {
            match wrong {
                WrongKey::Unknown => "token with an unknown key",
                WrongKey::Signature => "token with a wrong signature",
            }
            .to_owned()
        }));
        parts.extend(self.wrong_audience.as_ref().map(|audience| format!("token for {audience}")));
        parts.extend(self.wrong_issuer.as_ref().map(|issuer| format!("token of {issuer}")));
        if self.expired {
            parts.push("token that has expired".to_owned());
        }
        parts.extend(self.skew.map(|skew| {
            let by = span(if skew.is_negative() { -skew } else { skew });
            format!("token of a clock that is {by} {}", if skew.is_negative() { "slow" } else { "fast" })
        }));
        parts.join(", ")
    }

    /// The longest delay after which a response still comes.
    pub const DELAY_MAX: Span = Span::from_minutes(2);

    /// Whether the response never comes.
    #[must_use]
    pub fn is_hang(&self) -> bool {
        self.delay.is_some_and(|delay| delay > Self::DELAY_MAX)
    }
}

impl FaultSpec {
    /// Returns where the fault is (`"the token endpoint of the issuer"`).
    #[must_use]
    pub fn place(&self) -> String {
        let service = match self.service {
            Service::Idp => "the issuer",
            Service::Hub => "the hub",
            Service::Resource => "the API",
            Service::Flow => "the flow service",
        };
        let mut place = match self.endpoint.as_deref() {
            None => service.to_owned(),
            Some(path) if path.starts_with('/') => format!("{path} of {service}"),
            Some(name) => format!("the {name} endpoint of {service}"),
        };
        if let Some(client) = &self.client {
            place.push_str(&format!(", for client {client}"));
        }
        if let Some(connection) = &self.connection {
            place.push_str(&format!(", through connection {connection}"));
        }
        place
    }
}

/// A span in words: its largest unit that is exact.
fn span(span: Span) -> String {
    let seconds = span.as_seconds();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        _ if seconds % 86_400 == 0 => counted(seconds / 86_400, "day"),
        _ if seconds % 3_600 == 0 => counted(seconds / 3_600, "hour"),
        _ if seconds % 60 == 0 => counted(seconds / 60, "minute"),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_effect_is_described() {
        for (effect, words) in [
            (json!({"status": 503}), "status 503"),
            (json!({"status": 429, "retry_after": 30}), "status 429 with Retry-After 30 s"),
            (json!({"aadsts": 50173}), "AADSTS50173"),
            (json!({"body": "<html>"}), "another body"),
            (json!({"delay": "PT10S"}), "10 s later"),
            (json!({"delay": "PT1H"}), "no response in time"),
            (json!({"drop": "request"}), "the request is lost"),
            (json!({"drop": "response"}), "the response is lost"),
            (json!({"truncate": 10}), "cut off after 10 bytes"),
            (json!({"malform": true}), "malformed JSON"),
            (json!({"wrong_key": "unknown"}), "token with an unknown key"),
            (json!({"wrong_audience": "api://x"}), "token for api://x"),
            (json!({"wrong_issuer": "https://x"}), "token of https://x"),
            (json!({"expired": true}), "token that has expired"),
            (json!({"skew": "-PT10M"}), "token of a clock that is 10 minutes slow"),
        ] {
            let effect: FaultEffect = serde_json::from_value(effect).expect("an effect");
            assert_eq!(effect.words(), words);
        }
    }
}
