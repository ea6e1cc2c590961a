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
        let insert = kept.is_none().then(|| {
            let nonce = &mut self.chassis().random.stream("seed-nonce");
            sql!(
                "INSERT INTO seeds (hash, sealed) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
                &hash,
                self.chassis().sealer.seal(PURPOSE, snapshot.as_bytes(), nonce)
            )
        });
        Ok((CreatedFrom { seed: Some(seed.file.seed.clone()), kept: Some(hash), ..from }, insert))
    }

    /// Returns the seed from which a tenant was created. Tenants of earlier versions have none that
    /// was kept: they are of the seed of that name, or of the default one.
    pub(super) async fn seed_of(&self, from: &CreatedFrom) -> Result<Cow<'_, Seed>, TenantError> {
        let Some(hash) = &from.kept else { return Ok(Cow::Borrowed(self.seed(from.seed.as_deref())?)) };
        let select = sql!("SELECT sealed FROM seeds WHERE hash = $1", hash);
        let row = self.chassis().store.row(select).await?;
        let sealed = row.map(|row| row.text("sealed")).transpose()?;
        let opened = sealed.and_then(|sealed| self.chassis().sealer.open(PURPOSE, &sealed));
        let snapshot = opened.and_then(|plain| String::from_utf8(plain).ok());
        match snapshot.map(|snapshot| Seed::from_snapshot(&snapshot)) {
            Some(Ok(seed)) => Ok(Cow::Owned(seed)),
            // A newer version may not read it any more, or the sealing key has changed.
            Some(Err(_)) | None => {
                tracing::warn!(%hash, "a kept seed cannot be read; the present one of its name is used");
                Ok(Cow::Borrowed(self.seed(from.seed.as_deref())?))
            }
        }
    }
}
