//! The matrix of credentials: every cell of an edition of the published table, brought about for real and compared with it.
//!
//! Each row gets a tenant of its own, thrown away afterwards: a person signs in with a password and with a passkey, to a public
//! and to a confidential client; the row's event happens; each of the five credentials is used.

mod event;
mod holder;
mod html;
mod text;
mod throw_away;

use futures::stream::{StreamExt, TryStreamExt, iter};
use outlive_clock::{Instant, Span, Speed};
use outlive_rules::{Credential, Event, Fate, Row as Published, Ruleset};
use serde::{Deserialize, Serialize};

use crate::browser::BrowserError;
use crate::http::CallError;
use crate::oauth_client::OAuthError;
use crate::tenants::{NewTenant, TenantError, Tenants};
use holder::Holder;
use throw_away::ThrowAway;

/// Rows played at once: each hashes some passwords, which is what takes the time.
const ROWS_AT_ONCE: usize = 4;
/// When the tenants' time begins (virtual): any instant would do, and this one makes runs comparable.
const BEGIN: Instant = Instant::from_seconds(1_767_600_000);
/// Between sign-in and event, and between event and use (virtual). Cut-offs count whole seconds.
const PAUSE: Span = Span::from_minutes(10);

/// An edition, as it was found to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Matrix {
    /// The edition that it is compared with.
    pub edition: String,
    /// The rules that the tenants lived by: the edition, with any cells changed on purpose.
    pub rules: String,
    /// Its rows, in the order of the page.
    pub rows: Vec<MatrixRow>,
}

/// What followed an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MatrixRow {
    /// The row's name.
    pub event: String,
    /// Its title on the page.
    pub title: String,
    /// By which way it was brought about.
    pub way: String,
    /// Its cells, from left to right.
    pub cells: Vec<Cell>,
}

/// What became of one credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// The column's name.
    pub credential: String,
    /// What the page says: `alive` or `revoked`.
    pub expected: String,
    /// What was seen: `alive` or `revoked`; `failed` if it was refused for another reason than this row and column.
    pub observed: String,
    /// Whether they are the same.
    pub agrees: bool,
    /// With which code it was refused (`AADSTS50173`).
    pub code: Option<String>,
    /// Why, in words.
    pub why: String,
}

/// A row could not be played.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// A tenant could not be made, moved or removed.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The seed has no such user or application.
    #[error("the matrix needs {0}, which the tenants' seed does not have")]
    Seed(&'static str),
    /// A page could not be got past.
    #[error("in row {row}: {error}")]
    Browser {
        /// The row.
        row: Event,
        /// What stopped it.
        error: BrowserError,
    },
    /// A sign-in failed.
    #[error("in row {row}: {error}")]
    OAuth {
        /// The row.
        row: Event,
        /// What stopped it.
        error: OAuthError,
    },
    /// A service did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A tenant's creation panicked, or the program is ending.
    #[error("the creation of a throw-away tenant was interrupted")]
    Interrupted,
}

impl Matrix {
    /// Whether every cell is as published, and there is one at all.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let (cells, agreeing) = self.count();
        cells > 0 && cells == agreeing
    }

    /// How many cells there are, and how many of them are as published.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        (cells().count(), cells().filter(|cell| cell.agrees).count())
    }
}

impl Cell {
    /// The column's title on the page.
    #[must_use]
    pub fn title(&self) -> &str {
        match self.credential.parse::<Credential>() {
            Ok(credential) => credential.title(),
            Err(_) => &self.credential,
        }
    }
}

/// Plays every cell of the edition that `rules` begins with, in tenants that live by `rules`.
///
/// Dropping the future ends the execution; the tenants are deleted all the same.
///
/// # Errors
/// A row could not be played to its end: a service did not answer, or refused what it should grant.
pub async fn credentials(tenants: &Tenants, rules: &Ruleset) -> Result<Matrix, MatrixError> {
    let edition = rules.edition();
    let rows = iter(edition.rows().iter().copied()).map(|row| play(tenants, rules, row));
    let rows = rows.buffered(ROWS_AT_ONCE).try_collect().await?;
    Ok(Matrix { edition: edition.to_string(), rules: rules.to_string(), rows })
}

async fn play(tenants: &Tenants, rules: &Ruleset, row: Published) -> Result<MatrixRow, MatrixError> {
    let new = NewTenant {
        rules: Some(rules.to_string()),
        now: Some(BEGIN),
        speed: Some(Speed::FROZEN),
        bare: true,
        ..NewTenant::default()
    };
    let (throw_away, handout) = ThrowAway::create(tenants, new).await?;
    let played = match Holder::new(tenants, handout, row.event) {
        Ok(holder) => played(holder, rules, row).await,
        Err(error) => Err(error),
    };
    // Whatever came of it: nothing of it stays.
    let deleted = throw_away.delete().await;
    let played = played?;
    deleted?;
    Ok(played)
}

async fn played(mut holder: Holder<'_>, rules: &Ruleset, row: Published) -> Result<MatrixRow, MatrixError> {
    holder.sign_in().await?;
    holder.wait(PAUSE).await?;
    let way = holder.happens(row.event).await?;
    holder.wait(PAUSE).await?;
    let mut cells = Vec::new();
    for credential in Credential::ALL {
        let (observed, code) = holder.uses(credential).await?;
        let verdict = holder.verdict(credential).await?;
        // Refused for another reason than this row and column is not what the page means.
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
