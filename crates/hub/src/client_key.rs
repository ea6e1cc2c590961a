//! The key pair with which a connector of the identity provider `aadcertificate` authenticates.
//!
//! A connector file cannot contain a certificate. So the hub generates one for each such connector;
//! its maker registers it on the application.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span, TenantId};
use outlive_tokens::{Certificate, Secret, SigningKey, TokenVersion, sign_rs256};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Hub;
use crate::arm::date;
use crate::connector::ConnectorName;

/// How long a certificate is valid (virtual time).
const VALIDITY: Span = Span::from_days(730);
/// A write of the connector replaces a certificate that is valid for less than this.
const REPLACED_BEFORE: Span = Span::from_days(30);
/// How long an assertion is valid (virtual time).
const ASSERTION_VALIDITY: Span = Span::from_minutes(10);

/// Generates a key pair for a connector that has no lasting one, and returns it sealed.
pub(crate) async fn ensure_key(
    hub: &Hub,
    tenant: TenantId,
    name: &ConnectorName,
    current: Option<&SigningKey>,
    now: Instant,
) -> Result<Option<String>, Problem> {
    if current.and_then(term).is_some_and(|(_, until)| until - now >= REPLACED_BEFORE) {
        return Ok(None);
    }
    let mut stream = hub.random(tenant, "client-key");
    let subject = name.to_string();
    let key = tokio::task::spawn_blocking(move || {
        SigningKey::generate_for(&subject, &mut stream, now, now + VALIDITY)
    })
    .await
    .map_err(|panic| Problem::unavailable().caused_by(panic))?
    .map_err(|error| Problem::unavailable().caused_by(error))?;
    Ok(Some(key.sealed(&hub.chassis.sealer, &mut hub.random(tenant, "seal-client-key"))))
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
