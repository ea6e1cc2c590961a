//! The command line.

mod against_args;
pub(crate) mod color;
mod data_args;
mod format_args;
pub(crate) mod help;
mod lab_key_args;
mod matrix_args;
mod replay_args;
mod selection_args;
mod service_args;
mod up_args;
pub(crate) mod usage;
mod whole_number;

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use outlive_clock::Span;
use outlive_lab::classes::SEATS_MAX;

pub(crate) use self::against_args::{AgainstArgs, LabArgs, TenantArgs};
pub(crate) use self::data_args::DataArgs;
pub(crate) use self::format_args::{FormatArgs, OutputFormat, TableFormat};
pub(crate) use self::lab_key_args::LAB_KEY_FILE;
pub(crate) use self::matrix_args::{MatrixArgs, MatrixKind};
pub(crate) use self::replay_args::ReplayArgs;
pub(crate) use self::selection_args::SelectionArgs;
pub(crate) use self::service_args::ServiceArgs;
pub(crate) use self::up_args::UpArgs;
use self::whole_number::whole_number;

/// The help text about the log, and about results that cannot be printed.
const OUTPUT: &str = "OUTLIVE_LOG sets what is logged on standard error, by module: 'outlive=debug,idp::token=trace'. By default it is \
     'warn'.\n\nA result that cannot be printed is not a success: if the reader of a pipe closes it, the command ends quietly \
     with exit code 141; if standard output cannot be written, it reports why and ends with exit code 2.";

/// Which credentials outlive a password change, and why? Watch it happen.
#[derive(Debug, Parser)]
#[command(name = "outlive", version, about, long_about = None, after_help = OUTPUT)]
pub(crate) struct Cli {
    /// When output has colors; by default on a terminal, unless NO_COLOR is set or TERM is dumb.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_default_value = true)]
    pub(crate) color: ColorChoice,
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
    /// Run scenario files, on a temporary system unless `--against` is given.
    ///
    /// Exit code 0: all passed, 1: some failed or could not be executed, 2: nothing could be run, a
    /// file is invalid, or a report could not be written, even if some failed, 130: interrupted.
    /// Ctrl-C ends the present steps, deletes the tenants and writes the reports; a second Ctrl-C
    /// ends everything at once.
    Run(RunArgs),
    /// Check scenario and seed files without running them.
    ///
    /// Finds what `run` finds before its first request. Exit code 0: all are valid, 2: one is
    /// invalid.
    Check(CheckArgs),
    /// Write scenario and seed files in their canonical form, and print the names of those that
    /// changed.
    ///
    /// What a file means, and its comments, do not change. Exit code 0: all are canonical now, 1:
    /// with `--check`, one is not, 2: one is invalid or cannot be written; the others are formatted
    /// all the same.
    Fmt {
        /// The files; folders, with all scenario and seed files below them; or - for the standard
        /// input, whose canonical form is printed.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Change nothing, and print the differences.
        #[arg(long)]
        check: bool,
    },
    /// Run paired scenarios, in tenants that differ in one fact, and print where they differ.
    ///
    /// Exit code 0: every scenario passes and its variant fails, 1: some do not, 2: a file is
    /// invalid.
    Twins(TwinsArgs),
    /// Advance a tenant's time in a running system, doing all due work.
    Advance {
        /// The duration, for example PT1H or 90d.
        duration: Span,
        #[command(flatten)]
        format: FormatArgs,
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
        format: FormatArgs,
        #[command(flatten)]
        target: TenantArgs,
    },
    /// Execute every cell of a matrix in temporary tenants, and compare the outcomes.
    ///
    /// A matrix is an edition of the published revocation table, or what events do to connections,
    /// with their repairs. Exit code 0: all are as expected, 1: a cell differs.
    Matrix(MatrixArgs),
    /// Explain an error that was copied from the real product.
    ///
    /// Says what happened, how certain that is, and what repairs it. Sends nothing anywhere. Exit
    /// code 1: the text does not tell, or there is no scenario to write.
    Diagnose(DiagnoseArgs),
    /// Replay recorded requests to Microsoft Entra ID, and print where Outlive answers differently.
    ///
    /// Reads HAR files of browsers, Fiddler or mitmproxy. Sends nothing anywhere but to Outlive,
    /// and prints no secret. Exit code 0: all answers are equal, 1: some differ, 2: a file is
    /// invalid or nothing could be replayed.
    Replay(ReplayArgs),
    /// Open a class in a running system.
    ///
    /// It has a tenant for each seat, a code to join by, and an overview for the teacher.
    Class(ClassArgs),
    /// Explain a token, code, cookie, connection or run of a running system.
    ///
    /// Says what it is, where it comes from, what would end it and, if it is refused, why.
    Why {
        /// The credential or its id, uti or fingerprint; the id of a connection; the name of a run;
        /// - reads it from standard input, so that it is not stored in a shell history.
        id: String,
        #[command(flatten)]
        format: FormatArgs,
        #[command(flatten)]
        target: TenantArgs,
    },
    /// Print the path of the local authority's certificate and how to trust it.
    ///
    /// Clients of the https addresses require it. Creates the authority if it does not exist.
    Ca {
        #[command(flatten)]
        data: DataArgs,
        /// Print only the path, for scripts.
        #[arg(long, conflicts_with = "format")]
        path: bool,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Check the health of a service; exit code 0 if it is healthy (for container health checks).
    Health {
        /// Its health address, for example http://127.0.0.1:8701/healthz.
        url: String,
    },
    /// Print a JSON Schema, for editors and tests.
    Schema {
        /// What it describes.
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Print the completions of a shell, for its configuration.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write the man pages of all commands into a directory.
    Man {
        /// The directory; created if it does not exist.
        directory: PathBuf,
    },
}

/// What a JSON Schema describes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Scenario files.
    Scenario,
    /// Seed files.
    Seed,
    /// Events of the journal.
    Events,
}

/// `outlive run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The scenario files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) against: AgainstArgs,
    /// Write the results as JUnit XML; - is standard output, and suppresses other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the results as JSON; - is standard output, and suppresses other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the results as TAP (Test Anything Protocol, version 14); - is standard output, and
    /// suppresses other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) tap: Option<PathBuf>,
    /// Write the results as a page that needs no other file; - is standard output, and suppresses
    /// other output.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print the steps that did not pass, and mistakes in files, as annotations of GitHub Actions;
    /// there, this is the default.
    #[arg(long)]
    pub(crate) annotations: bool,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Start no further scenario when one did not pass.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Run every scenario N times.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = whole_number::<u16>(1..=1_000))]
    pub(crate) repeat: u16,
    /// The number of scenarios that run in parallel.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = whole_number::<usize>(0..=u16::MAX))]
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

/// `outlive check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The seed file of the tenants, as for `run`; a number is accepted and ignored.
    #[arg(long, value_name = "FILE|N")]
    pub(crate) seed: Vec<String>,
    /// Print mistakes as annotations of GitHub Actions, too; there, this is the default.
    #[arg(long)]
    pub(crate) annotations: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `outlive twins`.
#[derive(Debug, Args)]
pub(crate) struct TwinsArgs {
    /// The scenario files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) against: AgainstArgs,
    /// Store the temporary system's state in this PostgreSQL database instead of embedded ones.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
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
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `outlive class`.
#[derive(Debug, Args)]
pub(crate) struct ClassArgs {
    /// The number of seats, 1 to 60.
    #[arg(value_parser = whole_number::<u16>(1..=SEATS_MAX))]
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
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) lab: LabArgs,
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
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) target: TenantArgs,
}
