//! The index beside a model of it, whatever happens in between.

use outlive_clock::{Instant, Randomness, Stream, TenantId};
use outlive_store::{Change, DatabaseUrl, Store, sql};

use crate::entries::Entry;
use crate::index::{Limits, next_segment};
use crate::journal::insert_line;
use crate::lookup::{Lookup, Range, Wanted};
use crate::merge::next_step;
use crate::postgres_schema::Schema;
use crate::segments::{State, delete_lines};

const SMALL: Limits = Limits { lines: 500, small: 2, blocks: 2 };

/// A line of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) seq: i64,
    pub(crate) tenant: TenantId,
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) name: String,
}

async fn store(directory: &tempfile::TempDir, steps: usize) -> Store {
    let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
    Store::open(&url, "case", &[("journal", &crate::MIGRATIONS[..steps])]).await.expect("opens")
}

async fn state(store: &Store) -> State {
    State::read(store).await.expect("reads").with_segments(store).await.expect("reads")
}

pub(crate) async fn index_some(store: &Store) {
    let change = next_segment(store, &state(store).await, SMALL).await.expect("reads");
    store.commit(change).await.expect("is indexed");
}

/// Merges until there are few segments. Returns the number of steps.
async fn merge_all(store: &Store) -> usize {
    for steps in 0.. {
        match next_step(store, &state(store).await, SMALL.blocks).await.expect("reads") {
            Some(change) => store.commit(change).await.expect("is merged"),
            None => return steps,
        }
    }
    unreachable!("there are always more numbers")
}

pub(crate) fn tenant(number: i64) -> TenantId {
    TenantId::generate(&mut Randomness::from_seed(number.unsigned_abs()).stream("tenant"))
}

pub(crate) fn insert(line: &Line) -> Change {
    let names = serde_json::json!([line.name]).to_string();
    let notable = (line.kind == "token.refused").then_some(1_i64);
    Change::from(insert_line(vec![
        line.tenant.into(),
        line.seq.into(),
        line.seq.into(),
        line.kind.into(),
        line.subject.clone().into(),
        "t".into(),
        "{}".into(),
        notable.into(),
        names.into(),
    ]))
}

/// Writes lines of two tenants.
pub(crate) async fn write(store: &Store, model: &mut Vec<Line>, last: &mut i64, stream: &mut Stream) {
    let mut change = Change::new();
    for _ in 0..stream.between(1, 400) {
        *last += 1;
        let line = Line {
            seq: *last,
            tenant: tenant(stream.between(1, 2)),
            kind: ["token.issued", "token.refused", "run.finished"][stream.between(0, 2) as usize],
            subject: format!("user:{}", stream.between(0, 5)),
            name: format!("name {last}"),
        };
        change.append(insert(&line));
        model.push(line);
    }
    store.commit(change).await.expect("is written");
}

/// Compares what lookups find with what the model has.
async fn compare(store: &Store, model: &[Line], stream: &mut Stream) {
    let tenant = tenant(stream.between(1, 2));
    let name = format!("name {}", stream.between(0, model.last().map_or(1, |line| line.seq)));
    let (kind, limit) =
        (["token.", "token.refused"][stream.between(0, 1) as usize], stream.between(1, 1_500));
    let last = model.last().map_or(0, |line| line.seq);
    let from = stream.between(0, 1 + last);
    let wanted = [
        Wanted { kind: Some(kind), ..Wanted::default() },
        Wanted { kind: Some("token."), notable: true, ..Wanted::default() },
        Wanted { subject: Some("user:3"), ..Wanted::default() },
        Wanted { subject: Some("user:3"), kind: Some(kind), ..Wanted::default() },
        Wanted { name: Some(&name), ..Wanted::default() },
        Wanted { trace: Some("t"), subject: Some("user:0"), ..Wanted::default() },
        Wanted { kind: Some(kind), before: Some(Instant::from_micros(from)), ..Wanted::default() },
    ];
    for wanted in wanted {
        let has_all = |line: &&Line| {
            line.tenant == tenant
                && wanted.kind.is_none_or(|kind| line.kind.starts_with(kind))
                && wanted.subject.is_none_or(|subject| line.subject == subject)
                && wanted.name.is_none_or(|name| line.name == name)
                && (!wanted.notable || line.kind == "token.refused")
                && wanted.before.is_none_or(|before| line.seq < before.as_micros())
        };
        let numbers = || model.iter().filter(has_all).map(|line| line.seq);
        let limit = usize::try_from(limit).expect("small");
        let after: Vec<_> = numbers().filter(|seq| *seq > from).take(limit).collect();
        let before: Vec<_> = numbers().rev().filter(|seq| *seq < from).take(limit).collect();
        for (range, expected) in [(Range::After(from), after), (Range::Before(from), before)] {
            let limit = u32::try_from(limit).expect("small");
            let lookup = Lookup::new(store, tenant, wanted, range).expect("has a criterion");
            let beginning = lookup.begin(i64::MAX / 2).await.expect("reads");
            let rows = lookup.rows(beginning, limit).await.expect("reads");
            let found: Vec<_> = rows.iter().map(|row| row.int("seq").expect("a number")).collect();
            assert_eq!(found, expected, "{wanted:?} {range:?} {limit}");
        }
    }
}

