//! Lines of a kind, or of all kinds with a prefix. Each kind has its place in an index, so that the
//! lines of a rare one are found however long the journal is.

use outlive_clock::TenantId;
use outlive_store::{Row, Statement, Store, StoreError, sql};

/// Which lines of a kind are selected: those after a sequence number, the oldest first, or those
/// before one, the newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Range {
    After(i64),
    Before(i64),
}

macro_rules! select_of_kind {
    ($notable:literal, $from:literal) => {
        concat!(
            "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
             WHERE tenant = $1 AND kind = $2 AND ",
            $notable,
            " AND ",
            $from,
            " LIMIT $4"
        )
    };
}

/// The statements for notable lines and for others, oldest first.
const AFTER: [&str; 2] = [
    select_of_kind!("notable = 1", "seq > $3 ORDER BY seq"),
    select_of_kind!("notable IS NULL", "seq > $3 ORDER BY seq"),
];
/// The same, newest first.
const BEFORE: [&str; 2] = [
    select_of_kind!("notable = 1", "seq < $3 ORDER BY seq DESC"),
    select_of_kind!("notable IS NULL", "seq < $3 ORDER BY seq DESC"),
];

/// Reads lines of a kind, or of the kinds with a prefix that ends in a dot.
pub(crate) async fn rows_of_kind(
    store: &Store,
    tenant: TenantId,
    kind: &str,
    only_notable: bool,
    range: Range,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let (statements, seq) = match range {
        Range::After(seq) => (AFTER, seq),
        Range::Before(seq) => (BEFORE, seq),
    };
    let mut found = Vec::new();
    for kind in kinds(store, tenant, kind).await? {
        for select in statements.into_iter().take(if only_notable { 1 } else { 2 }) {
            let values = vec![tenant.into(), kind.as_str().into(), seq.into(), limit.into()];
            for row in store.rows(Statement::new(select, values)).await? {
                found.push((row.int("seq")?, row));
            }
        }
    }
    match range {
        Range::After(_) => found.sort_by_key(|(seq, _)| *seq),
        Range::Before(_) => found.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq)),
    }
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// Returns the kinds of a tenant's lines that a criterion selects. The index is read once for
/// each kind of the tenant, of which there are few.
async fn kinds(store: &Store, tenant: TenantId, wanted: &str) -> Result<Vec<String>, StoreError> {
    if !wanted.ends_with('.') {
        return Ok(vec![wanted.to_owned()]);
    }
    let select = sql!(
        "WITH RECURSIVE known (kind) AS (SELECT MIN(kind) FROM journal WHERE tenant = $1 UNION ALL \
         SELECT (SELECT MIN(j.kind) FROM journal j WHERE j.tenant = $1 AND j.kind > known.kind) \
         FROM known WHERE known.kind IS NOT NULL) SELECT kind FROM known WHERE kind IS NOT NULL",
        tenant
    );
    let rows = store.rows(select).await?;
    let mut kinds = rows.iter().map(|row| row.text("kind")).collect::<Result<Vec<_>, _>>()?;
    kinds.retain(|kind| kind.starts_with(wanted));
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use outlive_store::{DatabaseUrl, Value};

    use super::*;

    /// Without the index, or with one that another criterion comes first in, the plan names another
    /// one or none.
    #[tokio::test]
    async fn every_statement_looks_its_kind_up_in_the_index() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
        let store = Store::open(&url, "case", &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
        for select in AFTER.into_iter().chain(BEFORE) {
            let explain: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {select}").into_boxed_str());
            let values: Vec<Value> = vec!["t".into(), "k".into(), 1_i64.into(), 1_u32.into()];
            let plan = store.rows(Statement::new(explain, values)).await.expect("a plan");
            let plan: Vec<_> = plan.iter().map(|row| row.text("detail").expect("a text")).collect();
            let by_kind = "INDEX journal_by_kind (tenant=? AND kind=? AND notable=? AND seq";
            assert!(plan.len() == 1 && plan[0].contains(by_kind), "{select}: {plan:?}");
        }
        store.close().await;
    }
}
