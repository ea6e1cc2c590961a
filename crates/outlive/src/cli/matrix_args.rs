//! The options of `outlive matrix`.

use clap::{Args, ValueEnum};

use super::against_args::AgainstArgs;
use super::format_args::TableFormat;

/// The matrix to execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixKind {
    /// Which event ends which credential.
    Credentials,
    /// Which event breaks which connection, and what repairs it.
    Connections,
}

#[derive(Debug, Args)]
#[command(after_help = crate::matrix::names())]
pub(crate) struct MatrixArgs {
    /// The matrix.
    #[arg(default_value = "credentials")]
    pub(crate) kind: MatrixKind,
    /// The format.
    #[arg(long, default_value = "table")]
    pub(crate) format: TableFormat,
    /// The edition: 2018, 2021, 2025-05 or 2025-11, by default the newest; with changed cells:
    /// 2025-11+row.column=revoked. Connections have the newest only.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// Of connections: only these events, separated by commas (`sspr,owner_leaves`).
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) events: Vec<String>,
    /// Of connections: only these kinds, separated by commas (`confidential,basic`).
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) connections: Vec<String>,
    #[command(flatten)]
    pub(crate) against: AgainstArgs,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}
