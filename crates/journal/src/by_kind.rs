//! Lines of a kind, or of all kinds with a prefix. Each kind has its place in an index, so that the
//! lines of a rare one are found however long the journal is.

use outlive_clock::TenantId;
use outlive_store::{Row, Statement, Store, StoreError, sql};

use crate::entries::Criterion;
use crate::index::Index;

/// Which lines of a kind are selected: those after a sequence number, the oldest first, or those
/// before one, the newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Range {
    After(i64),
    Before(i64),
}

macro_rules! select_of_kind {
    ($from:literal) => {
        concat!(
            "SELECT j.seq, j.tenant, at_us, wall_us, kind, subject, trace, data FROM journal_index i \
             JOIN journal j ON j.seq = i.seq WHERE i.tenant = $1 AND i.criterion = $2 AND i.value = $3 AND ",
            $from,
            " LIMIT $5"
        )
    };
}

/// The statement for the oldest lines, up to one that is indexed: of lines that are indexed between
/// two of its executions, some would be missing.
const AFTER: &str = select_of_kind!("i.seq > $4 AND i.seq <= $6 ORDER BY i.seq");
/// The statement for the newest lines, newest first.
const BEFORE: &str = select_of_kind!("i.seq < $4 ORDER BY i.seq DESC");

/// Reads lines of a kind, or of the kinds with a prefix that ends in a dot.
pub(crate) async fn rows_of_kind(
    store: &Store,
    index: &Index,
    tenant: TenantId,
    kind: &str,
    only_notable: bool,
    range: Range,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    index.complete().await?;
    let (statement, seq, through) = match range {
        Range::After(seq) => (AFTER, seq, Some(index.through().await?)),
        Range::Before(seq) => (BEFORE, seq, None),
    };
    let mut found = Vec::new();
    let criteria = [Criterion::NotableKind, Criterion::RoutineKind];
    for criterion in criteria.into_iter().take(if only_notable { 1 } else { 2 }) {
        for kind in kinds(store, tenant, criterion, kind).await? {
            let mut values = vec![tenant.into(), criterion.into(), kind.into(), seq.into(), limit.into()];
            values.extend(through.map(Into::into));
            for row in store.rows(Statement::new(statement, values)).await? {
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
async fn kinds(
    store: &Store,
    tenant: TenantId,
    criterion: Criterion,
    wanted: &str,
) -> Result<Vec<String>, StoreError> {
    if !wanted.ends_with('.') {
        return Ok(vec![wanted.to_owned()]);
    }
    let select = sql!(
        "WITH RECURSIVE known (kind) AS (\
         SELECT MIN(value) FROM journal_index WHERE tenant = $1 AND criterion = $2 UNION ALL \
         SELECT (SELECT MIN(i.value) FROM journal_index i \
         WHERE i.tenant = $1 AND i.criterion = $2 AND i.value > known.kind) \
         FROM known WHERE known.kind IS NOT NULL) SELECT kind FROM known WHERE kind IS NOT NULL",
        tenant,
        criterion
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
        for select in [AFTER, BEFORE] {
            let explain: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {select}").into_boxed_str());
            let values: Vec<Value> =
                vec!["t".into(), 1_i64.into(), "k".into(), 1_i64.into(), 1_u32.into(), 1_i64.into()];
            let plan = store.rows(Statement::new(explain, values)).await.expect("a plan");
            let plan: Vec<_> = plan.iter().map(|row| row.text("detail").expect("a text")).collect();
            let by_kind = "PRIMARY KEY (tenant=? AND criterion=? AND value=? AND seq";
            assert!(plan.len() == 2 && plan[0].contains(by_kind), "{select}: {plan:?}");
            assert!(plan[1].contains("PRIMARY KEY (rowid=?)"), "{select}: {plan:?}");
        }
        store.close().await;
    }
}
