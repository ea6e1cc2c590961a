//! Security event tokens (RFC 8417), with which an issuer notifies a resource about a user between
//! two tokens, in the event types of the OpenID Continuous Access Evaluation Profile 1.0.

use std::collections::BTreeMap;

use outlive_clock::{Instant, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::SigningKey;
use crate::jws::sign_typed;

/// The `typ` of the header (RFC 8417, section 2.3).
pub const SECURITY_EVENT_TYP: &str = "secevent+jwt";
/// The media type of a push request (RFC 8935, section 2.1).
pub const SECURITY_EVENT_MEDIA_TYPE: &str = "application/secevent+jwt";

const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const CREDENTIAL_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/credential-change";

/// The longest accepted `jti`, in characters.
const JTI_CHARS_MAX: usize = 128;

/// What happened to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityEventKind {
    /// Sessions were revoked, the account can no longer sign in, or MFA is newly required.
    SessionRevoked,
    /// The password was changed or reset.
    CredentialChange,
}

impl SecurityEventKind {
    /// The last segment of the event type: `session-revoked`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionRevoked => "session-revoked",
            Self::CredentialChange => "credential-change",
        }
    }

    const fn uri(self) -> &'static str {
        match self {
            Self::SessionRevoked => SESSION_REVOKED,
            Self::CredentialChange => CREDENTIAL_CHANGE,
        }
    }
}

/// The initiator of an event (`initiating_entity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitiatingEntity {
    /// An administrator.
    Admin,
    /// The user.
    User,
    /// A policy.
    Policy,
}

/// An event about a user, to be sent to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent<'a> {
    /// The issuer, as in the `iss` claim of its tokens.
    pub issuer: &'a str,
    /// The resource.
    pub audience: &'a str,
    /// The token's identifier, the same in every retry.
    pub jti: &'a str,
    /// The transaction: a trace id.
    pub txn: &'a str,
    /// The object id of the user.
    pub user: UserId,
    /// What happened.
    pub kind: SecurityEventKind,
    /// When it happened (virtual time).
    pub happened_at: Instant,
    /// The initiator.
    pub by: InitiatingEntity,
    /// A readable reason (`reason_admin`).
    pub reason: &'a str,
    /// When the token is issued (virtual time).
    pub issued_at: Instant,
}

impl SecurityEvent<'_> {
    /// Returns the claims. `sub` and `exp` are absent, so that no resource can mistake the token
    /// for an access token (RFC 8417, section 2.2, and OpenID Shared Signals Framework 1.0).
    #[must_use]
    pub fn claims(&self) -> Value {
        let mut event = json!({
            "event_timestamp": self.happened_at.as_seconds(),
            "initiating_entity": self.by,
            "reason_admin": {"en": self.reason},
        });
        if self.kind == SecurityEventKind::CredentialChange {
            event["credential_type"] = json!("password");
            event["change_type"] = json!("update");
        }
        json!({
            "iss": self.issuer,
            "aud": self.audience,
            "iat": self.issued_at.as_seconds(),
            "jti": self.jti,
            "txn": self.txn,
            "sub_id": {"format": "opaque", "id": self.user},
            "events": {self.kind.uri(): event},
        })
    }

    /// Returns the signed token.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        sign_typed(key, SECURITY_EVENT_TYP, &self.claims())
    }
}

/// A verified security event token. Only [`Verifier`](crate::Verifier) constructs one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedSecurityEvent {
    /// The token's identifier.
    pub jti: String,
    /// When it was issued (virtual time).
    pub issued_at: Instant,
    /// The transaction.
    pub txn: Option<String>,
    /// The user.
    pub user: UserId,
    /// The recognized events with their times (virtual); empty if none is recognized.
    pub happened: Vec<(SecurityEventKind, Instant)>,
}

/// The claims as serialized in the token.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenSecurityEvent {
    pub(crate) iss: String,
    aud: Audience,
    iat: i64,
    jti: String,
    #[serde(default)]
    txn: Option<String>,
    sub_id: SubjectId,
    events: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct SubjectId {
    format: String,
    id: UserId,
}

impl WrittenSecurityEvent {
    pub(crate) fn is_for(&self, audiences: &[impl AsRef<str>]) -> bool {
        let ours = |name: &String| audiences.iter().any(|audience| audience.as_ref() == name);
        match &self.aud {
            Audience::One(name) => ours(name),
            Audience::Several(names) => names.iter().any(ours),
        }
    }