/// A step of a merge can be the last of its process: each is followed by queries and by others.
#[tokio::test]
async fn every_line_is_found_whatever_happens_in_between() {
    for seed in 0..4 {
        let directory = tempfile::tempdir().expect("a directory");
        let store = store(&directory, crate::MIGRATIONS.len()).await;
        let mut stream = Randomness::from_seed(seed).stream("what happens");
        let (mut model, mut last, mut merges) = (Vec::new(), 0, 0);
        for _ in 0..90 {
            let before = state(&store).await;
            match stream.between(0, 9) {
                0..=2 => write(&store, &mut model, &mut last, &mut stream).await,
                3..=5 if before.through < before.last => {
                    index_some(&store).await;
                }
                6..=8 => {
                    if let Some(change) = next_step(&store, &before, SMALL.blocks).await.expect("reads") {
                        merges += 1;
                        store.commit(change).await.expect("is merged");
                    }
                }
                _ if stream.between(0, 4) == 0 => {
                    let stale = next_step(&store, &before, SMALL.blocks).await.expect("reads");
                    let gone = tenant(stream.between(1, 2));
                    store.commit(delete_lines(gone)).await.expect("is deleted");
                    model.retain(|line: &Line| line.tenant != gone);
                    if let Some(change) = stale {
                        let error = store.commit(change).await.expect_err("it was too slow");
                        assert!(error.is_conflict(), "{error}");
                    }
                }
                _ => {}
            }
            compare(&store, &model, &mut stream).await;
        }
        assert!(merges > 10, "{merges} steps");
        store.close().await;
    }
}

/// Twice as many blocks in each segment as in the next one.
#[tokio::test]
async fn there_are_few_segments_and_nothing_of_deleted_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory, crate::MIGRATIONS.len()).await;
    let mut stream = Randomness::from_seed(1).stream("what happens");
    let (mut model, mut last) = (Vec::new(), 0);
    for _ in 0..40 {
        write(&store, &mut model, &mut last, &mut stream).await;
        index_some(&store).await;
        merge_all(&store).await;
        let segments = state(&store).await.segments;
        assert!(segments.len() <= 9, "{segments:?}");
        assert!(segments.is_sorted_by(|first, next| first.blocks >= 2 * next.blocks), "{segments:?}");
    }
    for number in [1, 2] {
        store.commit(delete_lines(tenant(number))).await.expect("is deleted");
    }
    let (before, mut model) = (last, Vec::new());
    for _ in 0..40 {
        write(&store, &mut model, &mut last, &mut stream).await;
        index_some(&store).await;
        merge_all(&store).await;
    }
    let segments = state(&store).await.segments;
    for segment in segments {
        let (entries, _) = segment.entries_after(&store, "", 10_000).await.expect("reads");
        assert!(entries.iter().all(|entry| entry.seq > before), "{segment:?}");
    }
    store.close().await;
}

