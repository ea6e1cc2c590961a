//! The `outlive` program.

mod advancing;
mod annotations;
mod ca;
mod check;
mod class;
mod cli;
mod console;
mod databases;
mod diagnose;
mod fmt;
mod health;
mod hub_args;
mod lab_commands;
mod lab_failure;
mod logs;
mod matrix;
mod places;
mod progress;
mod ready;
mod replaced_file;
mod replay;
mod run;
mod schema;
mod seed_check;
mod services;
mod shell_files;
mod shutdown;
mod system;
mod temporary_data;
mod terminal;
mod tls;
mod twins;
mod up;

use std::io::Write as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use outlive_chassis::{EventLoops, StartError};
use outlive_lab::scenario::run::Interrupt;
use tokio::runtime::Runtime;

use crate::cli::{Cli, Command};
use crate::places::Part;
use crate::terminal::EXIT_COULD_NOT_START;

/// A run allocates a few thousand small values, which the system's allocator does at a tenth of the
/// cost of the run.
#[cfg(not(feature = "count-allocations"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Counts the allocations of Rust code.
#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

// With glibc, the system's allocator is this one.
#[cfg(feature = "count-allocations")]
use mimalloc as _;

fn main() -> ExitCode {
    #[cfg(feature = "count-allocations")]
    outlive_chassis::count_allocations_by(|| {
        let counted = ALLOCATOR.stats();
        (counted.allocations + counted.reallocations) as u64
    });
    let color = cli::color::color_among(std::env::args_os());
    let parsed = cli::help::command().color(color).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(answer) => return print_usage(&answer),
    };
    terminal::set_colors(cli.color);
    let repeats = logs::start();
    outlive_chassis::raise_descriptor_limit();
    let result = start_runtimes().and_then(|(runtime, event_loops)| {
        let result = runtime.block_on(async {
            tokio::spawn(repeats.clone().keep_reporting());
            run(cli.command).await
        });
        event_loops.stop();
        result
    });
    repeats.finish();
    terminal::exit_code(result.unwrap_or_else(|error| {
        terminal::print_start_error(&error);
        ExitCode::from(EXIT_COULD_NOT_START)
    }))
}

/// Starts the event loops, which serve connections, and the runtime of everything else.
fn start_runtimes() -> Result<(Runtime, EventLoops), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let both = runtime.and_then(|runtime| Ok((runtime, EventLoops::start()?)));
    both.map_err(|error| {
        StartError::new("cannot start", error, "look at the limits on threads of this system")
    })
}

/// Prints the requested help or version, or the mistake in the command line.
fn print_usage(answer: &clap::Error) -> ExitCode {
    if !answer.use_stderr() {
        terminal::printed(answer.print().and_then(|()| std::io::stdout().flush()));
    } else if answer.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = answer.print();
    } else {
        let first = std::env::args_os().nth(1).and_then(|first| first.into_string().ok());
        terminal::print_error(&cli::usage::sentence(answer, first.as_deref()));
    }
    terminal::exit_code(u8::try_from(answer.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from))
}

async fn run(command: Command) -> Result<ExitCode, StartError> {
    match command {
        Command::Up(args) => up::up(args).await?,
        Command::Idp(args) => up::alone(Part::Idp, args).await?,
        Command::Hub(args) => up::alone(Part::Hub, args).await?,
        Command::Resource(args) => up::alone(Part::Resource, args).await?,
        Command::Flow(args) => up::alone(Part::Flow, args).await?,
        Command::Console(args) => up::alone(Part::Console, args).await?,
        Command::Ca { data, path, format } => ca::ca(&data.directory()?, path, &format)?,
        Command::Fmt { files, check } => return fmt::fmt(&files, check),
        Command::Schema { of } => schema::print_schema(of),
        Command::Completions { shell } => shell_files::print_completions(shell),
        Command::Man { directory } => shell_files::write_man_pages(&directory)?,
        Command::Health { url } => health::health(&url)?,
        Command::Run(args) => return run_with_interrupt(|interrupt| run::run(args, interrupt)).await,
        Command::Check(args) => return check::check(&args),
        Command::Twins(args) => return run_with_interrupt(|interrupt| twins::twins(args, interrupt)).await,
        Command::Matrix(args) => return run_until_interrupt(matrix::matrix(args)).await,
        Command::Replay(args) => return replay::replay(args).await,
        Command::Diagnose(args) => return diagnose::diagnose(&args),
        Command::Class(args) => return run_until_interrupt(class::class(args)).await,
        Command::Why { id, format, target } => return lab_commands::why(&id, &format, &target).await,
        Command::Advance { duration, format, target } => {
            return lab_commands::advance(duration, &format, &target).await;
        }
        Command::ChangePassword(args) => return lab_commands::change_password(&args).await,
        Command::ResetPassword { password, channel } => {
            return lab_commands::reset_password(&password, &channel).await;
        }
        Command::RevokeSessions { user, by, format, target } => {
            return lab_commands::revoke_sessions(&user, &by, &format, &target).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command until it ends or is interrupted. Dropping it deletes the directory of its
/// temporary system, which contains keys.
async fn run_until_interrupt(
    command_run: impl Future<Output = Result<ExitCode, StartError>>,
) -> Result<ExitCode, StartError> {
    // Before there is data to delete.
    let mut stop = shutdown::StopSignal::listen()?;
    tokio::select! {
        () = stop.wait() => Ok(ExitCode::from(terminal::EXIT_INTERRUPTED)),
        ended = command_run => ended,
    }
}

/// Runs a command that ends by itself when it is interrupted: it deletes its tenants and writes its
/// reports. A second interruption ends it at once.
async fn run_with_interrupt<F>(command: impl FnOnce(Interrupt) -> F) -> Result<ExitCode, StartError>
where
    F: Future<Output = Result<ExitCode, StartError>>,
{
    let mut stop = shutdown::StopSignal::listen()?;
    let (switch, interrupt) = Interrupt::new();
    let mut command_run = std::pin::pin!(command(interrupt));
    tokio::select! {
        ended = command_run.as_mut() => return ended,
        () = stop.wait() => switch.interrupt(),
    }
    tokio::select! {
        ended = command_run => ended.map(drop)?,
        () = stop.wait() => {}
    }
    Ok(ExitCode::from(terminal::EXIT_INTERRUPTED))
}
