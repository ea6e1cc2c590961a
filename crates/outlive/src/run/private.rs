//! A temporary system: free ports, and data that is deleted afterwards.

use outlive_chassis::{LabKey, StartError};

use crate::cli::LAB_KEY_FILE;
use crate::console::{LabStart, console};
use crate::hub_args::HubArgs;
use crate::progress::Progress;
use crate::system::{System, SystemConfig};
use crate::temporary_data::TemporaryData;
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

impl PrivateSystem {
    pub(crate) async fn start(options: SystemOptions<'_>, seeds: &Seeds) -> Result<Self, StartError> {
        let _progress = Progress::stage("starting a temporary system");
        let data = TemporaryData::new()?;
        let config = SystemConfig {
            data_dir: data.path().to_owned(),
            database_url: options.database_url.map(str::to_owned),
            lab_key: LabKey::open(&data.path().join(LAB_KEY_FILE))?,
            port_base: None,
            tls: false,
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
