//! `outlive class`: tenants for a class, and the addresses that its people need.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::scenario::run::LabClient;
use outlive_wire::classes::{Class, ClassRequest};
use outlive_wire::counted;

use crate::cli::ClassArgs;
use crate::lab_failure;
use crate::progress::Progress;
use crate::terminal::{print_error, print_line};

/// Maximum length of a file of names, in bytes.
const NAMES_MAX: u64 = 65_536;

/// Opens a class in a running system.
pub(crate) async fn class(args: ClassArgs) -> Result<ExitCode, StartError> {
    let names = args.names.as_deref().map(read_names).transpose()?.unwrap_or_default();
    let random = Randomness::from_system();
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let lab = LabClient::new(http, args.lab.url());
    lab.tenants().await.map_err(|error| lab_failure::unusable_lab(args.lab.url(), &error))?;
    let request =
        ClassRequest { seats: args.seats, names, lesson: args.lesson, seed: args.seed, rules: args.rules };
    let progress = Progress::stage(&format!("creating a tenant for each of {}", counted(args.seats, "seat")));
    let opened = lab.open_class(&request).await;
    drop(progress);
    match opened {
        Ok(class) => {
            let text = if args.format.is_json() {
                serde_json::to_string_pretty(&class).unwrap_or_default()
            } else {
                described(&class, args.lab.url())
            };
            print_line(&text);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            print_error(&lab_failure::reason(&error));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Reads names, one on each line; empty lines and comments (`#`) are skipped.
fn read_names(path: &Path) -> Result<Vec<String>, StartError> {
    let failed = |why: &dyn std::fmt::Display| {
        let remedy = "give a text file with one name on each line";
        StartError::new(format!("cannot read the names in {}", path.display()), why, remedy)
    };
    let length = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if length > NAMES_MAX {
        return Err(failed(&format!("it has {length} bytes; {NAMES_MAX} are the most")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

fn described(class: &Class, lab: &str) -> String {
    let (lab, code) = (lab.trim_end_matches('/'), &class.code);
    let mut text = format!(
        "The class {code} has {}, each with a tenant of its own.\n\n  \
         to join    {lab}/join?code={code}\n  \
         overview   {lab}/class/{code}\n  \
         to end it  curl -X DELETE {lab}/lab/classes/{code}\n",
        counted(class.seats.len(), "seat")
    );
    for seat in &class.seats {
        let name = seat.name.as_deref().map_or_else(String::new, |name| format!("  {name}"));
        // Writing to a text cannot fail.
        _ = write!(text, "\n  seat {:2}  {}{name}", seat.seat, seat.domain);
    }
    text
}
