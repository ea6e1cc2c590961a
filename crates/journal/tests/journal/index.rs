//! Lines are found by kind, subject, trace and name, although the index is written after them.

use outlive_journal::{
    Event, Filter, Journal, Newest, copied_lines, copy_query, delete_lines, replace_lines,
};
use outlive_store::{Change, sql};
use outlive_wire::JournalLine;
use tokio::task::JoinSet;

use crate::place::{Place, on_each_database};
use crate::{AT, TRACE, event, example, read, subject, tenant};

on_each_database!(
    a_reader_of_several_kinds_misses_none_while_others_write,
    more_lines_than_are_indexed_at_once_are_found,
    a_line_is_found_as_soon_as_it_is_committed,
    lines_that_a_killed_process_left_are_found,
    a_query_ends_while_others_write,
    a_new_line_after_deleted_ones_is_found,
    a_name_of_any_characters_hides_no_other_line,
    a_name_given_often_hides_no_other_line,
    replaced_lines_are_found_and_the_former_are_not,
);

fn by_subject(number: u64, subject: &str) -> Filter {
    Filter { subject: Some(subject.to_owned()), ..Filter::of(tenant(number)) }
}

fn numbers(lines: &[JournalLine]) -> Vec<i64> {
    lines.iter().map(|line| line.seq).collect()
}

async fn more_lines_than_are_indexed_at_once_are_found(place: &Place) {
    let journal = place.journal();
    let mut change = Change::new();
    for number in 0..2_500 {
        change.append(journal.entry(&event("token.issued", &format!("user:{}", number % 7))));
    }
    place.store().commit(change).await.expect("is written");
    let newest = journal.newest_first(tenant(1), Newest { subject: Some("user:3"), ..Newest::of_all(2) });
    assert_eq!(numbers(&newest.await.expect("reads")), [2_496, 2_489]);
    let oldest = read(&journal, Filter { limit: 3, ..by_subject(1, "user:3") }).await;
    assert_eq!(numbers(&oldest), [4, 11, 18]);
    assert_eq!(place.store().counts().changes, 1, "the index is not a change");
}

async fn a_line_is_found_as_soon_as_it_is_committed(place: &Place) {
    let journals = [place.journal(), place.another_journal().await];
    let mut tasks = JoinSet::new();
    for writer in 0..40 {
        let (own, other) = (journals[writer % 2].clone(), journals[(writer + 1) % 2].clone());
        tasks.spawn(async move {
            let name = format!("name {writer}");
            own.append(&event("run.waiting", &format!("run:{writer}")).about([&name]))
                .await
                .expect("written");
            for journal in [&own, &other] {
                let filter = Filter { about: Some(name.clone()), ..Filter::of(tenant(1)) };
                assert_eq!(read(journal, filter).await.len(), 1, "{name}");
                assert_eq!(read(journal, by_subject(1, &format!("run:{writer}"))).await.len(), 1, "{name}");
            }
        });
    }
    tasks.join_all().await;
}

