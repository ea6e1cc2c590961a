//! The seed of a tenant, kept so that a reset gives the same tenant again: the default seed and its
//! file may be other ones then.

use std::borrow::Cow;

use outlive_store::{Statement, sql};

use super::new_tenant::CreatedFrom;
use super::{TenantError, Tenants};
use crate::seed::Seed;

const PURPOSE: &str = "lab/seed";

impl Tenants {
    /// Returns what a tenant of this seed is created from, and the statement that keeps the seed
    /// unless it is kept already.
    pub(super) async fn keep_seed(
        &self,
        seed: &Seed,
        from: CreatedFrom,
    ) -> Result<(CreatedFrom, Option<Statement>), TenantError> {
        let snapshot = seed.snapshot();
        let hash = Seed::hash_of(&snapshot);
        let kept = self.chassis().store.row(sql!("SELECT hash FROM seeds WHERE hash = $1", &hash)).await?;
        let insert = kept.is_none().then(|| self.keep_snapshot_of_seed(&snapshot));
        Ok((CreatedFrom { seed: Some(seed.file.seed.clone()), kept: Some(hash), ..from }, insert))
    }

    /// Returns the statement that keeps the snapshot of a seed unless it is kept already.
    pub(super) fn keep_snapshot_of_seed(&self, snapshot: &str) -> Statement {
        let nonce = &mut self.chassis().random.stream("seed-nonce");
        sql!(
            "INSERT INTO seeds (hash, sealed) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
            Seed::hash_of(snapshot),
            self.chassis().sealer.seal(PURPOSE, snapshot.as_bytes(), nonce)
        )
    }

    /// Returns the snapshot of the seed that was kept for a tenant, if it can be read.
    pub(super) async fn kept_snapshot(&self, from: &CreatedFrom) -> Result<Option<String>, TenantError> {
        let Some(hash) = &from.kept else { return Ok(None) };
        let select = sql!("SELECT sealed FROM seeds WHERE hash = $1", hash);
        let row = self.chassis().store.row(select).await?;
        let sealed = row.map(|row| row.text("sealed")).transpose()?;
        let opened = sealed.and_then(|sealed| self.chassis().sealer.open(PURPOSE, &sealed));
        Ok(opened.and_then(|plain| String::from_utf8(plain).ok()))
    }

    /// Whether this is the snapshot of the seed that was kept for a tenant, if one was, and a seed.
    pub(super) fn is_kept_seed(from: &CreatedFrom, snapshot: Option<&str>) -> bool {
        match (&from.kept, snapshot) {
            (Some(hash), Some(snapshot)) => {
                Seed::hash_of(snapshot) == *hash && Seed::from_snapshot(snapshot).is_ok()
            }
            (None, Some(_)) => false,
            // It could not be read when the tenant was exported, or none was kept.
            (_, None) => true,
        }
    }

    /// Returns the seed from which a tenant was created. Tenants of earlier versions have none that
    /// was kept: they are of the seed of that name, or of the default one.
    pub(super) async fn seed_of(&self, from: &CreatedFrom) -> Result<Cow<'_, Seed>, TenantError> {
        let Some(hash) = &from.kept else { return Ok(Cow::Borrowed(self.seed(from.seed.as_deref())?)) };
        match self.kept_snapshot(from).await?.map(|snapshot| Seed::from_snapshot(&snapshot)) {
            Some(Ok(seed)) => Ok(Cow::Owned(seed)),
            // A newer version may not read it any more, or the sealing key has changed.
            Some(Err(_)) | None => {
                tracing::warn!(%hash, "a kept seed cannot be read; the present one of its name is used");
                Ok(Cow::Borrowed(self.seed(from.seed.as_deref())?))
            }
        }
    }
}
