//! What lookups read, in SQL.
//!
//! PostgreSQL keeps the plan of a statement, so none of these must have a plan that is right for
//! few lines only: lines are selected by their numbers, and no index of tenants can be used.

use outlive_store::{Statement, Value};

/// Selects, of a segment, the block with the first entry after a key.
macro_rules! block_after {
    () => {
        "(SELECT entries FROM journal_blocks b WHERE b.segment = s.number AND b.last >= $1 \
         ORDER BY b.last LIMIT 1) AS entries"
    };
}

/// Selects, of a segment, the block with the last entry before a key.
macro_rules! block_before {
    () => {
        "(SELECT entries FROM journal_blocks b WHERE b.segment = s.number AND b.first <= $1 \
         ORDER BY b.first DESC LIMIT 1) AS entries"
    };
}

/// Selects, of each segment with lines after a number ($2), the block with the first entry after a
/// key ($1).
pub(crate) const AFTER: &str = concat!(
    "SELECT ",
    block_after!(),
    " FROM journal_segments s WHERE s.through_seq > $2 ORDER BY s.after_seq"
);

/// Selects, of each segment with lines before a number ($2), the block with the last entry before a
/// key ($1).
pub(crate) const BEFORE: &str = concat!(
    "SELECT ",
    block_before!(),
    " FROM journal_segments s WHERE s.after_seq < $2 ORDER BY s.after_seq DESC"
);

/// What lines must have ($2 to $8), with the tenant in a form that no index has.
macro_rules! wanted {
    ($tenant:literal) => {
        concat!(
            $tenant,
            " = $2 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR substr(kind, 1, length($4)) = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR subject = $5) AND (CAST($6 AS TEXT) IS NULL OR trace = $6) \
             AND (CAST($7 AS BIGINT) = 0 OR notable = 1) AND (CAST($8 AS BIGINT) IS NULL OR at_us < $8)"
        )
    };
}

/// Selects blocks as [`AFTER`] or [`BEFORE`], with how far lines are indexed; and of the next lines
/// ($10), which are not in the index, those that have what is wanted.
macro_rules! beginning {
    ($block:expr, $segments:literal, $tenant:literal) => {
        concat!(
            "SELECT ",
            $block,
            ", s.after_seq, i.through, (SELECT COALESCE(MAX(seq), 0) FROM journal) AS last, \
             CAST(NULL AS BIGINT) AS seq, CAST(NULL AS TEXT) AS tenant, CAST(NULL AS BIGINT) AS at_us, \
             CAST(NULL AS BIGINT) AS wall_us, CAST(NULL AS TEXT) AS kind, CAST(NULL AS TEXT) AS subject, \
             CAST(NULL AS TEXT) AS trace, CAST(NULL AS TEXT) AS data, CAST(NULL AS TEXT) AS names \
             FROM journal_indexed i LEFT JOIN journal_segments s ON ",
            $segments,
            " UNION ALL SELECT NULL, NULL, NULL, NULL, \
             seq, tenant, at_us, wall_us, kind, subject, trace, data, names FROM journal \
             WHERE seq > (SELECT through FROM journal_indexed) \
             AND seq <= (SELECT through FROM journal_indexed) + $10 AND ",
            wanted!($tenant)
        )
    };
}

const BEGINNING_AFTER: [&str; 2] = [
    beginning!(block_after!(), "s.through_seq > $9", "CAST(tenant AS TEXT)"),
    beginning!(block_after!(), "s.through_seq > $9", "(tenant || '')"),
];
const BEGINNING_BEFORE: [&str; 2] = [
    beginning!(block_before!(), "s.after_seq < $9", "CAST(tenant AS TEXT)"),
    beginning!(block_before!(), "s.after_seq < $9", "(tenant || '')"),
];

const LINES: [&str; 2] = [
    concat!(
        "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data, names FROM journal \
         WHERE seq IN (SELECT value FROM json_each($1)) AND ",
        wanted!("CAST(tenant AS TEXT)"),
        " ORDER BY seq"
    ),
    // One by one: a join could be with all lines.
    concat!(
        "SELECT line.* FROM json_array_elements_text(CAST($1 AS JSON)) AS number CROSS JOIN LATERAL \
         (SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data, names FROM journal \
         WHERE seq = CAST(number AS BIGINT) AND ",
        wanted!("(tenant || '')"),
        " LIMIT 1) AS line ORDER BY seq"
    ),
];

fn select([on_sqlite, on_postgres]: [&'static str; 2], values: Vec<Value>) -> Statement {
    Statement::new(on_sqlite, values).on_postgres(on_postgres)
}

/// Selects blocks after a key ($1), of segments with lines after a number ($9), and lines that are
/// not in the index ($2 to $8 and $10).
pub(crate) fn beginning_after(values: Vec<Value>) -> Statement {
    select(BEGINNING_AFTER, values)
}

/// Selects blocks before a key ($1), of segments with lines before a number ($9), and lines that
/// are not in the index ($2 to $8 and $10).
pub(crate) fn beginning_before(values: Vec<Value>) -> Statement {
    select(BEGINNING_BEFORE, values)
}

/// Selects lines by their numbers, a JSON array ($1), and what they must have ($2 to $8).
pub(crate) fn select_lines(values: Vec<Value>) -> Statement {
    select(LINES, values)
}

#[cfg(test)]
mod tests {
    use outlive_store::{DatabaseUrl, Store};

    use super::*;

    /// Without the index, the plan scans a table.
    #[tokio::test]
    async fn every_statement_looks_up_its_block_or_line_by_an_index() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
        let store = Store::open(&url, "case", &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
        let (last, first) = (
            "SEARCH b USING INDEX journal_blocks_by_last (segment=? AND last>?)",
            "SEARCH b USING INDEX journal_blocks_by_first (segment=? AND first<?)",
        );
        let range = "SEARCH journal USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
        let nothing = || Value::from(None::<&str>);
        let wanted = || vec!["t".into(), nothing(), nothing(), nothing(), nothing(), 0_i64.into(), nothing()];
        let key = || vec![Value::from("0")];
        let beginning = || [key(), wanted(), vec![1_i64.into(), 100_i64.into()]].concat();
        let cases = [
            (Statement::new(AFTER, vec!["0".into(), 1_i64.into()]), vec![last]),
            (Statement::new(BEFORE, vec!["0".into(), 1_i64.into()]), vec![first]),
            (beginning_after(beginning()), vec![last, range]),
            (beginning_before(beginning()), vec![first, range]),
            (
                select_lines([vec!["[1]".into()], wanted()].concat()),
                vec!["SEARCH journal USING INTEGER PRIMARY KEY (rowid=?)"],
            ),
        ];
        for (statement, searches) in cases {
            let plan = store.plan(statement).await.expect("a plan");
            for search in searches {
                assert!(plan.contains(search), "{plan}");
            }
            assert!(!plan.contains("SCAN b") && !plan.contains("SCAN journal\n"), "{plan}");
        }
        store.close().await;
    }
}