/// All entries of the index, in order.
async fn entries(store: &Store) -> Vec<Entry> {
    let mut entries = Vec::new();
    for segment in state(store).await.segments {
        entries.extend(segment.entries_after(store, "", u32::MAX).await.expect("reads").0);
    }
    entries.sort_unstable();
    entries
}

/// How many steps of a merge there are beside each comparison.
const STEPS_BESIDE_A_COMPARISON: usize = 50;

/// Segments that wait for each other, as after an upgrade, are merged while queries page through
/// them, and no entry is lost or written many times.
async fn many_segments_become_few_while_others_read(store: Store) {
    let mut stream = Randomness::from_seed(2).stream("what happens");
    let (mut model, mut last) = (Vec::new(), 0);
    while state(&store).await.segments.len() < 40 {
        write(&store, &mut model, &mut last, &mut stream).await;
        index_some(&store).await;
    }
    let entries_before = entries(&store).await;
    let mut steps = 0_usize;
    loop {
        let merge_some = async {
            for _ in 0..STEPS_BESIDE_A_COMPARISON {
                match next_step(&store, &state(&store).await, SMALL.blocks).await.expect("reads") {
                    Some(change) => store.commit(change).await.expect("is merged"),
                    None => return true,
                }
                steps += 1;
            }
            false
        };
        if tokio::join!(merge_some, compare(&store, &model, &mut stream)).0 {
            break;
        }
    }
    assert!(steps > 10 * STEPS_BESIDE_A_COMPARISON, "{steps} steps beside comparisons");
    assert!(entries(&store).await == entries_before, "entries are lost or new");
    let segments = state(&store).await.segments;
    assert!(segments.len() <= 9, "{segments:?}");
    let blocks: i64 = segments.iter().map(|segment| segment.blocks).sum();
    assert!(i64::try_from(steps).is_ok_and(|steps| steps < 5 * blocks), "{steps} steps for {blocks} blocks");
    let kept = sql!("SELECT COUNT(*) AS blocks FROM journal_blocks");
    let kept = store.row(kept).await.expect("reads").expect("a row").int("blocks").expect("a number");
    assert_eq!(kept, blocks, "blocks of merged segments are deleted");
}

#[tokio::test]
async fn many_segments_become_few_on_sqlite() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory, crate::MIGRATIONS.len()).await;
    many_segments_become_few_while_others_read(store.clone()).await;
    store.close().await;
}

#[tokio::test]
async fn many_segments_become_few_on_postgres() {
    let Some(schema) = Schema::new("segments").await else { return };
    many_segments_become_few_while_others_read(schema.store.clone()).await;
    schema.drop().await;
}

/// What an earlier version had in its index, it has again.
#[tokio::test]
async fn lines_of_an_earlier_version_are_indexed_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let earlier = store(&directory, 9).await;
    let mut change = Change::new();
    for number in 1_i64..=3_000 {
        change.add(sql!(
            "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, names) \
             VALUES ($1, $2, 0, 0, 'token.issued', 'user:1', 't', '{}', $3)",
            number,
            tenant(1),
            serde_json::json!([format!("name {number}")])
        ));
    }
    change.add(sql!("UPDATE journal_indexed SET through = 2000, target = 4000, next_part = 1"));
    earlier.commit(change).await.expect("is written");
    earlier.close().await;

    let store = store(&directory, crate::MIGRATIONS.len()).await;
    let journal = crate::Journal::new(store.clone(), "case");
    for name in ["name 1", "name 2000", "name 3000"] {
        let filter = crate::Filter { about: Some(name.to_owned()), ..crate::Filter::of(tenant(1)) };
        assert_eq!(journal.read(&filter).await.expect("reads").len(), 1, "{name}");
    }
    let line = Line {
        seq: 4_001,
        tenant: tenant(1),
        kind: "token.issued",
        subject: "user:2".to_owned(),
        name: "new".to_owned(),
    };
    store.commit(insert(&line)).await.expect("is written");
    let filter = crate::Filter { subject: Some(line.subject), ..crate::Filter::of(tenant(1)) };
    let lines = journal.read(&filter).await.expect("reads");
    assert_eq!(lines[0].seq, line.seq, "no number is given twice");
    store.close().await;
}
