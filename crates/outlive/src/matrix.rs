//! `outlive matrix`: executes the published revocation table, or the matrix of connections.

use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use outlive_chassis::{HttpClient, StartError, Trace, pause};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::matrix::connections::{self, ConnectionMatrix, Selection};
use outlive_lab::matrix::{Matrix, MatrixProgress};
use outlive_lab::scenario::run::LabClient;
use outlive_wire::counted;

use crate::cli::{MatrixArgs, MatrixKind, TableFormat};
use crate::lab_failure;
use crate::progress::Progress;
use crate::run::private::{PrivateSystem, SystemOptions};
use crate::terminal::{print_error, print_line};
use crate::up::Seeds;

/// How often the progress is read (wall time).
const EVERY: Duration = Duration::from_millis(200);

/// Returns the names of events and connections, as the end of the help text.
pub(crate) fn names() -> String {
    let [events, connections] = connections::names();
    format!("Events: {}.\n\nConnections: {}.", events.join(", "), connections.join(", "))
}

/// Executes and prints the matrix. Exit code 0 if every cell is as published, 1 if not.
pub(crate) async fn matrix(args: MatrixArgs) -> Result<ExitCode, StartError> {
    let selection = Selection { rows: args.events, columns: args.connections };
    let is_whole = selection.rows.is_empty() && selection.columns.is_empty();
    if args.kind == MatrixKind::Credentials && !is_whole {
        return Err(StartError::new(
            "cannot execute this matrix",
            "--events and --connections select cells of the matrix of connections",
            "write `outlive matrix connections`, or leave them out",
        ));
    }
    let options = SystemOptions { database_url: args.database_url.as_deref(), ..SystemOptions::default() };
    let private = match args.against.lab() {
        Some(_) => None,
        None => Some(PrivateSystem::start(options, &Seeds::default()).await?),
    };
    let lab = private.as_ref().map(PrivateSystem::lab).or(args.against.lab()).unwrap_or_default();
    let http = Http::new(HttpClient::new()?, Trace::begin(&Randomness::from_system()));
    let (lab, rules) = (LabClient::new(http, lab), args.rules.as_deref());
    let executed = async {
        match args.kind {
            MatrixKind::Credentials => {
                lab.matrix(rules).await.map(|matrix| Printed::credentials(&matrix, args.format))
            }
            MatrixKind::Connections => lab
                .connection_matrix(rules, &selection)
                .await
                .map(|matrix| Printed::connections(&matrix, args.format)),
        }
    };
    let words = match args.kind {
        MatrixKind::Credentials => "executing the revocation table",
        MatrixKind::Connections => "executing the matrix of connections",
    };
    let result = showing_progress(&lab, words, executed).await;
    if let Some(system) = private {
        system.stop().await;
    }
    let printed = match result {
        Ok(printed) => printed,
        Err(error) if error.status == Some(400) => {
            return Err(StartError::new(
                "cannot execute this matrix",
                lab_failure::reason(&error),
                "write --rules as an edition, for example 2025-11, and names as in `outlive matrix --help`",
            ));
        }
        Err(error) if error.status.is_none() => {
            return Err(lab_failure::unusable_lab(args.against.lab().unwrap_or("its address"), &error));
        }
        Err(error) => {
            return Err(StartError::new(
                "cannot complete the matrix",
                lab_failure::reason(&error),
                "look at the log of the system",
            ));
        }
    };
    print_line(&printed.text);
    if printed.agrees {
        return Ok(ExitCode::SUCCESS);
    }
    print_error(&"a cell differs from the expected table");
    Ok(ExitCode::FAILURE)
}

/// Awaits an execution, and shows how many cells are executed.
async fn showing_progress<T>(lab: &LabClient, words: &str, executing: impl Future<Output = T>) -> T {
    let progress = Progress::stage(words);
    tokio::select! {
        executed = executing => executed,
        never = show(lab, words, &progress) => match never {},
    }
}

async fn show(lab: &LabClient, words: &str, progress: &Progress) -> Infallible {
    loop {
        pause(EVERY).await;
        // A lab of an earlier version does not count: then only the time is shown.
        if let Ok(Some(MatrixProgress { done, cells, .. })) = lab.matrix_progress().await {
            progress.set_words(&format!("{words}, {done} of {}", counted(cells, "cell")));
        }
    }
}

/// An executed matrix in its format.
struct Printed {
    text: String,
    agrees: bool,
}

impl Printed {
    fn credentials(matrix: &Matrix, format: TableFormat) -> Self {
        let text = match format {
            TableFormat::Table => matrix.table(),
            TableFormat::Markdown => matrix.markdown(),
            TableFormat::Html => matrix.html(),
            TableFormat::Json => serde_json::to_string_pretty(matrix).unwrap_or_default(),
        };
        Self { text, agrees: matrix.agrees() }
    }

    fn connections(matrix: &ConnectionMatrix, format: TableFormat) -> Self {
        let text = match format {
            TableFormat::Table => matrix.table(),
            TableFormat::Markdown => matrix.markdown(),
            TableFormat::Html => matrix.html(),
            TableFormat::Json => serde_json::to_string_pretty(matrix).unwrap_or_default(),
        };
        Self { text, agrees: matrix.agrees() }
    }
}
