//! The command line.

mod lab_key_args;
mod up_args;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use outlive_clock::Span;

pub(crate) use self::lab_key_args::{LAB_KEY_FILE, LabKeyArgs};
pub(crate) use self::up_args::{UpArgs, UpFormat};
use crate::hub_args::HubArgs;

/// The help text about the log, and about results that cannot be printed.
const OUTPUT: &str = "OUTLIVE_LOG sets what is logged on standard error, by module: 'outlive=debug,idp::token=trace'. By default it is \
     'warn'.\n\nA result that cannot be printed is not a success: if the reader of a pipe closes it, the command ends quietly \
     with exit code 141; if standard output cannot be written, it reports why and ends with exit code 2.";

/// Which credentials outlive a password change, and why? Watch it happen.
#[derive(Debug, Parser)]
#[command(name = "outlive", version, about, long_about = None, after_help = OUTPUT)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start all services in one process and print their addresses.
    Up(UpArgs),
    /// Start only the identity provider.
    Idp(ServiceArgs),
    /// Start only the API Hub.
    Hub(ServiceArgs),
    /// Start only the protected resource.
    Resource(ServiceArgs),
    /// Start only the flow client.
    Flow(ServiceArgs),
    /// Start only the console and the lab API.
    Console(ServiceArgs),
    /// Run scenario files, on a temporary system on free ports unless `--against` is given. Exit
    /// code 0: all passed, 1: some failed or could not be executed, 2: nothing could be run, a file
    /// is invalid or a report could not be written.
    Run(RunArgs),
    /// Check scenario and seed files without running them, as `run` does before it starts. Exit
    /// code 0: all are valid, 2: one is invalid.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The seed file of the tenants, as for `run`; a number is accepted and ignored.
        #[arg(long, value_name = "FILE|N")]
        seed: Vec<String>,
    },
    /// Run the paired scenarios of files with their variants, in tenants that differ in one fact,
    /// and print where their outcomes differ. Exit code 0: every scenario passes and its variant
    /// fails, 1: some do not, 2: a file is invalid.
    Twins(TwinsArgs),
    /// Advance a tenant's time in a running system, doing all due work.
    Advance {
        /// The duration, for example PT1H or 90d.
        duration: Span,
        #[command(flatten)]
        target: TenantArgs,
    },
    /// Change the password of a user.
    ChangePassword(PasswordArgs),
    /// Reset the password of a user as an administrator.
    ResetPassword {
        #[command(flatten)]
        password: PasswordArgs,
        /// The portal: azure_portal, entra_admin_center or m365_admin_center.
        #[arg(long, default_value = "azure_portal")]
        channel: String,
    },
    /// Revoke the sessions and refresh tokens of a user.
    RevokeSessions {
        /// The user: role, sign-in name or object id.
        #[arg(long, default_value = "owner")]
        user: String,
        /// The actor: admin or user.
        #[arg(long, default_value = "admin")]
        by: String,
        #[command(flatten)]
        target: TenantArgs,
    },
    /// Execute every cell of a matrix in temporary tenants, and compare the outcomes: an edition of
    /// the published revocation table, or what events do to connections, with their repairs. Exit
    /// code 0: all are as expected, 1: a cell differs.
    Matrix(MatrixArgs),
    /// Explain an error that was copied from the real product: what happened, how certain that is,
    /// and what repairs it. Sends nothing anywhere. Exit code 1: the text does not tell,
    /// or there is no scenario to write.
    Diagnose(DiagnoseArgs),
    /// Open a class in a running system: a tenant for each seat, a code to join by, and an overview
    /// for the teacher.
    Class(ClassArgs),
    /// Explain a token, code, cookie, connection or run of a running system: what it is, where it
    /// comes from, what would end it and, if it is refused, why.
    Why {
        /// The credential or its id, uti or fingerprint; the id of a connection; the name of a run;
        /// - reads it from standard input, so that it is not stored in a shell history.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: TenantArgs,
    },
    /// Print the path of the local authority's certificate and how to trust it, which clients of
    /// the https addresses require. Creates the authority if it does not exist.
    Ca {
        /// The directory of databases and keys.
        #[arg(long, default_value = "data", env = "OUTLIVE_DATA")]
        data: PathBuf,
        /// Print only the path, for scripts.
        #[arg(long)]
        path: bool,
    },
    /// Check the health of a service; exit code 0 if it is healthy (for container health checks).
    Health {
        /// Its health address, for example http://127.0.0.1:8701/healthz.
        url: String,
    },
}

