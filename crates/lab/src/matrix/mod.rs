//! Executes every cell of an edition of the published revocation table, and compares the outcome.
//!
//! Each row runs in a temporary tenant: a user signs in with a password and with a passkey, to a
//! public and to a confidential client; the row's event is caused; each of the five credentials is
//! used.

pub mod connections;
mod error;
mod event;
mod holder;
mod html;
mod progress;
mod table;
mod temporary_tenant;
mod text;

use futures::stream::{StreamExt, TryStreamExt, iter};
use outlive_clock::{Instant, Span, Speed};
use outlive_rules::{Credential, Fate, Row as Published, Ruleset};
use serde::{Deserialize, Serialize};

pub use self::error::MatrixError;
pub use self::progress::{Executions, MatrixProgress};

use self::holder::Holder;
use self::progress::CellCounter;
pub(crate) use self::progress::ExecutionList;
pub(crate) use self::temporary_tenant::TemporaryTenant;
use crate::tenants::{NewTenant, Tenants};

/// Number of rows executed at once. Their cost is the hashing of passwords.
const ROWS_AT_ONCE: usize = 4;
/// When the tenants' time starts (virtual). A fixed instant makes runs comparable.
const BEGIN: Instant = Instant::from_seconds(1_767_600_000);
/// Virtual time between sign-in and event, and between event and use. Revocation cutoffs have
/// whole-second resolution.
const PAUSE: Span = Span::from_minutes(10);

/// The observed outcome of an edition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Matrix {
    /// The edition that is compared.
    pub edition: String,
    /// The rules of the tenants: the edition, with any cells that were changed.
    pub rules: String,
    /// The rows, in the order of the published table.
    pub rows: Vec<MatrixRow>,
}

/// The outcome of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MatrixRow {
    /// The name of the row.
    pub event: String,
    /// Its published title.
    pub title: String,
    /// How it was caused.
    pub way: String,
    /// Its cells, from left to right.
    pub cells: Vec<Cell>,
}

/// The outcome for one credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// The name of the column.
    pub credential: String,
    /// The published outcome: `alive` or `revoked`.
    pub expected: String,
    /// The observed outcome: `alive` or `revoked`, or `failed` if it was refused for another reason
    /// than this row and column.
    pub observed: String,
    /// Whether the two are equal.
    pub agrees: bool,
    /// The code of the refusal (`AADSTS50173`).
    pub code: Option<String>,
    /// The reason.
    pub why: String,
}

impl Matrix {
    /// Whether there are cells and all have the published outcome.
    pub fn agrees(&self) -> bool {
        let (cells, agreeing) = self.count();
        cells > 0 && cells == agreeing
    }

    /// Returns the number of cells, and of those with the published outcome.
    pub fn count(&self) -> (usize, usize) {
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        (cells().count(), cells().filter(|cell| cell.agrees).count())
    }
}

impl Cell {
    /// Returns the published title of the column.
    pub fn title(&self) -> &str {
        match self.credential.parse::<Credential>() {
            Ok(credential) => credential.title(),
            Err(_) => &self.credential,
        }
    }
}

/// Executes every cell of the edition of `rules`, in tenants with `rules`.
///
/// Dropping the future cancels the execution; the tenants are deleted nevertheless.
///
/// # Errors
/// A row could not be completed: a service did not respond, or rejected a valid request.
pub(crate) async fn execute(
    tenants: &Tenants,
    rules: &Ruleset,
    counter: &CellCounter,
) -> Result<Matrix, MatrixError> {
    let edition = rules.edition();
    let rows = iter(edition.rows().iter().copied()).map(async |row| {
        let executed = execute_row(tenants, rules, row).await?;
        counter.add(executed.cells.len());
        Ok::<_, MatrixError>(executed)
    });
    let rows = rows.buffered(ROWS_AT_ONCE).try_collect().await?;
    Ok(Matrix { edition: edition.to_string(), rules: rules.to_string(), rows })
}

/// Returns the number of cells of an edition.
pub(crate) fn cells(rules: &Ruleset) -> usize {
    rules.edition().rows().len() * Credential::ALL.len()
}

async fn execute_row(tenants: &Tenants, rules: &Ruleset, row: Published) -> Result<MatrixRow, MatrixError> {
    let new = NewTenant {
        rules: Some(rules.to_string()),
        now: Some(BEGIN),
        speed: Some(Speed::FROZEN),
        bare: true,
        ..NewTenant::default()
    };
    let (tenant, credentials) = TemporaryTenant::create(tenants, new).await?;
    let executed = match Holder::new(tenants, credentials, row.event) {
        Ok(holder) => execute_cells(holder, rules, row).await,
        Err(error) => Err(error),
    };
    let deleted = tenant.delete().await;
    let executed = executed?;
    deleted?;
    Ok(executed)
}

async fn execute_cells(
    mut holder: Holder<'_>,
    rules: &Ruleset,
    row: Published,
) -> Result<MatrixRow, MatrixError> {
    holder.sign_in().await?;
    holder.wait(PAUSE).await?;
    let way = holder.cause(row.event).await?;
    holder.wait(PAUSE).await?;
    let mut cells = Vec::new();
    for credential in Credential::ALL {
        let (observed, code) = holder.use_credential(credential).await?;
        let verdict = holder.verdict(credential).await?;
        // A refusal for another reason than this row and column is not the published outcome.
        let by_this_cell = verdict
            .as_ref()
            .and_then(|verdict| verdict.revocation)
            .is_some_and(|cell| rules.row(cell.event).event == row.event && cell.credential == credential);
        let observed = match observed {
            Fate::Revoked if !by_this_cell => "failed",
            seen => seen.name(),
        };
        let expected = row.fate(credential).name();
        cells.push(Cell {
            credential: credential.to_string(),
            expected: expected.to_owned(),
            observed: observed.to_owned(),
            agrees: observed == expected,
            code: code.map(|code| format!("AADSTS{code}")),
            why: verdict.map(|verdict| verdict.explain()).unwrap_or_default(),
        });
    }
    Ok(MatrixRow { event: row.event.to_string(), title: row.title.to_owned(), way: way.to_owned(), cells })
}
