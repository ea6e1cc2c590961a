//! The options of the lab key.

use std::path::{Path, PathBuf};

use clap::Args;
use outlive_chassis::{LabKey, StartError};

/// The lab key's file in the data directory.
pub(crate) const LAB_KEY_FILE: &str = "lab-key";

/// The secret that only the lab and the services share.
#[derive(Debug, Args)]
pub(crate) struct LabKeyArgs {
    /// The key that /_lab requires on every service: at least 32 characters, the same for the
    /// console and all services.
    #[arg(long, value_name = "KEY", env = "OUTLIVE_LAB_KEY", hide_env_values = true)]
    lab_key: Option<String>,
    /// The file of this key, for services with data directories of their own; created if it does
    /// not exist. Default: lab-key in the data directory.
    #[arg(long, value_name = "FILE", env = "OUTLIVE_LAB_KEY_FILE")]
    lab_key_file: Option<PathBuf>,
}

impl LabKeyArgs {
    /// Returns the key, or reads it from its file. An empty variable counts as absent.
    pub(crate) fn open(&self, data: &Path) -> Result<LabKey, StartError> {
        if let Some(key) = self.lab_key.as_deref().filter(|key| !key.is_empty()) {
            return LabKey::new(key);
        }
        match self.lab_key_file.as_deref().filter(|file| !file.as_os_str().is_empty()) {
            Some(file) => LabKey::open(file),
            None => LabKey::open(&data.join(LAB_KEY_FILE)),
        }
    }
}