/// `outlive run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The scenario files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The lab of a running system, for example http://127.0.0.1:8700.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Write the results as JUnit XML; - is standard output, and suppresses other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the results as JSON; - is standard output, and suppresses other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// The number of scenarios that run in parallel.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) jobs: usize,
    /// Keep the scenarios' tenants, and the data of the temporary system.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// A number that makes ids, keys, lifetimes and tokens reproducible, or a seed file for the
    /// tenants.
    #[arg(long, value_name = "FILE|N")]
    pub(crate) seed: Vec<String>,
    /// The rules of the tenants, instead of those in the scenarios: an edition such as 2025-11, or
    /// 2021.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
}

/// `outlive twins`.
#[derive(Debug, Args)]
pub(crate) struct TwinsArgs {
    /// The scenario files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The lab of a running system, for example http://127.0.0.1:8700; a temporary system if
    /// absent.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

/// A tenant of a running system.
#[derive(Debug, Args)]
pub(crate) struct TenantArgs {
    /// The lab of the running system.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8700")]
    pub(crate) against: String,
    /// The tenant, by id or domain; by default the only one, or contoso.example.
    #[arg(long, value_name = "T")]
    pub(crate) tenant: Option<String>,
}

/// `outlive diagnose`.
#[derive(Debug, Args)]
pub(crate) struct DiagnoseArgs {
    /// A file with the text; the standard input by default.
    pub(crate) file: Option<PathBuf>,
    /// The kind of client that held the token, if the text does not say it.
    #[arg(long, value_parser = ["confidential", "public", "unknown"])]
    pub(crate) client: Option<String>,
    /// Write the scenario that reproduces it to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `outlive class`.
#[derive(Debug, Args)]
pub(crate) struct ClassArgs {
    /// The number of seats, 1 to 60.
    pub(crate) seats: u16,
    /// A file with names of the first seats, one on each line.
    #[arg(long, value_name = "FILE")]
    pub(crate) names: Option<PathBuf>,
    /// The lesson that the class works on, by its number.
    #[arg(long, value_name = "N")]
    pub(crate) lesson: Option<u8>,
    /// The seed of its tenants, by name; by default that of the lab.
    #[arg(long, value_name = "NAME")]
    pub(crate) seed: Option<String>,
    /// The edition of their revocation table; by default that of the lab.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The lab of the running system, by the address that the class uses.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8700")]
    pub(crate) against: String,
}

/// A user and the new password.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// The user: role, sign-in name or object id.
    #[arg(long, default_value = "owner")]
    pub(crate) user: String,
    /// The new password; generated and printed by default.
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) new_password: Option<String>,
    #[command(flatten)]
    pub(crate) target: TenantArgs,
}

/// A single service. Every option can be set in the environment, for containers.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// The address to listen on; by default the service's own port on 127.0.0.1.
    #[arg(long, env = "OUTLIVE_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// The directory of the database and the sealing key.
    #[arg(long, default_value = "data", env = "OUTLIVE_DATA")]
    pub(crate) data: PathBuf,
    /// Store state in this PostgreSQL database, which replicas can share.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Additional addresses to listen on over TLS, separated by commas, for example 0.0.0.0:8743
    /// (identity provider, and the resource with client certificates).
    #[arg(long, env = "OUTLIVE_TLS_LISTEN", value_delimiter = ',')]
    pub(crate) tls_listen: Vec<SocketAddr>,
    /// Where to put a copy of the authority's certificate (`ca.pem`), for services that have to
    /// trust it and cannot read the data directory.
    #[arg(long, env = "OUTLIVE_CA_COPY", requires = "tls_listen")]
    pub(crate) ca_copy: Option<PathBuf>,
    /// Additional host names over TLS besides localhost, separated by commas (identity provider
    /// only).
    #[arg(long, env = "OUTLIVE_HOSTS", value_delimiter = ',', requires = "tls_listen")]
    pub(crate) hosts: Vec<String>,
    /// The origins of the service, separated by commas, the one for browsers first.
    #[arg(long, env = "OUTLIVE_ORIGINS", value_delimiter = ',')]
    pub(crate) origins: Vec<String>,
    /// Every origin under which the identity provider signs, separated by commas.
    #[arg(long, env = "OUTLIVE_ISSUER_ORIGINS", value_delimiter = ',')]
    pub(crate) issuer_origins: Vec<String>,
    /// The sealing key, 64 hexadecimal digits; shared by replicas. After a comma, the key that it
    /// replaces. By default stored in the data directory.
    #[arg(long, env = "OUTLIVE_SEALING_KEY", hide_env_values = true)]
    pub(crate) sealing_key: Option<String>,
    /// A number that makes ids, keys, lifetimes and tokens reproducible (console: or a seed file).
    #[arg(long, value_name = "FILE|N", env = "OUTLIVE_SEED")]
    pub(crate) seed: Vec<String>,
    /// The name of this replica, the same after a restart.
    #[arg(long, env = "OUTLIVE_REPLICA", default_value = "one")]
    pub(crate) replica: String,
    #[command(flatten)]
    pub(crate) lab_key: LabKeyArgs,
    #[command(flatten)]
    pub(crate) urls: UrlArgs,
    #[command(flatten, next_help_heading = "Options of the hub")]
    pub(crate) hub: HubArgs,
}

