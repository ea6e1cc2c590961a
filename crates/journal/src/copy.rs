//! Copies of all journal lines of a tenant.

use std::collections::BTreeSet;

use outlive_clock::TenantId;
use outlive_store::{Change, Row, StoreError};
use serde::{Deserialize, Serialize};

use crate::entries::names_of;
use crate::event::stored_names;
use crate::journal::insert_line;
use crate::segments::delete_lines;

/// A journal line as it is stored, without its number.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedLine {
    at_us: i64,
    wall_us: i64,
    kind: String,
    subject: String,
    trace: String,
    data: String,
    notable: Option<i64>,
    /// The names under which the line is found.
    names: BTreeSet<String>,
}

/// Returns the lines, oldest first, from the result of [`copy_query`](crate::copy_query).
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn copied_lines(rows: &[Row]) -> Result<Vec<CopiedLine>, StoreError> {
    let line = |row: &Row| {
        Ok(CopiedLine {
            at_us: row.int("at_us")?,
            wall_us: row.int("wall_us")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            trace: row.text("trace")?,
            data: row.text("data")?,
            notable: row.opt_int("notable")?,
            names: names_of(row)?.into_iter().collect(),
        })
    };
    rows.iter().map(line).collect()
}

/// Returns the change that replaces all lines of a tenant.
///
/// The lines keep their order and get new numbers, higher than all in use: other tenants may have
/// been given the old numbers, and a feed that has passed them would miss what comes next.
#[must_use]
pub fn replace_lines(tenant: TenantId, lines: Vec<CopiedLine>) -> Change {
    let mut change = delete_lines(tenant);
    for line in lines {
        change.add(insert_line(vec![
            tenant.into(),
            line.at_us.into(),
            line.wall_us.into(),
            line.kind.into(),
            line.subject.into(),
            line.trace.into(),
            line.data.into(),
            line.notable.into(),
            stored_names(line.names.iter()).into(),
        ]));
    }
    change
}
