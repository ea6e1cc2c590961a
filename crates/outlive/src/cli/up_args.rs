//! The options of `outlive up`.

use std::net::IpAddr;

use clap::Args;

use super::data_args::DataArgs;
use super::format_args::OutputFormat;
use super::lab_key_args::LabKeyArgs;
use super::whole_number::whole_number;
use crate::hub_args::HubArgs;

/// `outlive up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// A seed file for the first tenant, or a number that makes ids, keys, lifetimes and tokens
    /// reproducible. Can be given twice, once for each.
    #[arg(long, value_name = "FILE|N", env = "OUTLIVE_SEED")]
    pub(crate) seed: Vec<String>,
    /// Store data in a temporary directory instead, which is deleted at the end.
    #[arg(long)]
    pub(crate) temporary: bool,
    /// The first port: console, followed by identity provider, hub, resource, flow. With 0, the
    /// system chooses free ports, also for TLS.
    #[arg(long, default_value_t = 8700, value_parser = whole_number::<u16>(0..=u16::MAX))]
    pub(crate) port_base: u16,
    /// The rules of the first tenant: an edition such as 2025-11, or 2021.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// Store state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    #[command(flatten)]
    pub(crate) lab_key: LabKeyArgs,
    /// Drop-in mode: additional host names of the identity provider over TLS, separated by commas,
    /// for example login.microsoftonline.com,graph.microsoft.com.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) hosts: Vec<String>,
    /// An additional port for these names, besides the TLS port of the identity provider.
    #[arg(long, value_name = "PORT", default_value_t = 443, requires = "hosts", value_parser = whole_number::<u16>(0..=u16::MAX))]
    pub(crate) hosts_port: u16,
    /// Also listen on this address of the machine, and use it in links, so that others in the same
    /// network can take part. They can do everything, the lab API included: not for the internet.
    #[arg(long, value_name = "IP", env = "OUTLIVE_SHARE")]
    pub(crate) share: Option<IpAddr>,
    /// What to print when all services and the first tenant are ready: addresses for people, or one
    /// line of JSON for programs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: OutputFormat,
    /// Stop when the standard input ends, so that it ends with the program that started it.
    #[arg(long)]
    pub(crate) stop_at_eof: bool,
    #[command(flatten, next_help_heading = "Options of the hub")]
    pub(crate) hub: HubArgs,
}
