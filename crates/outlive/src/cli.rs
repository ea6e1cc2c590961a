//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use outlive_chassis::{LabKey, StartError};
use outlive_clock::Span;

/// What becomes of a result that cannot be printed.
const OUTPUT: &str = "A result that cannot be printed is no success: if the reader of a pipe closes it, the command ends quietly \
     with exit code 141; if standard output cannot be written, it reports why and ends with exit code 2.";
/// The lab key's file in the data directory.
pub(crate) const LAB_KEY_FILE: &str = "lab-key";

/// Which credentials outlive a password change, and why? Watch it happen.
#[derive(Debug, Parser)]
#[command(name = "outlive", version, about, long_about = None, after_help = OUTPUT)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start all services in one process and print where they are.
    Up(UpArgs),
    /// Start the identity provider alone.
    Idp(ServiceArgs),
    /// Start the API Hub alone.
    Hub(ServiceArgs),
    /// Start the protected resource alone.
    Resource(ServiceArgs),
    /// Start the flow client alone.
    Flow(ServiceArgs),
    /// Start the console page and the lab API alone.
    Console(ServiceArgs),
    /// Run and check scenario files, on a temporary system on free ports unless `--against` is given. Exit 0: all passed, 1: some
    /// failed or could not be carried out, 2: nothing could be run, a file is wrong or a report could not be written.
    Run(RunArgs),
    /// Check scenario and seed files without running them: all that `run` would find wrong with them before it asks a service.
    /// Exit 0: all are right, 2: one is wrong.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The seed file of the tenants, as for `run`; a number is accepted and changes nothing.
        #[arg(long, value_name = "FILE|N")]
        seed: Vec<String>,
    },
    /// Tell the stories of scenario files that have a twin, each in two tenants that differ in one fact, and print where they part.
    /// Exit 0: all part where the story as written holds and its twin's does not, 1: some do not, 2: a file is wrong.
    Twins(TwinsArgs),
    /// Move a tenant's time on in a running system, doing everything that falls due.
    Advance {
        /// By how much, for example PT1H or 90d.
        duration: Span,
        #[command(flatten)]
        whom: TenantArgs,
    },
    /// A user changes the password.
    ChangePassword(PasswordArgs),
    /// An administrator resets a user's password.
    ResetPassword {
        #[command(flatten)]
        password: PasswordArgs,
        /// By which portal: azure_portal, entra_admin_center or m365_admin_center.
        #[arg(long, default_value = "azure_portal")]
        channel: String,
    },
    /// A user's sessions and refresh tokens are revoked.
    RevokeSessions {
        /// The user: role, sign-in name or object id.
        #[arg(long, default_value = "owner")]
        user: String,
        /// Who revokes: admin or user.
        #[arg(long, default_value = "admin")]
        by: String,
        #[command(flatten)]
        whom: TenantArgs,
    },
    /// Execute every cell of an edition of the published revocation table, for real, in throw-away tenants, and compare. Exit 0:
    /// all are as published, 1: a cell differs.
    Matrix(MatrixArgs),
    /// Explain a token, code, cookie, connection or run of a running system: what it is, what it came from, what would end it and,
    /// once refused, exactly why.
    Why {
        /// The credential itself or its id, uti or fingerprint; the id of a connection; the name of a run; - reads it from the
        /// standard input, so that no shell remembers it.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        whom: TenantArgs,
    },
    /// Print where the certificate of the local authority is and how to trust it, as clients of the https addresses have to.
    /// Makes the authority if there is none yet.
    Ca {
        /// Where databases and keys are kept.
        #[arg(long, default_value = "data", env = "OUTLIVE_DATA")]
        data: PathBuf,
        /// Print the certificate's path and nothing else, for scripts.
        #[arg(long)]
        path: bool,
    },
    /// Ask a service whether it is well; exit 0 if it says so (for container health checks).
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
    /// Write the results as JUnit XML; - is standard output, and then the story is not printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the result tree as JSON; - is standard output, and then the story is not printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// How many scenarios are played at once.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) jobs: usize,
    /// Keep the scenarios' tenants, and the data of a private system.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Keep the private system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// A number that makes ids, keys, lifetimes and tokens repeat, or a seed file for the tenants.
    #[arg(long, value_name = "FILE|N")]
    pub(crate) seed: Vec<String>,
    /// The rules of the tenants, whatever the scenarios say: an edition such as 2025-11, or 2021.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
}