/// Some are committed between the reads of the one kind and of the other, and indexed by another
/// reader.
async fn a_reader_of_several_kinds_misses_none_while_others_write(place: &Place) {
    let lines = 600;
    let journal = place.journal();
    let writer = tokio::spawn({
        let journal = place.another_journal().await;
        async move {
            for number in 0..lines {
                let kind = if number % 2 == 0 { "token.refused" } else { "token.issued" };
                journal.append(&event(kind, "user:1")).await.expect("is written");
            }
        }
    });
    let other = tokio::spawn({
        let journal = place.another_journal().await;
        async move {
            loop {
                read(&journal, by_subject(1, "user:2")).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let (mut seen, mut after) = (0, 0);
    let mut has_ended = false;
    while !has_ended || seen < lines {
        let ended_before = writer.is_finished();
        let filter = Filter { kind: Some("token.".to_owned()), after, ..Filter::of(tenant(1)) };
        let found = read(&journal, filter).await;
        // A query of SQLite never waits.
        tokio::task::yield_now().await;
        seen += found.len();
        after = found.last().map_or(after, |line| line.seq);
        assert!(!(has_ended && found.is_empty()), "{seen} of {lines} were found");
        has_ended = ended_before;
    }
    other.abort();
    assert_eq!(seen, lines);
}

async fn lines_that_a_killed_process_left_are_found(place: &Place) {
    let journal = place.journal();
    journal.append(&event("token.issued", "user:1").about(["first"])).await.expect("is written");
    let is_first = Filter { about: Some("first".to_owned()), ..Filter::of(tenant(1)) };
    assert_eq!(read(&journal, is_first.clone()).await.len(), 1);
    journal.append(&event("token.issued", "user:1").about(["second"])).await.expect("is written");
    drop(journal);
    let journal = Journal::new(place.store(), "case");
    let is_second = Filter { about: Some("second".to_owned()), ..Filter::of(tenant(1)) };
    assert_eq!(numbers(&read(&journal, is_first).await), [1]);
    assert_eq!(numbers(&read(&journal, is_second).await), [2]);
}

async fn a_query_ends_while_others_write(place: &Place) {
    let journal = place.journal();
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move {
                loop {
                    journal.append(&event("run.waiting", "run:1")).await.expect("is written");
                }
            })
        })
        .collect();
    for number in 0..20 {
        let name = format!("name {number}");
        journal.append(&event("run.finished", "run:2").about([&name])).await.expect("is written");
        let filter = Filter { about: Some(name.clone()), ..Filter::of(tenant(1)) };
        assert_eq!(read(&journal, filter).await.len(), 1, "{name}");
    }
    for writer in writers {
        writer.abort();
        assert!(writer.await.expect_err("it is endless").is_cancelled());
    }
}

/// The highest numbers are free again, but not for the index.
async fn a_new_line_after_deleted_ones_is_found(place: &Place) {
    let journal = place.journal();
    let of = |number, about: &str| {
        Event::new(tenant(number), AT, subject(about), TRACE, example("token.issued")).about([about])
    };
    for (number, about) in [(1, "user:1"), (2, "user:2"), (2, "user:2")] {
        journal.append(&of(number, about)).await.expect("is written");
    }
    assert_eq!(read(&journal, by_subject(2, "user:2")).await.len(), 2);
    // One that is not indexed yet.
    journal.append(&of(2, "user:2")).await.expect("is written");
    place.store().commit(delete_lines(tenant(2))).await.expect("is deleted");
    for about in ["user:3", "user:4", "user:3"] {
        journal.append(&of(3, about)).await.expect("is written");
    }
    assert!(read(&journal, by_subject(2, "user:2")).await.is_empty());
    assert_eq!(read(&journal, by_subject(3, "user:3")).await.len(), 2);
    assert_eq!(read(&journal, by_subject(3, "user:4")).await.len(), 1);
    assert_eq!(read(&journal, by_subject(1, "user:1")).await.len(), 1);
}

async fn a_name_of_any_characters_hides_no_other_line(place: &Place) {
    let journal = place.journal();
    let long = "x".repeat(100_000);
    let names = ["nul \0", "quote \" and \\", "ü", "", &long];
    journal.append(&event("token.issued", "user:1").about(names)).await.expect("is written");
    journal.append(&event("token.issued", "user:2").about(["next"])).await.expect("is written");
    for (name, found) in [("nul \0", 1), ("quote \" and \\", 1), ("ü", 1), ("", 1), (&long, 1), ("next", 1)]
    {
        let filter = Filter { about: Some(name.to_owned()), ..Filter::of(tenant(1)) };
        assert_eq!(read(&journal, filter).await.len(), found, "{}", &name[..name.len().min(20)]);
    }
    assert_eq!(read(&journal, by_subject(1, "user:1")).await.len(), 1);
}

async fn a_name_given_often_hides_no_other_line(place: &Place) {
    let (journal, store) = (place.journal(), place.store());
    let often = sql!(
        "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, names) \
         VALUES (1, $1, 0, 0, 'token.issued', 'user:1', 't', '{}', $2)",
        tenant(1),
        serde_json::json!(vec!["n"; 500])
    );
    store.commit(often).await.expect("is written");
    journal.append(&event("token.issued", "user:2").about(["next"])).await.expect("is written");
    for name in ["n", "next"] {
        let filter = Filter { about: Some(name.to_owned()), ..Filter::of(tenant(1)) };
        assert_eq!(read(&journal, filter).await.len(), 1, "{name}");
    }
}

async fn replaced_lines_are_found_and_the_former_are_not(place: &Place) {
    let (journal, store) = (place.journal(), place.store());
    journal.append(&event("token.issued", "user:1").about(["a", "b"])).await.expect("is written");
    let copy = copied_lines(&store.rows(copy_query(tenant(1))).await.expect("reads")).expect("a copy");
    journal.append(&event("token.refused", "user:2").about(["c"])).await.expect("is written");
    assert_eq!(read(&journal, by_subject(1, "user:2")).await.len(), 1);
    store.commit(replace_lines(tenant(1), copy.clone())).await.expect("is replaced");
    assert!(read(&journal, by_subject(1, "user:2")).await.is_empty());
    for (name, found) in [("a", 1), ("b", 1), ("c", 0)] {
        let filter = Filter { about: Some(name.to_owned()), ..Filter::of(tenant(1)) };
        assert_eq!(read(&journal, filter).await.len(), found, "{name}");
    }
    assert_eq!(numbers(&read(&journal, Filter::of(tenant(1))).await), [3], "a number of its own");
    let again = copied_lines(&store.rows(copy_query(tenant(1))).await.expect("reads")).expect("a copy");
    assert_eq!(again, copy);
}
