//! A temporary system: free ports, and data that is deleted afterwards.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use outlive_chassis::{LabKey, StartError};
use tempfile::TempDir;

use crate::cli::LAB_KEY_FILE;
use crate::console::{LabStart, console};
use crate::hub_args::HubArgs;
use crate::system::{System, SystemConfig};
use crate::terminal::print_error;
use crate::up::Seeds;

/// Options of a temporary system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemOptions<'a> {
    /// The rules of its tenants; the newest edition if absent.
    pub(crate) rules: Option<&'a str>,
    /// PostgreSQL instead of embedded databases.
    pub(crate) database_url: Option<&'a str>,
    /// Whether its data is kept.
    pub(crate) keep: bool,
}

/// A temporary system with its data.
pub(crate) struct PrivateSystem {
    system: System,
    data: Option<TemporaryData>,
}

/// A directory that is deleted with its content. A start that is interrupted may still be creating
/// files in it on other threads, so deleting is tried for two seconds.
struct TemporaryData(PathBuf);

impl TemporaryData {
    const ATTEMPTS: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(20);

    fn new(directory: TempDir) -> Self {
        Self(directory.keep())
    }

    /// Keeps the directory, and returns its path.
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for TemporaryData {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        let mut failure = None;
        for _ in 0..Self::ATTEMPTS {
            match std::fs::remove_dir_all(&self.0) {
                Ok(()) => return,
                Err(error) if error.kind() == ErrorKind::NotFound => return,
                Err(error) => failure = Some(error),
            }
            std::thread::park_timeout(Self::PAUSE);
        }
        if let Some(error) = failure {
            tracing::warn!(%error, "temporary data could not be deleted");
        }
    }
}

impl PrivateSystem {
    pub(crate) async fn start(options: SystemOptions<'_>, seeds: &Seeds) -> Result<Self, StartError> {
        let data = tempfile::Builder::new().prefix("outlive-run-").tempdir().map_err(|error| {
            StartError::new(
                "cannot create a directory for temporary data",
                error,
                "set TMPDIR to a writable directory",
            )
        })?;
        let data = TemporaryData::new(data);
        let config = SystemConfig {
            data_dir: data.0.clone(),
            database_url: options.database_url.map(str::to_owned),
            lab_key: LabKey::open(&data.0.join(LAB_KEY_FILE))?,
            port_base: None,
            share: None,
            hosts: None,
            seed: seeds.number,
            hub: HubArgs::default(),
        };
        let lab = LabStart::new(seeds.file.as_deref(), options.rules, false)?;
        let build = |chassis, urls, own| async move { console(chassis, &urls, own, lab).await };
        let system = System::start(&config, build).await?;
        let data = if options.keep {
            let kept = data.keep();
            print_error(&format!("the data of this run is kept in {}", kept.display()));
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

    /// Stops the system and deletes its data.
    pub(crate) async fn stop(self) {
        self.system.stop().await;
        drop(self.data);
    }
}