/// `outlive twins`.
#[derive(Debug, Args)]
pub(crate) struct TwinsArgs {
    /// The scenario files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The lab of a running system, for example http://127.0.0.1:8700; a private system if absent.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Keep the private system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

/// Which tenant of which running system.
#[derive(Debug, Args)]
pub(crate) struct TenantArgs {
    /// The lab of the running system.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8700")]
    pub(crate) against: String,
    /// The tenant, by id or domain; the only one there is, or contoso.example, if left out.
    #[arg(long, value_name = "T")]
    pub(crate) tenant: Option<String>,
}

/// Whose password.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// The user: role, sign-in name or object id.
    #[arg(long, default_value = "owner")]
    pub(crate) user: String,
    /// The password from then on; made up and printed if left out.
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) new_password: Option<String>,
    #[command(flatten)]
    pub(crate) whom: TenantArgs,
}

/// `outlive up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Where databases and keys are kept.
    #[arg(long, default_value = "data", env = "OUTLIVE_DATA")]
    pub(crate) data: PathBuf,
    /// A seed file for the first tenant (a path), or a number that makes ids, keys, lifetimes and tokens repeat. May be given
    /// twice, once for each.
    #[arg(long, value_name = "FILE|N", env = "OUTLIVE_SEED")]
    pub(crate) seed: Vec<String>,
    /// The first of the ports: console here, then identity provider, hub, resource, flow.
    #[arg(long, default_value_t = 8700)]
    pub(crate) port_base: u16,
    /// The rules of the first tenant: an edition such as 2025-11, or 2021.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// Keep state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    #[command(flatten)]
    pub(crate) lab_key: LabKeyArgs,
    /// Drop-in mode: names that the identity provider answers to over TLS as well, separated by commas, for example
    /// login.microsoftonline.com,graph.microsoft.com.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) hosts: Vec<String>,
    /// The port at which these names are served besides the TLS port of the identity provider.
    #[arg(long, value_name = "PORT", default_value_t = 443, requires = "hosts")]
    pub(crate) hosts_port: u16,
}

/// One service alone. Everything can come from the environment, as containers like it.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// The address to listen on; the service's own port on 127.0.0.1 if left out.
    #[arg(long, env = "OUTLIVE_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the database and the sealing key are kept.
    #[arg(long, default_value = "data", env = "OUTLIVE_DATA")]
    pub(crate) data: PathBuf,
    /// Keep state in this PostgreSQL database, which replicas can share.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Addresses to listen on over TLS besides, separated by commas, for example 0.0.0.0:8743 (identity provider only).
    #[arg(long, env = "OUTLIVE_TLS_LISTEN", value_delimiter = ',')]
    pub(crate) tls_listen: Vec<SocketAddr>,
    /// Names to answer to over TLS besides localhost, separated by commas (identity provider only).
    #[arg(long, env = "OUTLIVE_HOSTS", value_delimiter = ',', requires = "tls_listen")]
    pub(crate) hosts: Vec<String>,
    /// The origins the service answers to, separated by commas, the one for browsers first.
    #[arg(long, env = "OUTLIVE_ORIGINS", value_delimiter = ',')]
    pub(crate) origins: Vec<String>,
    /// Every origin under which the identity provider signs, separated by commas.
    #[arg(long, env = "OUTLIVE_ISSUER_ORIGINS", value_delimiter = ',')]
    pub(crate) issuer_origins: Vec<String>,
    /// 64 hexadecimal digits; replicas share one. Kept in the data directory if left out.
    #[arg(long, env = "OUTLIVE_SEALING_KEY", hide_env_values = true)]
    pub(crate) sealing_key: Option<String>,
    /// A number that makes ids, keys, lifetimes and tokens repeat (console: or a seed file).
    #[arg(long, value_name = "FILE|N", env = "OUTLIVE_SEED")]
    pub(crate) seed: Vec<String>,
    /// The name of this replica, the same after a restart.
    #[arg(long, env = "OUTLIVE_REPLICA", default_value = "one")]
    pub(crate) replica: String,
    #[command(flatten)]
    pub(crate) lab_key: LabKeyArgs,
    #[command(flatten)]
    pub(crate) urls: UrlArgs,
}

