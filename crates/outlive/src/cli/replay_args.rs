//! The options of `outlive replay`.

use std::path::PathBuf;

use clap::Args;
use outlive_lab::replay::PlannedEvent;

use super::against_args::AgainstArgs;
use super::format_args::TableFormat;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The recordings: HAR files, with sensitive data. Several are one recording, in the order of
    /// time.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the recording without secrets to standard output, and replay nothing.
    #[arg(long, conflicts_with_all = ["map", "user", "event", "format", "rules", "keep"])]
    pub(crate) redact: bool,
    /// The format.
    #[arg(long, default_value = "table")]
    pub(crate) format: TableFormat,
    /// An application of the tenant that stands for a recorded client; by default one is registered
    /// as the recording shows. Can be given several times.
    #[arg(long, value_name = "CLIENT_ID=NAME", value_parser = pair)]
    pub(crate) map: Vec<(String, String)>,
    /// A user of the tenant, by role, who stands for a recorded one; by default one is created. Can
    /// be given several times.
    #[arg(long, value_name = "SIGN_IN_NAME=ROLE", value_parser = pair)]
    pub(crate) user: Vec<(String, String)>,
    /// What happened after an entry outside of the recording: change_password, reset_password,
    /// revoke_sessions or disable_user, of the first user or the named one. Can be given several
    /// times.
    #[arg(long, value_name = "ENTRY=EVENT[:USER]")]
    pub(crate) event: Vec<PlannedEvent>,
    /// Another host name of the recorded identity provider, with its port if it has one. Can be
    /// given several times.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,
    #[command(flatten)]
    pub(crate) against: AgainstArgs,
    /// The rules of the tenant: an edition such as 2025-11, or 2021.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// Keep the tenant, and the data of the temporary system.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("write what was recorded, =, and what stands for it".to_owned()),
    }
}
