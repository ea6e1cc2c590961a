//! `outlive replay`: compares recorded responses of Microsoft Entra ID with those of Outlive.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::replay::{
    FILE_BYTES_MAX, HarMistake, Mapping, Plan, PlanMistake, PlanOptions, Recording, Replay, ReplayOptions,
    redacted, replay as play,
};
use outlive_lab::scenario::run::LabError;

use crate::cli::{ReplayArgs, TableFormat};
use crate::lab_failure;
use crate::run::private::{PrivateSystem, SystemOptions};
use crate::shutdown::StopSignal;
use crate::terminal::{EXIT_COULD_NOT_START, EXIT_INTERRUPTED, print, print_error, print_line};
use crate::up::Seeds;

/// How many mistakes of a file are printed.
const MISTAKES_MAX: usize = 20;

/// Replays recordings, or writes them without secrets. Exit code 0 if nothing differs.
pub(crate) async fn replay(args: ReplayArgs) -> Result<ExitCode, StartError> {
    let mut recording = Recording::default();
    let mut is_valid = true;
    for path in &args.files {
        if let Err(mistakes) = recording.add(&read(path)?, &args.host) {
            is_valid = false;
            print_mistakes(path, &mistakes);
        }
    }
    if !is_valid {
        return Ok(ExitCode::from(EXIT_COULD_NOT_START));
    }
    if args.redact {
        if recording.is_empty() {
            return Err(nothing_to_redact());
        }
        print_line(&redacted(&recording));
        return Ok(ExitCode::SUCCESS);
    }
    let options = PlanOptions {
        mapping: Mapping { applications: args.map.clone(), users: args.user.clone() },
        events: args.event.clone(),
    };
    let plan = Plan::new(&recording, options).map_err(|PlanMistake { problem, remedy }| {
        StartError::new("cannot replay the recording", problem, remedy)
    })?;
    let Some(replay) = run(&plan, &args).await? else { return Ok(ExitCode::from(EXIT_INTERRUPTED)) };
    print(&in_format(&replay, args.format));
    if replay.requests == 0 {
        print_error(&"no request could be replayed; the table says why");
        return Ok(ExitCode::from(EXIT_COULD_NOT_START));
    }
    Ok(if replay.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Replays on a running or a temporary system. Returns nothing if it is interrupted; then the
/// tenant is deleted, too.
async fn run(plan: &Plan<'_>, args: &ReplayArgs) -> Result<Option<Replay>, StartError> {
    // Before there is data to delete.
    let mut stop = StopSignal::listen()?;
    let (lab, private) = match args.against.lab() {
        Some(lab) => (lab.to_owned(), None),
        None => {
            let options =
                SystemOptions { rules: None, database_url: args.database_url.as_deref(), keep: args.keep };
            let seeds = Seeds::default();
            let system = tokio::select! {
                () = stop.wait() => return Ok(None),
                system = PrivateSystem::start(options, &seeds) => system?,
            };
            (system.lab().to_owned(), Some(system))
        }
    };
    let random = Randomness::from_system().fork("replay");
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let options = ReplayOptions { lab, http, rules: args.rules.clone(), keep: args.keep };
    let result = play(plan, &options, stop.wait()).await;
    if let Some(system) = private {
        system.stop().await;
    }
    result.map_err(|error| failed(&error, args))
}

fn failed(error: &LabError, args: &ReplayArgs) -> StartError {
    if error.status.is_none() {
        return lab_failure::unusable_lab(args.against.lab().unwrap_or("its address"), error);
    }
    StartError::new(
        "cannot complete the replay",
        // The text of the lab may quote the recording.
        match error.status {
            Some(_) if error.call == "--event" => lab_failure::reason(error),
            status => format!("the lab rejected a request with status {}", status.unwrap_or_default()),
        },
        "check --rules, give --map and --user for what cannot be registered, or look at the log of the system",
    )
}

fn in_format(replay: &Replay, format: TableFormat) -> String {
    match format {
        TableFormat::Table => replay.table(),
        TableFormat::Markdown => replay.markdown(),
        TableFormat::Html => replay.html(),
        TableFormat::Json => format!("{}\n", serde_json::to_string_pretty(replay).unwrap_or_default()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    let failed = |why: String| {
        StartError::new(
            format!("cannot read {}", path.display()),
            why,
            "give a HAR file of at most 64 MiB, as browsers save it",
        )
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let limit = FILE_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

/// Prints each mistake in one sentence: the file, the entry, what is wrong, what to do.
fn print_mistakes(path: &Path, mistakes: &[HarMistake]) {
    for mistake in mistakes.iter().take(MISTAKES_MAX) {
        print_error(&format!("{}: {mistake}; {}", path.display(), mistake.remedy));
    }
    if let Some(more) = mistakes.len().checked_sub(MISTAKES_MAX).filter(|more| *more > 0) {
        print_error(&format!("{}: {more} more entries are invalid", path.display()));
    }
}

fn nothing_to_redact() -> StartError {
    StartError::new(
        "cannot write a redacted file",
        "no entry is a request to the identity platform",
        "record the requests to login.microsoftonline.com; --host adds another name of the identity provider",
    )
}