    /// Parses the claims; `None` if they are not those of a security event.
    pub(crate) fn read(self) -> Option<ReceivedSecurityEvent> {
        let named = !self.jti.is_empty() && self.jti.chars().count() <= JTI_CHARS_MAX;
        if !named || self.sub_id.format != "opaque" || self.events.is_empty() {
            return None;
        }
        let mut happened = Vec::new();
        for kind in [SecurityEventKind::SessionRevoked, SecurityEventKind::CredentialChange] {
            if let Some(event) = self.events.get(kind.uri()) {
                happened.push((kind, instant(event.as_object()?.get("event_timestamp"), self.iat)?));
            }
        }
        Some(ReceivedSecurityEvent {
            jti: self.jti,
            issued_at: Instant::from_seconds(self.iat),
            txn: self.txn,
            user: self.sub_id.id,
            happened,
        })
    }
}

/// The time of an event; without `event_timestamp`, the issue time of the token.
fn instant(written: Option<&Value>, iat: i64) -> Option<Instant> {
    let seconds = match written {
        None => iat,
        Some(number) => number.as_i64()?,
    };
    let shown = Instant::EPOCH.as_seconds()..=Instant::MAX.as_seconds();
    shown.contains(&seconds).then(|| Instant::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use outlive_clock::Instant;
    use uuid::Uuid;

    use super::*;

    fn event(kind: SecurityEventKind) -> SecurityEvent<'static> {
        SecurityEvent {
            issuer: "http://login.example/t/v2.0",
            audience: "the-api",
            jti: "name-1",
            txn: "trace-1",
            user: UserId::from_uuid(Uuid::from_u128(4)),
            kind,
            happened_at: Instant::from_micros(1_767_603_600_750_000),
            by: InitiatingEntity::User,
            reason: "The user changed the password.",
            issued_at: Instant::from_seconds(1_767_603_601),
        }
    }

    fn read(claims: Value) -> Option<ReceivedSecurityEvent> {
        serde_json::from_value::<WrittenSecurityEvent>(claims).ok()?.read()
    }

    #[test]
    fn a_credential_change_includes_its_type() {
        insta::assert_json_snapshot!(event(SecurityEventKind::CredentialChange).claims(), @r#"
        {
          "aud": "the-api",
          "events": {
            "https://schemas.openid.net/secevent/caep/event-type/credential-change": {
              "change_type": "update",
              "credential_type": "password",
              "event_timestamp": 1767603600,
              "initiating_entity": "user",
              "reason_admin": {
                "en": "The user changed the password."
              }
            }
          },
          "iat": 1767603601,
          "iss": "http://login.example/t/v2.0",
          "jti": "name-1",
          "sub_id": {
            "format": "opaque",
            "id": "00000000-0000-0000-0000-000000000004"
          },
          "txn": "trace-1"
        }
        "#);
    }

    #[test]
    fn claims_round_trip() {
        for kind in [SecurityEventKind::SessionRevoked, SecurityEventKind::CredentialChange] {
            let event = read(event(kind).claims()).expect("ours");
            assert_eq!(event.happened, [(kind, Instant::from_seconds(1_767_603_600))]);
            assert_eq!(event.user.uuid(), Uuid::from_u128(4));
            assert_eq!((event.jti.as_str(), event.txn.as_deref()), ("name-1", Some("trace-1")));
        }
    }

    #[test]
    fn unknown_event_types_are_ignored_and_malformed_events_are_rejected() {
        let good = event(SecurityEventKind::SessionRevoked).claims();
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            read(claims)
        };
        assert_eq!(with("events", json!({"urn:other": {}})).map(|event| event.happened), Some(vec![]));
        assert_eq!(
            with("events", json!({SESSION_REVOKED: {}})).map(|event| event.happened[0].1),
            Some(Instant::from_seconds(1_767_603_601)),
            "without a timestamp, the event happened at `iat`"
        );
        for (name, value) in [
            ("events", json!({})),
            ("events", json!([])),
            ("events", json!({SESSION_REVOKED: 1})),
            ("events", json!({SESSION_REVOKED: {"event_timestamp": "now"}})),
            ("events", json!({SESSION_REVOKED: {"event_timestamp": i64::MAX}})),
            ("jti", json!("")),
            ("jti", json!("x".repeat(JTI_CHARS_MAX + 1))),
            ("sub_id", json!({"format": "email", "id": "00000000-0000-0000-0000-000000000004"})),
            ("sub_id", json!({"format": "opaque", "id": "not-an-id"})),
            ("sub_id", Value::Null),
            ("iat", json!("now")),
        ] {
            assert_eq!(with(name, value.clone()), None, "{name} {value}");
        }
    }

    #[test]
    fn an_audience_is_one_name_or_several() {
        let written = |aud: Value| -> WrittenSecurityEvent {
            let mut claims = event(SecurityEventKind::SessionRevoked).claims();
            claims["aud"] = aud;
            serde_json::from_value(claims).expect("an event")
        };
        assert!(written(json!("the-api")).is_for(&["x", "the-api"]));
        assert!(written(json!(["other", "the-api"])).is_for(&["the-api"]));
        assert!(!written(json!(["other"])).is_for(&["the-api"]));
        assert!(!written(json!("the-api/")).is_for(&["the-api"]));
    }
}
