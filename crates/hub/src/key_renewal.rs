//! Generates the key pairs of connectors that authenticate with a certificate.

use outlive_chassis::Problem;
use outlive_clock::{Instant, Span, TenantId};
use outlive_tokens::SigningKey;

use crate::Hub;
use crate::client_key::{ClientKeys, Renewal};
use crate::connector::ConnectorName;

/// How long a certificate is valid (virtual time).
const VALIDITY: Span = Span::from_days(730);

/// The key pairs after a write, sealed.
#[derive(Debug, Default)]
pub(crate) struct NewKeys {
    /// The one in use, if it is another.
    pub(crate) current: Option<String>,
    /// The next one, if that changes: `Some(None)` if it was removed.
    pub(crate) next: Option<Option<String>>,
}

/// Generates the key pairs that a connector needs from now on.
pub(crate) async fn renew_keys(
    hub: &Hub,
    tenant: TenantId,
    name: &ConnectorName,
    keys: &ClientKeys,
    now: Instant,
) -> Result<NewKeys, Problem> {
    let sealed =
        |key: &SigningKey| key.sealed(&hub.chassis.sealer, &mut hub.random(tenant, "seal-client-key"));
    Ok(match keys.renewal(now) {
        Renewal::Nothing => NewKeys::default(),
        Renewal::Promote => NewKeys { current: keys.next().map(sealed), next: Some(None) },
        Renewal::Prepare => {
            NewKeys { current: None, next: Some(Some(sealed(&generate(hub, tenant, name, now).await?))) }
        }
        Renewal::Replace => {
            NewKeys { current: Some(sealed(&generate(hub, tenant, name, now).await?)), next: Some(None) }
        }
    })
}

async fn generate(
    hub: &Hub,
    tenant: TenantId,
    name: &ConnectorName,
    now: Instant,
) -> Result<SigningKey, Problem> {
    let mut stream = hub.random(tenant, "client-key");
    let subject = name.to_string();
    tokio::task::spawn_blocking(move || SigningKey::generate_for(&subject, &mut stream, now, now + VALIDITY))
        .await
        .map_err(|panic| Problem::unavailable().caused_by(panic))?
        .map_err(|error| Problem::unavailable().caused_by(error))
}
