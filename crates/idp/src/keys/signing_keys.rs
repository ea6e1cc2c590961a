//! Signing keys: one sequence per installation, as Entra publishes one set for all tenants. Each
//! tenant refers to its active key, so rotating one tenant's key does not affect others, and a new
//! tenant needs no new key.

use std::sync::Arc;

use outlive_chassis::{Chassis, Problem, StartError};
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_store::{Store, StoreError, sql};
use outlive_tokens::{KeyRing, SigningKey};
use parking_lot::RwLock;

use super::installation_keys::INSTALLATION;
use crate::directory::Tenant;

/// The number of the first key.
pub(crate) const FIRST: i64 = 0;

/// Retired keys that always stay published.
const RETIRED_PUBLISHED: i64 = 5;

/// Keys that are published under an alias.
const LATEST_PUBLISHED: usize = 50;

/// The validity of certificates. Validators only use the key, so it covers any plausible virtual
/// time.
const CERTIFICATE_FROM: Instant = Instant::from_seconds(1_577_836_800);
const CERTIFICATE_TO: Instant = Instant::from_seconds(4_102_444_800);

/// How long a retired key stays published: longer than the longest access token is valid (28 hours,
/// for CAE-enabled tokens).
pub(super) const PUBLISHED_AFTER: Span = Span::from_days(2);

#[derive(Debug, Clone)]
pub(crate) struct SigningKeys {
    pub(super) chassis: Chassis,
    known: Arc<RwLock<Vec<Arc<SigningKey>>>>,
    making: Arc<tokio::sync::Mutex<()>>,
    /// A key of no issuer.
    unpublished: Arc<tokio::sync::OnceCell<Arc<SigningKey>>>,
}

impl SigningKeys {
    /// Loads the keys; generates the first if the sequence is empty.
    pub(crate) async fn load(chassis: Chassis) -> Result<Self, StartError> {
        let (known, making, unpublished) = <_>::default();
        let keys = Self { chassis, known, making, unpublished };
        keys.read_new().await.map_err(|problem| unusable(&problem.message))?;
        keys.ensure(FIRST).await.map_err(|problem| unusable(&problem.message))?;
        Ok(keys)
    }

    /// Returns the key with this number, if it exists.
    async fn get(&self, number: i64) -> Result<Option<Arc<SigningKey>>, Problem> {
        if let Some(key) = self.cached(number) {
            return Ok(Some(key));
        }
        self.read_new().await?;
        Ok(self.cached(number))
    }

    /// Returns the key that signs for a tenant.
    pub(crate) async fn active(&self, tenant: &Tenant) -> Result<Arc<SigningKey>, Problem> {
        self.get(tenant.signing_key).await?.ok_or_else(Problem::unavailable)
    }

    /// Returns the key that signed for a tenant before the last rotation.
    pub(crate) async fn find_retired(&self, tenant: &Tenant) -> Result<Option<Arc<SigningKey>>, Problem> {
        match tenant.signing_key - 1 {
            FIRST.. => self.get(tenant.signing_key - 1).await,
            _ => Ok(None),
        }
    }

    /// Returns a key that is never published, for tests of validators.
    pub(crate) async fn load_unpublished(&self) -> Result<Arc<SigningKey>, Problem> {
        let key = self.unpublished.get_or_try_init(|| generate(self.chassis.random.fork("unpublished key")));
        key.await.cloned()
    }

    /// Returns the published keys of a tenant: the active key, the next one (generated here if
    /// necessary, so that a key is published before it signs), the last retired ones, and all that
    /// unexpired tokens may still need.
    pub(crate) async fn ring(&self, tenant: &Tenant) -> Result<KeyRing, Problem> {
        let mut ring = KeyRing::new(self.active(tenant).await?);
        self.ensure(tenant.signing_key + 1).await?;
        ring.next = self.get(tenant.signing_key + 1).await?;
        let now = self.chassis.clocks.now(tenant.id).await?;
        let lately = recent_keys(&self.chassis.store, tenant.id, now).await?;
        let last = tenant.signing_key - RETIRED_PUBLISHED;
        let oldest = lately.into_iter().fold(last, i64::min).max(FIRST);
        for number in (oldest..tenant.signing_key).rev() {
            ring.retired.extend(self.get(number).await?);
        }
        Ok(ring)
    }

