//! Seals stored texts again, after the sealing key of a service was replaced.

use outlive_clock::{Stream, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError};
use outlive_tokens::{Sealer, SigningKey};
use serde_json::{Value, json};

use crate::Problem;

/// How many rows are read at once.
const ROWS: i64 = 200;
/// The maximum number of texts that the log names.
const LOGGED_MAX: u64 = 100;

/// What happened to the sealed texts of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many were sealed again.
    pub resealed: u64,
    /// How many do not open with any key, and remain as they are.
    pub unreadable: u64,
}

/// What a text was sealed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedFor {
    /// This purpose.
    Purpose(String),
    /// A signing key with its certificate.
    SigningKey,
}

impl SealedFor {
    fn text(&self) -> &str {
        match self {
            Self::Purpose(purpose) => purpose,
            Self::SigningKey => SigningKey::SEALED_FOR,
        }
    }
}

/// A place in a table: the tenant and the key of a row.
pub type RowPlace = (String, String);

/// A column with sealed texts, made by [`sealed_column!`](crate::sealed_column).
#[derive(Debug)]
pub struct SealedColumn {
    /// What the texts are, in words.
    #[doc(hidden)]
    pub what: &'static str,
    /// The table and the column.
    #[doc(hidden)]
    pub table: &'static str,
    #[doc(hidden)]
    pub column: &'static str,
    /// The column that names what the purpose depends on, or several with `|| '/' ||` in between.
    #[doc(hidden)]
    pub named: &'static str,
    /// Reads some rows after a place, with the columns `tenant`, `key`, `named` and `sealed`.
    #[doc(hidden)]
    pub select: fn(&RowPlace, i64) -> Statement,
    /// Replaces a text by another: `(new, place, old)`. Does nothing if it has changed.
    #[doc(hidden)]
    pub update: fn(String, &RowPlace, &str) -> Statement,
    /// Returns what a text was sealed for, from the tenant and what `named` names.
    #[doc(hidden)]
    pub purpose: fn(TenantId, &str) -> Option<SealedFor>,
    /// The member with the sealed text, if the column contains JSON objects. Others are not sealed.
    #[doc(hidden)]
    pub member: Option<&'static str>,
}

/// Describes a column: what its texts are; table, key, name for the purpose and column in SQL; and
/// the purpose of a text. A key that consists of several columns is an expression.
#[macro_export]
macro_rules! sealed_column {
    ($what:literal, $table:literal, $key:literal, $named:literal, $column:literal, $purpose:expr) => {
        $crate::SealedColumn {
            what: $what,
            table: $table,
            column: $column,
            named: $named,
            select: |after, limit| {
                let text = concat!(
                    "SELECT tenant, ",
                    $key,
                    " AS key, ",
                    $named,
                    " AS named, ",
                    $column,
                    " AS sealed FROM ",
                    $table,
                    " WHERE ",
                    $column,
                    " IS NOT NULL AND (tenant > $1 OR (tenant = $1 AND ",
                    $key,
                    " > $2)) ORDER BY tenant, ",
                    $key,
                    " LIMIT $3"
                );
                let values = vec![after.0.as_str().into(), after.1.as_str().into(), limit.into()];
                outlive_store::Statement::new(text, values)
            },
            update: |new, row, old| {
                let text = concat!(
                    "UPDATE ",
                    $table,
                    " SET ",
                    $column,
                    " = $1 WHERE tenant = $2 AND ",
                    $key,
                    " = $3 AND ",
                    $column,
                    " = $4"
                );
                let values = vec![new.into(), row.0.as_str().into(), row.1.as_str().into(), old.into()];
                outlive_store::Statement::new(text, values)
            },
            purpose: $purpose,
            member: None,
        }
    };
}

impl SealedColumn {
    /// The column contains JSON objects, of which this member is sealed.
    #[must_use]
    pub const fn in_member(self, member: &'static str) -> Self {
        Self { member: Some(member), ..self }
    }

