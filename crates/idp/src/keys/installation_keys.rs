//! Installation keys, generated once and stored sealed in the database, where replicas share them.

use outlive_chassis::{Chassis, StartError};
use outlive_store::sql;

/// The tenant id of rows that belong to the installation.
pub(crate) const INSTALLATION: &str = "";

const PURPOSE: &str = "installation-key";

/// Loads the key of this name, generating it if it does not exist.
pub(crate) async fn load(chassis: &Chassis, name: &'static str) -> Result<[u8; 32], StartError> {
    if let Some(key) = read(chassis, name).await? {
        return Ok(key);
    }
    let key: [u8; 32] = chassis.random.fork(name).stream("installation-key").bytes();
    let sealed = chassis.sealer.seal(PURPOSE, &key, &mut chassis.random.stream("seal"));
    let insertion = sql!(
        "INSERT INTO installation_keys (tenant, name, sealed) VALUES ($1, $2, $3)",
        INSTALLATION,
        name,
        sealed
    );
    match chassis.store.commit(insertion).await {
        Ok(()) => Ok(key),
        // Another replica stored its key first.
        Err(error) if error.is_conflict() => read(chassis, name).await?.ok_or_else(|| unreadable(name)),
        Err(error) => Err(error.into()),
    }
}

async fn read(chassis: &Chassis, name: &str) -> Result<Option<[u8; 32]>, StartError> {
    let row = chassis
        .store
        .row(sql!("SELECT sealed FROM installation_keys WHERE tenant = $1 AND name = $2", INSTALLATION, name))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let opened = chassis.sealer.open(PURPOSE, &row.text("sealed")?);
    opened.and_then(|key| key.try_into().ok()).map(Some).ok_or_else(|| unreadable(name))
}

fn unreadable(name: &str) -> StartError {
    StartError::new(
        format!("cannot open the installation's key '{name}'"),
        "it was sealed with another sealing key",
        "start with the sealing key that this data was created with, or with an empty data directory",
    )
}