    /// Returns the latest keys of all tenants, for requests that name no tenant.
    pub(crate) async fn latest(&self) -> Result<KeyRing, Problem> {
        self.read_new().await?;
        let known = self.known.read();
        let mut latest = known.iter().rev().take(LATEST_PUBLISHED).cloned();
        let mut ring = KeyRing::new(latest.next().ok_or_else(Problem::unavailable)?);
        ring.retired.extend(latest);
        Ok(ring)
    }

    /// Generates keys up to this number.
    pub(crate) async fn ensure(&self, number: i64) -> Result<(), Problem> {
        if self.get(number).await?.is_some() {
            return Ok(());
        }
        let _one_at_a_time = self.making.lock().await;
        while self.get(number).await?.is_none() {
            let next = i64::try_from(self.count()).unwrap_or(i64::MAX);
            let random = self.chassis.random.fork(&format!("signing key {next}"));
            let key = generate(random).await?;
            let sealed = key.sealed(&self.chassis.sealer, &mut self.chassis.random.stream("seal"));
            let insertion = sql!(
                "INSERT INTO signing_keys (tenant, number, kid, sealed) VALUES ($1, $2, $3, $4)",
                INSTALLATION,
                next,
                key.kid(),
                sealed
            );
            match self.chassis.store.commit(insertion).await {
                // Another replica stored its key first; the next iteration reads it.
                Err(StoreError::Conflict { .. }) | Ok(()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn cached(&self, number: i64) -> Option<Arc<SigningKey>> {
        let known = self.known.read();
        usize::try_from(number).ok().and_then(|index| known.get(index).cloned())
    }

    fn count(&self) -> usize {
        self.known.read().len()
    }

    /// Reads the keys that were added since.
    async fn read_new(&self) -> Result<(), Problem> {
        let from = i64::try_from(self.count()).unwrap_or(i64::MAX);
        let rows = self
            .chassis
            .store
            .rows(sql!(
                "SELECT number, sealed FROM signing_keys WHERE tenant = $1 AND number >= $2 ORDER BY number",
                INSTALLATION,
                from
            ))
            .await?;
        for row in rows {
            let (number, sealed) = (row.int("number")?, row.text("sealed")?);
            let key = SigningKey::unsealed(&self.chassis.sealer, &sealed).map_err(|error| {
                Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", error.to_string())
                    .caused_by(error)
            })?;
            let mut known = self.known.write();
            if usize::try_from(number) == Ok(known.len()) {
                known.push(Arc::new(key));
            }
        }
        Ok(())
    }
}

async fn generate(random: Randomness) -> Result<Arc<SigningKey>, Problem> {
    let generating = tokio::task::spawn_blocking(move || {
        SigningKey::generate(&mut random.stream("signing-key"), CERTIFICATE_FROM, CERTIFICATE_TO)
    });
    let generated = generating.await.map_err(|panic| Problem::unavailable().caused_by(panic))?;
    generated.map(Arc::new).map_err(|error| Problem::unavailable().caused_by(error))
}

fn unusable(why: &str) -> StartError {
    StartError::new(
        "cannot load the signing keys",
        why,
        "free space if the disk is full, and check that the database is writable; if the data was written with another sealing key, start with that one",
    )
}

/// The keys that were retired so recently that tokens they signed can still be valid.
async fn recent_keys(store: &Store, tenant: TenantId, now: Instant) -> Result<Vec<i64>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT number FROM signing_key_turns WHERE tenant = $1 AND since_us > $2 ORDER BY number DESC",
            tenant,
            now - PUBLISHED_AFTER
        ))
        .await?;
    rows.iter().map(|row| Ok(row.int("number")? - 1)).collect()
}