/// The URLs of the other services. Browsers use the public ones.
#[derive(Debug, Args)]
pub(crate) struct UrlArgs {
    /// The identity provider, as services reach it.
    #[arg(long, env = "OUTLIVE_IDP_URL", default_value = "http://127.0.0.1:8701")]
    idp_url: String,
    /// The identity provider, as browsers reach it.
    #[arg(long, env = "OUTLIVE_IDP_PUBLIC_URL")]
    idp_public_url: Option<String>,
    /// The identity provider by https, as clients reach it; for tenant credentials.
    #[arg(long, env = "OUTLIVE_IDP_TLS_URL")]
    idp_tls_url: Option<String>,
    /// The hub, as services reach it.
    #[arg(long, env = "OUTLIVE_HUB_URL", default_value = "http://127.0.0.1:8702")]
    hub_url: String,
    /// The hub, as browsers reach it.
    #[arg(long, env = "OUTLIVE_HUB_PUBLIC_URL")]
    hub_public_url: Option<String>,
    /// The resource, as services reach it.
    #[arg(long, env = "OUTLIVE_RESOURCE_URL", default_value = "http://127.0.0.1:8703")]
    resource_url: String,
    /// The resource, as browsers reach it.
    #[arg(long, env = "OUTLIVE_RESOURCE_PUBLIC_URL")]
    resource_public_url: Option<String>,
    /// The resource by https, as services reach it; for client certificates.
    #[arg(long, env = "OUTLIVE_RESOURCE_TLS_URL")]
    resource_tls_url: Option<String>,
    /// The resource by https, as clients reach it; for tenant credentials.
    #[arg(long, env = "OUTLIVE_RESOURCE_TLS_PUBLIC_URL")]
    resource_tls_public_url: Option<String>,
    /// The flow service, as services reach it.
    #[arg(long, env = "OUTLIVE_FLOW_URL", default_value = "http://127.0.0.1:8704")]
    flow_url: String,
    /// The flow service, as browsers reach it.
    #[arg(long, env = "OUTLIVE_FLOW_PUBLIC_URL")]
    flow_public_url: Option<String>,
}

impl ServiceArgs {
    /// Returns the URLs of all services. A public one defaults to the internal one.
    pub(crate) fn urls(&self) -> crate::services::Urls {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let public = |public: &Option<String>, inner: &str| plain(public.as_deref().unwrap_or(inner));
        let urls = &self.urls;
        let (idp, idp_public) = (plain(&urls.idp_url), public(&urls.idp_public_url, &urls.idp_url));
        let issuer_origins = if self.issuer_origins.is_empty() {
            let mut both = vec![idp_public.clone(), idp.clone()];
            both.dedup();
            both
        } else {
            self.issuer_origins.iter().map(|origin| plain(origin)).collect()
        };
        let resource_tls_public = urls.resource_tls_public_url.as_ref().or(urls.resource_tls_url.as_ref());
        crate::services::Urls {
            hub_public: public(&urls.hub_public_url, &urls.hub_url),
            hub: plain(&urls.hub_url),
            resource_public: public(&urls.resource_public_url, &urls.resource_url),
            resource: plain(&urls.resource_url),
            resource_tls: urls.resource_tls_url.as_deref().map(plain),
            resource_tls_public: resource_tls_public.map(|url| plain(url)),
            authority: None,
            flow_public: public(&urls.flow_public_url, &urls.flow_url),
            flow: plain(&urls.flow_url),
            idp,
            idp_public,
            idp_tls: urls.idp_tls_url.as_deref().map(plain),
            issuer_origins,
        }
    }
}

/// The format of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    /// For a terminal.
    Table,
    /// For a document.
    Markdown,
    /// For a program.
    Json,
    /// A self-contained page.
    Html,
}

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
    pub(crate) format: MatrixFormat,
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
    /// The lab of a running system, for example http://127.0.0.1:8700; a temporary system if
    /// absent.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL")]
    pub(crate) database_url: Option<String>,
}