/// The secret that only the lab and the services share.
#[derive(Debug, Args)]
pub(crate) struct LabKeyArgs {
    /// The key that /_lab requires on every service: at least 32 characters, the same for the console and all services.
    #[arg(long, value_name = "KEY", env = "OUTLIVE_LAB_KEY", hide_env_values = true)]
    lab_key: Option<String>,
    /// The file that holds this key, for services that have data directories of their own; created if it does not exist.
    /// Default: lab-key in the data directory.
    #[arg(long, value_name = "FILE", env = "OUTLIVE_LAB_KEY_FILE")]
    lab_key_file: Option<PathBuf>,
}

impl LabKeyArgs {
    /// The key as given, or from its file. A variable that is set to nothing counts as absent.
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

/// Where the other services are. The public ones are those that browsers use.
#[derive(Debug, Args)]
pub(crate) struct UrlArgs {
    /// The identity provider, as services reach it.
    #[arg(long, env = "OUTLIVE_IDP_URL", default_value = "http://127.0.0.1:8701")]
    idp_url: String,
    /// The identity provider, as browsers reach it.
    #[arg(long, env = "OUTLIVE_IDP_PUBLIC_URL")]
    idp_public_url: Option<String>,
    /// The identity provider by https, as clients reach it; for the lab to hand out.
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
    /// The flow service, as services reach it.
    #[arg(long, env = "OUTLIVE_FLOW_URL", default_value = "http://127.0.0.1:8704")]
    flow_url: String,
    /// The flow service, as browsers reach it.
    #[arg(long, env = "OUTLIVE_FLOW_PUBLIC_URL")]
    flow_public_url: Option<String>,
}

impl ServiceArgs {
    /// The addresses of all services; a public one that was left out is the same as the inner one.
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
        crate::services::Urls {
            hub_public: public(&urls.hub_public_url, &urls.hub_url),
            hub: plain(&urls.hub_url),
            resource_public: public(&urls.resource_public_url, &urls.resource_url),
            resource: plain(&urls.resource_url),
            flow_public: public(&urls.flow_public_url, &urls.flow_url),
            flow: plain(&urls.flow_url),
            idp,
            idp_public,
            idp_tls: urls.idp_tls_url.as_deref().map(plain),
            issuer_origins,
        }
    }
}

/// How a matrix is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    /// For a terminal.
    Table,
    /// For a document.
    Markdown,
    /// For a program.
    Json,
    /// A page of its own, which needs no network.
    Html,
}

/// Which matrix is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixKind {
    /// What ends which credential.
    Credentials,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// Which one.
    #[arg(default_value = "credentials")]
    pub(crate) kind: MatrixKind,
    /// How it is printed.
    #[arg(long, default_value = "table")]
    pub(crate) format: MatrixFormat,
    /// The edition: 2018, 2021, 2025-05 or 2025-11; with cells changed on purpose: 2025-11+row.column=revoked. The newest if absent.
    #[arg(long, value_name = "EDITION")]
    pub(crate) rules: Option<String>,
    /// The lab of a running system, for example http://127.0.0.1:8700; a private system if absent.
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Keep the private system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL")]
    pub(crate) database_url: Option<String>,
}