    /// The columns whose texts, with `/` in between, name what the purpose depends on.
    pub(crate) fn named_by(&self) -> impl Iterator<Item = &'static str> {
        self.named.split(" || '/' || ")
    }

    /// Opens the sealed text of what is stored. `None` if it is not sealed, or no key opens it.
    pub(crate) fn open(
        &self,
        sealer: &Sealer,
        tenant: TenantId,
        named: &str,
        stored: &str,
    ) -> Option<Vec<u8>> {
        let purpose = (self.purpose)(tenant, named)?;
        sealer.open(purpose.text(), &self.sealed_text(stored)?)
    }

    /// Returns what is stored of a text that was opened. `None` if nothing knows what it is for.
    pub(crate) fn seal(
        &self,
        sealer: &Sealer,
        tenant: TenantId,
        named: &str,
        (plain, stream): (&[u8], &mut Stream),
    ) -> Option<String> {
        let purpose = (self.purpose)(tenant, named)?;
        Some(self.stored(sealer.seal(purpose.text(), plain, stream)))
    }

    /// Returns the sealed text of what is stored.
    fn sealed_text(&self, stored: &str) -> Option<String> {
        let Some(member) = self.member else { return Some(stored.to_owned()) };
        let mut document: Value = serde_json::from_str(stored).ok()?;
        match document.get_mut(member)?.take() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns what is stored of a sealed text.
    fn stored(&self, sealed: String) -> String {
        match self.member {
            Some(member) => json!({ member: sealed }).to_string(),
            None => sealed,
        }
    }
}

/// Seals again every text in `columns` that is not sealed with the key of now. `stream` returns the
/// randomness of a tenant.
///
/// # Errors
/// When the database fails.
pub async fn reseal_columns(
    store: &Store,
    sealer: &Sealer,
    columns: &[SealedColumn],
    stream: impl Fn(TenantId) -> Stream,
) -> Result<Resealed, Problem> {
    let mut count = Resealed::default();
    for column in columns {
        let mut after = RowPlace::default();
        loop {
            let rows = store.rows((column.select)(&after, ROWS)).await?;
            let Some(last) = rows.last() else { break };
            after = place(last)?;
            let mut change = Change::new();
            for row in &rows {
                let stored = row.text("sealed")?;
                let Some(old) = column.sealed_text(&stored) else { continue };
                let tenant: TenantId = row.parse("tenant")?;
                match reseal(sealer, (column.purpose)(tenant, &row.text("named")?), &old, || stream(tenant)) {
                    Outcome::Current => {}
                    Outcome::Resealed(new) => {
                        change.add((column.update)(column.stored(new), &place(row)?, &stored));
                        count.resealed += 1;
                    }
                    Outcome::Unreadable => {
                        if count.unreadable < LOGGED_MAX {
                            let (what, name) = (column.what, row.text("key")?);
                            tracing::warn!(%tenant, name, "{what} cannot be unsealed and has to be replaced");
                        }
                        count.unreadable += 1;
                    }
                }
            }
            store.commit(change).await?;
        }
    }
    Ok(count)
}

fn place(row: &Row) -> Result<RowPlace, StoreError> {
    Ok((row.text("tenant")?, row.text("key")?))
}

enum Outcome {
    Current,
    Resealed(String),
    /// No key opens it, or nothing knows what it was sealed for.
    Unreadable,
}

fn reseal(
    sealer: &Sealer,
    purpose: Option<SealedFor>,
    old: &str,
    stream: impl FnOnce() -> Stream,
) -> Outcome {
    let Some(purpose) = purpose else { return Outcome::Unreadable };
    if sealer.is_current(old) {
        let opens = match &purpose {
            SealedFor::Purpose(purpose) => sealer.open(purpose, old).is_some(),
            SealedFor::SigningKey => SigningKey::unsealed(sealer, old).is_ok(),
        };
        return if opens { Outcome::Current } else { Outcome::Unreadable };
    }
    let new = match &purpose {
        SealedFor::Purpose(purpose) => sealer.reseal(purpose, old, &mut stream()),
        SealedFor::SigningKey => SigningKey::resealed(sealer, old, &mut stream()),
    };
    new.map_or(Outcome::Unreadable, Outcome::Resealed)
}
