//! The key pair with which a connector of the identity provider `aadcertificate` authenticates.
//!
//! A connector file cannot contain a certificate. So the hub generates one for each such connector;
//! its maker registers it on the application. A write of the connector in the last month of the
//! certificate generates the next one, which is used when the first has ended: until then both can
//! be registered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::{Instant, Span};
use outlive_tokens::{Certificate, Secret, SigningKey, TokenVersion, sign_rs256};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::date;

/// A write of the connector prepares the next certificate if that in use is valid for less.
const REPLACED_BEFORE: Span = Span::from_days(30);
/// How long an assertion is valid (virtual time).
const ASSERTION_VALIDITY: Span = Span::from_minutes(10);

/// The key pairs of a connector. Before the certificate in use ends, there is another one, which is
/// registered beside it.
#[derive(Debug, Default)]
pub(crate) struct ClientKeys {
    current: Option<SigningKey>,
    next: Option<SigningKey>,
    unreadable: bool,
}

/// What a write changes of the key pairs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    Nothing,
    /// A first key pair, or one in place of what cannot be used any more.
    Replace,
    /// The next one takes the place of the one whose certificate has ended.
    Promote,
    /// The next one is generated, and used when the certificate of now has ended.
    Prepare,
}

impl ClientKeys {
    /// Keeps the key pairs that open.
    pub(crate) fn new<E>(
        current: Option<Result<SigningKey, E>>,
        next: Option<Result<SigningKey, E>>,
    ) -> Self {
        let unreadable = matches!(current, Some(Err(_)));
        Self { current: current.and_then(Result::ok), next: next.and_then(Result::ok), unreadable }
    }

    /// Whether there is a key pair, which does not open.
    pub(crate) const fn are_unreadable(&self) -> bool {
        self.unreadable
    }

    /// The next key pair, if there is one yet.
    pub(crate) const fn next(&self) -> Option<&SigningKey> {
        self.next.as_ref()
    }

    /// The key pair in use, and the next one that is to be registered, if there is one yet.
    pub(crate) const fn shown(&self) -> (Option<&SigningKey>, Option<&SigningKey>) {
        (self.current.as_ref(), self.next.as_ref())
    }

    /// The key pair that signs now: the next one once the certificate of the other has ended.
    pub(crate) fn active(&self, now: Instant) -> Option<&SigningKey> {
        let current = self.current.as_ref()?;
        Some(self.next.as_ref().filter(|_| !lasts(current, now, Span::from_micros(0))).unwrap_or(current))
    }

    /// Decides what a write changes at `now`.
    pub(crate) fn renewal(&self, now: Instant) -> Renewal {
        let left = |key: &SigningKey, span| lasts(key, now, span);
        let (none, soon) = (Span::from_micros(0), REPLACED_BEFORE);
        match (&self.current, &self.next) {
            (Some(current), _) if left(current, soon) => Renewal::Nothing,
            (Some(current), Some(_)) if left(current, none) => Renewal::Nothing,
            (Some(current), None) if left(current, none) => Renewal::Prepare,
            (Some(_), Some(next)) if left(next, soon) => Renewal::Promote,
            _ => Renewal::Replace,
        }
    }
}

/// Whether the certificate of a key is valid for at least `span`, and for more than an instant.
fn lasts(key: &SigningKey, now: Instant, span: Span) -> bool {
    term(key).is_some_and(|(_, until)| until > now && until - now >= span)
}

fn term(key: &SigningKey) -> Option<(Instant, Instant)> {
    Certificate::from_der(key.certificate_der()).ok().map(|certificate| certificate.term())
}

/// Returns the certificate as a `keyCredential` of Microsoft Graph, to be registered on the
/// application.
pub(crate) fn key_credential(key: &SigningKey) -> Value {
    let mut credential = json!({
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "key": STANDARD.encode(key.certificate_der()),
    });
    if let Ok(certificate) = Certificate::from_der(key.certificate_der()) {
        let (from, until) = certificate.term();
        credential["displayName"] = json!(certificate.subject());
        credential["customKeyIdentifier"] = json!(certificate.thumbprint());
        credential["startDateTime"] = json!(date(from));
        credential["endDateTime"] = json!(date(until));
    }
    credential
}

/// Signs a client assertion (RFC 7523 §2.2) for a token endpoint.
pub(crate) fn client_assertion(
    key: &SigningKey,
    client_id: &str,
    audience: &str,
    id: Uuid,
    now: Instant,
) -> Secret {
    let (from, until) = (now.as_seconds(), (now + ASSERTION_VALIDITY).as_seconds());
    let claims = json!({
        "aud": audience, "iss": client_id, "sub": client_id, "jti": id, "nbf": from, "iat": from, "exp": until,
    });
    Secret::new(sign_rs256(key, TokenVersion::V1, &claims))
}
