//! The `outlive` program.

mod by_hand;
mod ca;
mod check;
mod cli;
mod console;
mod databases;
mod health;
mod logs;
mod matrix;
mod places;
mod run;
mod seed_check;
mod services;
mod shutdown;
mod system;
mod terminal;
mod tls;
mod twins;
mod up;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use outlive_chassis::StartError;

use crate::cli::{Cli, Command};
use crate::places::Part;

/// Something could not start, a file is wrong or a result could not be written.
pub(crate) const EXIT_COULD_NOT_START: u8 = 2;
/// Somebody pressed Ctrl-C while a story was told: as shells count it.
const EXIT_INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return print_usage(&answer),
    };
    let repeats = logs::start();
    outlive_chassis::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(async {
            tokio::spawn(repeats.clone().keep_reporting());
            run(cli.command).await
        }),
        Err(error) => {
            Err(StartError::new("cannot start", error, "look at the limits on threads of this system"))
        }
    };
    repeats.finish();
    terminal::exit_code(result.unwrap_or_else(|error| {
        terminal::complain(&error);
        ExitCode::from(EXIT_COULD_NOT_START)
    }))
}

/// Prints the help or version that was asked for, or how the command line is wrong.
fn print_usage(answer: &clap::Error) -> ExitCode {
    let printed = answer.print().and_then(|()| std::io::stdout().flush());
    if !answer.use_stderr() {
        terminal::printed(printed);
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
        Command::Ca { data, path } => ca::ca(&data, path)?,
        Command::Health { url } => health::health(&url)?,
        Command::Run(args) => return unless_interrupted(run::run(args)).await,
        Command::Check { files, seed } => return check::check(&files, &seed),
        Command::Twins(args) => return unless_interrupted(twins::twins(args)).await,
        Command::Matrix(args) => return unless_interrupted(matrix::matrix(args)).await,
        Command::Why { id, json, whom } => return by_hand::why(&id, json, &whom).await,
        Command::Advance { duration, whom } => return by_hand::advance(duration, &whom).await,
        Command::ChangePassword(args) => return by_hand::change_password(&args).await,
        Command::ResetPassword { password, channel } => {
            return by_hand::reset_password(&password, &channel).await;
        }
        Command::RevokeSessions { user, by, whom } => {
            return by_hand::revoke_sessions(&user, &by, &whom).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Drops what plays when somebody asks to stop, and with it the directory of its private system, which holds keys.
async fn unless_interrupted(
    playing: impl Future<Output = Result<ExitCode, StartError>>,
) -> Result<ExitCode, StartError> {
    tokio::select! {
        // In this order: it has to listen before there is anything that could stay.
        biased;
        () = shutdown::asked_to_stop() => Ok(ExitCode::from(EXIT_INTERRUPTED)),
        ended = playing => ended,
    }
}
