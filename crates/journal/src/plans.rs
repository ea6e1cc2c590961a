//! By which indexes PostgreSQL reads lines.

use outlive_clock::Randomness;
use outlive_store::{Change, Statement, Value, sql};

use crate::lookup::{AFTER, BEFORE, select_lines};
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
    let of_lines = vec![some.into(), one.into(), "token.refused".into(), none(), none(), none()];
    let of_lines = [of_lines, vec![0_i64.into(), None::<i64>.into()]].concat();
    let of_block = |select| Statement::new(select, vec!["0".into(), 1_i64.into()]);
    let cases = [
        (select_lines(of_lines), by_number),
        (select_existing(vec![some.into()]), by_number),
        (of_block(AFTER), by_last),
        (of_block(BEFORE), by_first),
        (oldest_after(one, 1, 50), by_tenant),
        (newest_before(one, 10_000, 50), by_tenant),
        (newest_notable_before(one, 10_000, 50), of_notable),
        (newest_notable_before(one, 10_000, 1_000), of_notable),
        (last_number_query(one), by_tenant),
        (copy_query(one), by_tenant),
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
        for (statement, index) in &cases {
            let plan = store.plan(statement.clone()).await.expect("a plan");
            let used: Vec<_> = INDEXES.into_iter().filter(|index| plan.contains(index)).collect();
            assert!(is_small || used == [*index], "{last} lines: {plan}");
            assert!(!plan.contains("Seq Scan on journal "), "{last} lines: {plan}");
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
        "SELECT statement FROM pg_prepared_statements WHERE statement ~ $1",
        "FROM journal WHERE .*(tenant|ANY)"
    );
    let kept = store.rows(kept).await.expect("reads");
    assert!(kept.is_empty(), "{:?}", kept[0].text("statement"));
    schema.drop().await;
}
