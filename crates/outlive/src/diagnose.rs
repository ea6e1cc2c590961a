//! `outlive diagnose`: explains an error that was copied from the real product.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use outlive_chassis::StartError;
use outlive_lab::diagnose::{Client, TEXT_BYTES_MAX, diagnose_at, reproduction};

use crate::cli::DiagnoseArgs;
use crate::terminal::{print, print_error, print_line};

/// Prints what happened. Exit code 0 if it is known, 1 if the text does not tell or there is no
/// scenario to write.
pub(crate) fn diagnose(args: &DiagnoseArgs) -> Result<ExitCode, StartError> {
    let text = read(args.file.as_deref())?;
    let client = match args.client.as_deref() {
        Some("confidential") => Client::Confidential,
        Some("public") => Client::Public,
        Some(_) => Client::Unknown,
        None => Client::AsRead,
    };
    let diagnosis = diagnose_at(&text, client, Some(outlive_clock::wall_now()));
    let file = diagnosis.scenario.as_deref().and_then(reproduction);
    if args.format.is_json() {
        print_line(&serde_json::to_string_pretty(&diagnosis).unwrap_or_default());
    } else {
        print(&format!("{diagnosis:#}"));
    }
    let is_unwritten = args.scenario.is_some() && file.is_none();
    match (&args.scenario, file) {
        (Some(path), Some(file)) => {
            write(path, file)?;
            let written = format!("\nThe scenario is in {0}: outlive run {0}", path.display());
            // The standard output is one JSON value.
            if args.format.is_json() { print_error(&written.trim_start()) } else { print_line(&written) }
        }
        (Some(path), None) => {
            let unwritten =
                format!("There is no scenario that reproduces it: {} was not written.", path.display());
            print_error(&unwritten);
        }
        (None, Some(_)) if !args.format.is_json() => {
            print_line("\nTo reproduce it: --scenario FILE, then outlive run FILE.")
        }
        (None, _) => {}
    }
    Ok(if is_unwritten || diagnosis.cause == "cannot_tell" { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(file: Option<&Path>) -> Result<String, StartError> {
    let limit = TEXT_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let (name, result) = match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => (
            file.display().to_string(),
            std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes)),
        ),
        None => ("the standard input".to_owned(), std::io::stdin().take(limit).read_to_end(&mut bytes)),
    };
    let failed = |why: String| {
        StartError::new(format!("cannot read {name}"), why, "give a text file, or - for the standard input")
    };
    result.map_err(|error| failed(error.to_string()))?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(failed(format!("it is longer than {TEXT_BYTES_MAX} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(path: &Path, scenario: &str) -> Result<(), StartError> {
    std::fs::write(path, scenario).map_err(|error| {
        StartError::new(format!("cannot write {}", path.display()), error, "give another --scenario file")
    })
}
