//! `outlive matrix`: the published table, cell by cell.

use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::scenario::run::LabClient;

use crate::cli::{MatrixArgs, MatrixFormat};
use crate::run::private::{PrivateSystem, Wanted};
use crate::terminal::{complain, say};
use crate::up::Seeds;

/// Executes it and prints it; exit 0 if every cell is as published, 1 if one is not.
pub(crate) async fn matrix(args: MatrixArgs) -> Result<ExitCode, StartError> {
    let wanted = Wanted { database_url: args.database_url.as_deref(), ..Wanted::default() };
    let private = match &args.against {
        Some(_) => None,
        None => Some(PrivateSystem::start(wanted, &Seeds::default()).await?),
    };
    let lab = private.as_ref().map(PrivateSystem::lab).or(args.against.as_deref()).unwrap_or_default();
    let http = Http::new(HttpClient::new()?, Trace::begin(&Randomness::from_system()));
    let result = LabClient::new(http, lab).matrix(args.rules.as_deref()).await;
    if let Some(system) = private {
        system.stop().await;
    }
    let matrix = match result {
        Ok(matrix) => matrix,
        Err(error) if error.status == Some(400) => {
            return Err(StartError::new(
                "cannot execute this matrix",
                error.problem,
                "write --rules as an edition, for example 2025-11",
            ));
        }
        Err(error) => {
            return Err(StartError::new(
                "the matrix came to no end",
                error,
                "start a system with `outlive up` and give --against the address it printed, or leave --against out",
            ));
        }
    };
    say(&match args.format {
        MatrixFormat::Table => matrix.table(),
        MatrixFormat::Markdown => matrix.markdown(),
        MatrixFormat::Html => matrix.html(),
        MatrixFormat::Json => serde_json::to_string_pretty(&matrix).unwrap_or_default(),
    });
    if matrix.agrees() {
        return Ok(ExitCode::SUCCESS);
    }
    complain(&"a cell differs from the published table");
    Ok(ExitCode::FAILURE)
}
