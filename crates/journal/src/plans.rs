//! By which indexes PostgreSQL reads lines.

use outlive_clock::Randomness;
use outlive_store::{Change, Statement, Value, sql};

use crate::lookup_sql::{AFTER, BEFORE, beginning_after, beginning_before, select_lines};
use crate::of_tenant::{
    copy_query, count_gaps, last_number_query, newest_before, newest_notable_before, oldest_after,
};
use crate::postgres_schema::Schema;
use crate::segments::select_existing;
use crate::simulation::{Line, index_some, insert, tenant, write};

/// The indexes of the journal and of the blocks, as plans name them.
const INDEXES: [&str; 6] = [
    "journal_closer_pkey",
    "journal_by_tenant",
    "journal_blocks_by_last",
    "journal_blocks_by_first",
    "journal_notable ",
    "journal_notable_by_kind ",
];

/// A query reads its lines by an index, not all lines of the tenant or of others, even with
/// statistics from when the table was small. The plan for that is not kept.
#[tokio::test]
async fn lines_are_read_by_an_index_on_postgres() {
    let Some(schema) = Schema::new("plans").await else { return };
    let store = &schema.store;
    let mut stream = Randomness::from_seed(3).stream("what happens");
    let (mut model, mut last) = (Vec::new(), 60);
    let (one, some) = (tenant(1), "[1,2,3]");
    let [by_number, by_tenant, by_last, by_first, of_notable, _] = INDEXES;
    let none = || Value::from(None::<&str>);
    let wanted = |first: &str| {
        let texts = vec![first.into(), one.into(), "token.refused".into(), none(), none(), none()];
        [texts, vec![0_i64.into(), None::<i64>.into()]].concat()
    };
    let beginning = || [wanted("0"), vec![1_i64.into(), 128_i64.into()]].concat();
    let of_block = |select| Statement::new(select, vec!["0".into(), 1_i64.into()]);
    // The plans of these may be kept, and those of the others are not.
    let kept = [
        (select_lines(wanted(some)), vec![by_number]),
        (of_block(AFTER), vec![by_last]),
        (of_block(BEFORE), vec![by_first]),
        (beginning_after(beginning()), vec![by_number, by_last]),
        (beginning_before(beginning()), vec![by_number, by_first]),
    ];
    let cases = [
        (select_existing(vec![some.into()]), vec![by_number]),
        (oldest_after(one, 1, 50), vec![by_tenant]),
        (newest_before(one, 10_000, 50), vec![by_tenant]),
        (newest_notable_before(one, 10_000, 50), vec![of_notable]),
        (newest_notable_before(one, 10_000, 1_000), vec![of_notable]),
        (last_number_query(one), vec![by_tenant]),
        (copy_query(one), vec![by_tenant]),
    ];
    // As many tenants as lines, which is what it expects of those that come.
    let mut change = Change::new();
    for number in 1..=60 {
        let (kind, subject, name) = ("token.refused", "user:1".to_owned(), "name".to_owned());
        change.append(insert(&Line { seq: number, tenant: tenant(number), kind, subject, name }));
    }
    store.commit(change).await.expect("is written");
    for (rounds, is_small) in [(0, true), (40, false), (1, false)] {
        for _ in 0..rounds {
            write(store, &mut model, &mut last, &mut stream).await;
            index_some(store).await;
        }
        for (statement, indexes) in kept.iter().chain(&cases) {
            let plan = store.plan(statement.clone()).await.expect("a plan");
            let is_right = |plan: &str| {
                let used: Vec<_> = INDEXES.into_iter().filter(|index| plan.contains(index)).collect();
                used == *indexes && !plan.contains("Seq Scan on journal ")
            };
            assert!(is_small || is_right(&plan), "{last} lines: {plan}");
            if kept.iter().any(|(kept, _)| std::ptr::eq(kept, statement)) {
                let plan = store.kept_plan(statement.clone()).await.expect("a plan");
                assert!(is_right(&plan), "{last} lines: {plan}");
            }
            for _ in 0..7 {
                store.rows(statement.clone()).await.expect("reads");
            }
        }
        let plan = store.plan(count_gaps(one)).await.expect("a plan");
        assert!(is_small || plan.contains(by_tenant), "{last} lines: {plan}");
        let analyze = sql!("ANALYZE journal, journal_blocks, journal_segments");
        store.commit(Change::from(analyze)).await.expect("is analyzed");
    }
    let kept = sql!(
        "SELECT statement FROM pg_prepared_statements WHERE statement ~ $1 AND statement !~ $2",
        "FROM journal WHERE .*(tenant|ANY)",
        r"tenant \|\| ''"
    );
    let kept = store.rows(kept).await.expect("reads");
    assert!(kept.is_empty(), "{:?}", kept[0].text("statement"));
    schema.drop().await;
}
