//! Copies of all journal lines of a tenant.

use outlive_clock::TenantId;
use outlive_store::{Change, Row, Statement, StoreError, sql};
use serde::{Deserialize, Serialize};

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
    names: Vec<String>,
}

/// Returns the queries for all lines of a tenant and for their names, which must see one state.
#[must_use]
pub fn copy_queries(tenant: TenantId) -> [Statement; 2] {
    [
        sql!(
            "SELECT seq, at_us, wall_us, kind, subject, trace, data, notable FROM journal \
             WHERE tenant = $1 ORDER BY seq",
            tenant
        ),
        sql!("SELECT seq, name FROM journal_names WHERE tenant = $1 ORDER BY seq, name", tenant),
    ]
}

/// Returns the lines, oldest first, from the results of [`copy_queries`].
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn copied_lines(lines: &[Row], names: &[Row]) -> Result<Vec<CopiedLine>, StoreError> {
    let names: Vec<_> = names
        .iter()
        .map(|row| Ok((row.int("seq")?, row.text("name")?)))
        .collect::<Result<_, StoreError>>()?;
    let line = |row: &Row| {
        let seq = row.int("seq")?;
        let first = names.partition_point(|(of, _)| *of < seq);
        let of_line = names[first..].iter().take_while(|(of, _)| *of == seq);
        Ok(CopiedLine {
            at_us: row.int("at_us")?,
            wall_us: row.int("wall_us")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            trace: row.text("trace")?,
            data: row.text("data")?,
            notable: row.opt_int("notable")?,
            names: of_line.map(|(_, name)| name.clone()).collect(),
        })
    };
    lines.iter().map(line).collect()
}

/// Returns the change that replaces all lines of a tenant.
///
/// The lines keep their order and get new numbers, higher than all in use: other tenants may have
/// been given the old numbers, and a feed that has passed them would miss what comes next.
#[must_use]
pub fn replace_lines(tenant: TenantId, lines: Vec<CopiedLine>) -> Change {
    // The highest number stays in use until the others are given, so that it is not given twice.
    let mut change = Change::from(sql!(
        "UPDATE journal SET tenant = '' WHERE tenant = $1 AND seq = (SELECT MAX(seq) FROM journal)",
        tenant
    ));
    change.add(sql!("DELETE FROM journal_names WHERE tenant = $1", tenant));
    change.add(sql!("DELETE FROM journal WHERE tenant = $1", tenant));
    for line in lines {
        change.add(sql!(
            "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, notable) \
             VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM journal), $1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            line.at_us,
            line.wall_us,
            line.kind,
            line.subject,
            line.trace,
            line.data,
            line.notable
        ));
        for name in line.names {
            change.add(sql!(
                "INSERT INTO journal_names (tenant, name, seq) \
                 VALUES ($1, $2, (SELECT MAX(seq) FROM journal))",
                tenant,
                name
            ));
        }
    }
    change.add(sql!("DELETE FROM journal WHERE tenant = ''"));
    change
}
