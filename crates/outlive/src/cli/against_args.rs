//! The system that a command uses.

use clap::Args;

/// The lab of a system that `outlive up` started with its defaults.
const DEFAULT_LAB: &str = "http://127.0.0.1:8700";

/// A running system instead of a temporary one.
#[derive(Debug, Args)]
pub(crate) struct AgainstArgs {
    /// The lab of a running system, for example http://127.0.0.1:8700; a temporary system if
    /// absent.
    #[arg(long, value_name = "URL", env = "OUTLIVE_AGAINST")]
    against: Option<String>,
}

/// A running system.
#[derive(Debug, Args)]
pub(crate) struct LabArgs {
    /// The lab of the running system; http://127.0.0.1:8700 by default.
    #[arg(long, value_name = "URL", env = "OUTLIVE_AGAINST")]
    against: Option<String>,
}

/// A tenant of a running system.
#[derive(Debug, Args)]
pub(crate) struct TenantArgs {
    #[command(flatten)]
    pub(crate) lab: LabArgs,
    /// The tenant, by id or domain; by default the only one, or contoso.example.
    #[arg(long, value_name = "T")]
    pub(crate) tenant: Option<String>,
}

impl AgainstArgs {
    /// The address of the lab. An empty variable counts as absent.
    pub(crate) fn lab(&self) -> Option<&str> {
        self.against.as_deref().filter(|url| !url.is_empty())
    }
}

impl LabArgs {
    /// The address of the lab.
    pub(crate) fn url(&self) -> &str {
        self.against.as_deref().filter(|url| !url.is_empty()).unwrap_or(DEFAULT_LAB)
    }
}
