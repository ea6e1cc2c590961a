//! A system of the runner's own: free ports, temporary data, gone afterwards.

use outlive_chassis::{LabKey, StartError};
use tempfile::TempDir;

use crate::cli::LAB_KEY_FILE;
use crate::console::{LabStart, console};
use crate::system::{System, SystemConfig};
use crate::terminal::complain;
use crate::up::Seeds;

/// What system is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// The rules of its tenants; the newest edition if absent.
    pub(crate) rules: Option<&'a str>,
    /// PostgreSQL instead of embedded databases.
    pub(crate) database_url: Option<&'a str>,
    /// Whether its data stays.
    pub(crate) keep: bool,
}

/// The system and its data.
pub(crate) struct PrivateSystem {
    system: System,
    data: Option<TempDir>,
}

impl PrivateSystem {
    pub(crate) async fn start(wanted: Wanted<'_>, seeds: &Seeds) -> Result<Self, StartError> {
        let data = tempfile::Builder::new().prefix("outlive-run-").tempdir().map_err(|error| {
            StartError::new(
                "cannot make a directory for temporary data",
                error,
                "set TMPDIR to one that can be written",
            )
        })?;
        let config = SystemConfig {
            data_dir: data.path().to_owned(),
            database_url: wanted.database_url.map(str::to_owned),
            lab_key: LabKey::open(&data.path().join(LAB_KEY_FILE))?,
            port_base: None,
            hosts: None,
            seed: seeds.number,
        };
        let lab = LabStart::new(seeds.file.as_deref(), wanted.rules, false)?;
        let build = |chassis, urls, own| async move { console(chassis, &urls, own, lab).await };
        let system = System::start(&config, build).await?;
        let data = if wanted.keep {
            let kept = data.keep();
            complain(&format!("the data of this run stays in {}", kept.display()));
            None
        } else {
            Some(data)
        };
        Ok(Self { system, data })
    }

    /// The lab's origin.
    pub(crate) fn lab(&self) -> &str {
        &self.system.console
    }

    /// Stops it and removes its data.
    pub(crate) async fn stop(self) {
        self.system.stop().await;
        if let Some(data) = self.data
            && let Err(error) = data.close()
        {
            tracing::warn!(%error, "temporary data could not be removed");
        }
    }
}
