//! What a journal promises: lines in the order of their commits, without gaps, on every database
//! the store runs on.

mod index;
mod place;

use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_journal::{
    Event, Filter, Journal, LINES_MAX, MIGRATIONS, Newest, NewestAbout, NewestOfKinds, copied_lines,
    copy_query,
};
use outlive_store::{Change, Statement, Store, sql};
use outlive_wire::events::{SigningKeyRotated, TokenIssued, TokenRefused};
use outlive_wire::{EventPayload as _, JournalEvent, JournalLine, Subject};
use tokio::task::JoinSet;

use place::{Place, on_each_database};

on_each_database!(
    a_line_comes_back_as_it_was_written,
    a_line_stands_or_falls_with_its_change,
    lines_are_numbered_without_gaps_in_the_order_of_their_commits,
    a_query_selects,
    an_event_is_found_by_each_of_its_names,
    a_cursor_walks_through_all,
    tenants_do_not_see_each_other,
    a_query_answers_no_more_than_its_limit,
    two_journals_of_one_database_keep_one_order,
    reads_and_continues_a_journal_of_an_earlier_version,
    the_newest_lines_are_found_by_an_index,
    the_newest_lines_about_a_credential_are_found,
    the_newest_of_some_kinds_are_found_among_many_others,
    lines_of_a_kind_are_those_that_a_comparison_finds,
);

const AT: Instant = Instant::from_seconds(1_767_603_600);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn tenant(number: u64) -> TenantId {
    TenantId::generate(&mut Randomness::from_seed(number).stream("tenant"))
}

/// The example of a kind.
fn example(kind: &str) -> JournalEvent {
    let described = JournalEvent::descriptions();
    let described = described.iter().find(|described| described.kind == kind).expect("a kind");
    JournalEvent::read(kind, &described.example).expect("an example")
}

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

fn event(kind: &str, about: &str) -> Event {
    Event::new(tenant(1), AT, subject(about), TRACE, example(kind))
}

async fn read(journal: &Journal, filter: Filter) -> Vec<JournalLine> {
    journal.read(&filter).await.expect("reads")
}

async fn a_line_comes_back_as_it_was_written(place: &Place) {
    let journal = place.journal();
    let refused = TokenRefused {
        upn: Some("ü \u{0} '".to_owned()),
        grant_type: None,
        description: "AADSTS50173".to_owned(),
        ..TokenRefused::example()
    };
    let data = serde_json::to_value(&refused).expect("JSON");
    let before = outlive_clock::wall_now();
    let event = Event::new(tenant(1), AT + Span::from_micros(1), Subject::user("ü '1'"), TRACE, refused);
    journal.append(&event).await.expect("is written");
    let [line] = &read(&journal, Filter::of(tenant(1))).await[..] else { panic!("one line") };
    assert_eq!((line.seq, line.service.as_str(), line.tenant), (1, "case", tenant(1)));
    assert_eq!(line.at, AT + Span::from_micros(1));
    assert!(line.wall >= before && line.wall <= outlive_clock::wall_now());
    assert_eq!((line.kind.as_str(), line.subject.as_str()), ("token.refused", "user:ü '1'"));
    assert_eq!((line.trace.as_str(), &line.data), (TRACE, &data));
}

async fn the_newest_lines_are_found_by_an_index(place: &Place) {
    let journal = place.journal();
    for number in 0..50 {
        let number_as_text = number.to_string();
        let event: JournalEvent = if number % 10 == 0 {
            TokenRefused { suberror: Some(number_as_text), ..TokenRefused::example() }.into()
        } else {
            TokenIssued { scope: Some(number_as_text), ..TokenIssued::example() }.into()
        };
        let event = Event::new(tenant(1), AT, Subject::user(number % 3), TRACE, event);
        journal.append(&event).await.expect("is written");
    }
    let all = Newest::of_all(3);
    let numbers = async |wanted| -> Vec<i64> {
        let lines = journal.newest_first(tenant(1), wanted).await.expect("reads");
        let number = |line: &JournalLine| match line.event().expect("an event") {
            JournalEvent::TokenRefused(refused) => refused.suberror,
            JournalEvent::TokenIssued(issued) => issued.scope,
            other => panic!("{other:?}"),
        };
        lines.iter().map(|line| number(line).expect("a number").parse().expect("a number")).collect()
    };
    assert_eq!(numbers(all).await, [49, 48, 47]);
    assert_eq!(numbers(Newest { notable: true, ..all }).await, [40, 30, 20]);
    assert_eq!(numbers(Newest { notable: true, before: 41, ..all }).await, [30, 20, 10]);
    for (wanted, found) in [
        (Newest { subject: Some("user:0"), ..all }, vec![48, 45, 42]),
        (Newest { subject: Some("user:0"), notable: true, ..all }, vec![30, 0]),
        (Newest { subject: Some("user:0"), before: 43, ..all }, vec![39, 36, 33]),
        (Newest { subject: Some("user:0"), kind: Some("token.refused"), ..all }, vec![30, 0]),
        (Newest { kind: Some("token.refused"), ..all }, vec![40, 30, 20]),
        (Newest { kind: Some("token."), ..all }, vec![49, 48, 47]),
        (Newest { kind: Some("session."), ..all }, vec![]),
        (Newest { kind: Some("token.issued"), notable: true, ..all }, vec![]),
        (Newest { trace: Some(TRACE), before: 4, ..all }, vec![2, 1, 0]),
        (Newest { trace: Some(TRACE), subject: Some("user:1"), notable: true, ..all }, vec![40, 10]),
        (Newest { trace: Some("0"), ..all }, vec![]),
    ] {
        assert_eq!(numbers(wanted).await, found, "{wanted:?}");
    }
}

async fn the_newest_lines_about_a_credential_are_found(place: &Place) {
    let journal = place.journal();
    let mut issued = TokenIssued::example();
    let family = issued.family.expect("a family").to_string();
    for number in 0..150_i64 {
        issued.scope = Some(number.to_string());
        let at = AT + Span::from_seconds(number);
        let event =
            Event::new(tenant(1), at, Subject::user(1), TRACE, issued.clone()).about([family.clone()]);
        journal.append(&event).await.expect("is written");
    }
    let all = NewestAbout { name: &family, kind: None, before: Instant::MAX, limit: 2 };
    for (wanted, found) in [
        (all, vec![149, 148]),
        (NewestAbout { before: AT + Span::from_seconds(7), ..all }, vec![6, 5]),
        (NewestAbout { kind: Some("token."), before: AT + Span::from_seconds(1), ..all }, vec![0]),
        (NewestAbout { kind: Some("token.refused"), ..all }, vec![]),
        (NewestAbout { name: "another", ..all }, vec![]),
    ] {
        let lines = journal.newest_about(tenant(1), wanted).await.expect("reads");
        let seconds: Vec<_> = lines.iter().map(|line| (line.at - AT).as_seconds()).collect();
        assert_eq!(seconds, found, "{wanted:?}");
    }
}

async fn the_newest_of_some_kinds_are_found_among_many_others(place: &Place) {
    let journal = place.journal();
    for number in 0..30_i64 {
        let kind = match number % 10 {
            3 => "password.changed",
            7 => "sign_in.succeeded",
            _ => "token.refused",
        };
        let at = AT + Span::from_seconds(number);
        let about = subject(&format!("user:{number}"));
        journal.append(&Event::new(tenant(1), at, about, TRACE, example(kind))).await.expect("is written");
    }
    let all = NewestOfKinds {
        kinds: &["password.changed", "sign_in.succeeded", "sign_out"],
        before: Instant::MAX,
        limit: 9,
    };
    let found = async |wanted| -> Vec<String> {
        let lines = journal.newest_of_kinds(tenant(1), wanted).await.expect("reads");
        lines.into_iter().map(|line| line.subject).collect()
    };
    assert_eq!(found(all).await, ["user:27", "user:23", "user:17", "user:13", "user:7", "user:3"]);
    assert_eq!(found(NewestOfKinds { limit: 1, ..all }).await, ["user:27", "user:23"]);
    let before = AT + Span::from_seconds(17);
    assert_eq!(found(NewestOfKinds { before, ..all }).await, ["user:13", "user:7", "user:3"]);
    let elsewhere = journal.newest_of_kinds(tenant(2), all).await.expect("reads");
    assert!(elsewhere.is_empty());
}

/// Lines of a kind and of a prefix, in both directions, as if all lines were compared.
async fn lines_of_a_kind_are_those_that_a_comparison_finds(place: &Place) {
    let journal = place.journal();
    let kinds = ["password.changed", "token.refused", "sign_in.succeeded", "token.refused", "token.issued"];
    for number in 0..40_usize {
        let kind = kinds[number % kinds.len()];
        let about = subject(&format!("user:{number}"));
        let owner = if number % 7 == 0 { tenant(2) } else { tenant(1) };
        journal.append(&Event::new(owner, AT, about, TRACE, example(kind))).await.expect("is written");
    }
    let all = journal.read(&Filter::of(tenant(1))).await.expect("reads");
    let notable = Newest { notable: true, ..Newest::of_all(1_000) };
    let notable = journal.newest_first(tenant(1), notable).await.expect("reads");
    for wanted in ["token.", "token.refused", "password.changed", "password.", "token", "run.", "."] {
        let is_wanted =
            |kind: &str| if wanted.ends_with('.') { kind.starts_with(wanted) } else { kind == wanted };
        for (after, limit) in [(0, 1_000), (0, 3), (12, 5), (all[20].seq, 1_000)] {
            let expected = all.iter().filter(|line| line.seq > after && is_wanted(&line.kind));
            let expected: Vec<_> = expected.take(limit as usize).map(|line| line.seq).collect();
            let kind = Some(wanted.to_owned());
            let filter = Filter { kind, after, limit, ..Filter::of(tenant(1)) };
            let found = journal.read(&filter).await.expect("reads");
            let found: Vec<_> = found.iter().map(|line| line.seq).collect();
            assert_eq!(found, expected, "{wanted} after {after}, {limit}");
        }
        for (before, limit) in [(i64::MAX, 1_000), (i64::MAX, 3), (all[20].seq, 4), (0, 1)] {
            for (only_notable, lines) in [(true, &notable), (false, &all)] {
                let mut expected: Vec<_> = lines.iter().filter(|line| is_wanted(&line.kind)).collect();
                expected.sort_by_key(|line| std::cmp::Reverse(line.seq));
                let expected = expected.iter().map(|line| line.seq).filter(|seq| *seq < before);
                let expected: Vec<_> = expected.take(limit as usize).collect();
                let newest =
                    Newest { kind: Some(wanted), notable: only_notable, before, ..Newest::of_all(limit) };
                let found = journal.newest_first(tenant(1), newest).await.expect("reads");
                let found: Vec<_> = found.iter().map(|line| line.seq).collect();
                assert_eq!(found, expected, "{wanted} before {before}, {limit}, {only_notable}");
            }
        }
    }
}

/// Closes a store that is exclusive.
async fn close_if_exclusive(store: Store) {
    if store.is_exclusive() {
        store.close().await;
    }
}

async fn reads_and_continues_a_journal_of_an_earlier_version(place: &Place) {
    let store = place.store();
    for statement in [
        "DROP TABLE journal",
        "DROP TABLE journal_blocks",
        "DROP TABLE journal_merged_segments",
        "DROP TABLE journal_segments",
        "DROP TABLE journal_indexed",
        "DELETE FROM migrations",
    ] {
        store.commit(Statement::new(statement, Vec::new())).await.expect("there is nothing yet");
    }
    close_if_exclusive(store).await;
    let older = place.opened_with(&MIGRATIONS[..2]).await;
    let journal = Journal::new(older.clone(), "case");
    for (seq, token, kind) in
        [(1_i64, "one", "token.refused"), (2, "two", "token.issued"), (3, "two", "connection.broken")]
    {
        let mut change = Change::from(sql!(
            "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data) \
             VALUES ($1, $2, $3, $3, $4, 'user:1', $5, '{}')",
            seq,
            tenant(1),
            AT,
            kind,
            TRACE
        ));
        change.add(sql!(
            "INSERT INTO journal_names (tenant, name, seq) VALUES ($1, $2, $3)",
            tenant(1),
            token,
            seq
        ));
        older.commit(change).await.expect("is written");
    }
    let odd = "tab \t, newline \n, quote \", \\ and \u{1}";
    let odd_name = sql!("INSERT INTO journal_names (tenant, name, seq) VALUES ($1, $2, 1)", tenant(1), odd);
    older.commit(odd_name).await.expect("is written");
    let before = read(&journal, Filter::of(tenant(1))).await;
    close_if_exclusive(older).await;
    let newer = place.opened_with(&MIGRATIONS).await;
    let journal = Journal::new(newer.clone(), "case");
    assert_eq!(read(&journal, Filter::of(tenant(1))).await, before);
    journal.append(&event("token.refused", "user:1").about(["two"])).await.expect("is written");
    let about_two = read(&journal, Filter { about: Some("two".to_owned()), ..Filter::of(tenant(1)) }).await;
    assert_eq!(about_two.iter().map(|line| line.seq).collect::<Vec<_>>(), [2, 3, 4]);
    for (name, found) in [(odd, 1), ("one", 1)] {
        let lines = read(&journal, Filter { about: Some(name.to_owned()), ..Filter::of(tenant(1)) }).await;
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [found], "{name}");
    }
    let copy = newer.rows(copy_query(tenant(1))).await.expect("reads");
    assert_eq!(copied_lines(&copy).expect("the names can be read").len(), 4);
    let notable = Newest { notable: true, ..Newest::of_all(9) };
    let notable = journal.newest_first(tenant(1), notable).await.expect("reads");
    assert_eq!(notable.iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 3, 1]);
    close_if_exclusive(newer).await;
}

async fn a_line_stands_or_falls_with_its_change(place: &Place) {
    let journal = place.journal();
    let store = place.store();
    let mut refused = journal.entry(&event("token.issued", "user:1"));
    refused.add(sql!("DELETE FROM journal WHERE tenant = $1", "absent").expect_rows(1));
    assert!(store.commit(refused).await.expect_err("must be refused").is_conflict());
    assert!(read(&journal, Filter::of(tenant(1))).await.is_empty());
    journal.append(&event("token.issued", "user:1")).await.expect("is written");
    assert_eq!(read(&journal, Filter::of(tenant(1))).await[0].seq, 1, "no gap");
}

async fn lines_are_numbered_without_gaps_in_the_order_of_their_commits(place: &Place) {
    let journal = place.journal();
    let store = place.store();
    let mut tasks = JoinSet::new();
    for writer in 0..100_i64 {
        let (journal, store) = (journal.clone(), store.clone());
        tasks.spawn(async move {
            let mut change = journal.entry(&event("run.waiting", &format!("run:{writer}")));
            if writer % 4 == 0 {
                change.add(sql!("DELETE FROM journal WHERE tenant = $1", "absent").expect_rows(1));
            }
            change.append(journal.entry(&event("run.finished", &format!("run:{writer}"))));
            let written = store.commit(change).await.is_ok();
            assert_eq!(written, writer % 4 != 0);
        });
    }
    tasks.join_all().await;
    let lines = read(&journal, Filter::of(tenant(1))).await;
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), (1..=150).collect::<Vec<_>>());
    for pair in lines.chunks(2) {
        assert_eq!(pair[0].subject, pair[1].subject, "the lines of one change stand together");
        assert_eq!((pair[0].kind.as_str(), pair[1].kind.as_str()), ("run.waiting", "run.finished"));
    }
}

async fn a_query_selects(place: &Place) {
    let journal = place.journal();
    for (kind, about, trace) in [
        ("token.issued", "user:1", "a"),
        ("token.refused", "user:1", "b"),
        ("token_lifetime.created", "user:1", "a"),
        ("token.issued", "user:2", "b"),
        ("run.finished", "run:1", "a"),
    ] {
        // Each line is about its subject and its trace, and a name given twice counts once.
        let event = Event::new(tenant(1), AT, subject(about), trace, example(kind));
        let event = event.about([about, trace, trace]);
        journal.append(&event).await.expect("is written");
    }
    let stranger = Event::new(tenant(2), AT, Subject::user(1), "a", TokenIssued::example()).about(["a"]);
    journal.append(&stranger).await.expect("is written");
    let all = || Filter::of(tenant(1));
    let text = |text: &str| Some(text.to_owned());
    for (which, filter, found) in [
        ("all", all(), &[1, 2, 3, 4, 5][..]),
        ("a kind", Filter { kind: text("token.issued"), ..all() }, &[1, 4]),
        ("kinds that begin so", Filter { kind: text("token."), ..all() }, &[1, 2, 4]),
        ("no kind", Filter { kind: text("token"), ..all() }, &[]),
        ("only a dot", Filter { kind: text("."), ..all() }, &[]),
        ("empty kind", Filter { kind: text(""), ..all() }, &[]),
        ("no pattern", Filter { kind: text("%."), ..all() }, &[]),
        ("an odd character", Filter { kind: text("\u{0}"), trace: text("\u{0}"), ..all() }, &[]),
        ("a subject", Filter { subject: text("user:1"), ..all() }, &[1, 2, 3]),
        ("a trace", Filter { trace: text("a"), ..all() }, &[1, 3, 5]),
        ("a subject's kind", Filter { subject: text("user:1"), kind: text("token."), ..all() }, &[1, 2]),
        (
            "everything",
            Filter {
                subject: text("user:1"),
                kind: text("token.issued"),
                trace: text("a"),
                after: 0,
                ..all()
            },
            &[1],
        ),
        ("a name", Filter { about: text("a"), ..all() }, &[1, 3, 5]),
        ("a name's kind", Filter { about: text("a"), kind: text("token."), ..all() }, &[1]),
        ("a name and a subject", Filter { about: text("a"), subject: text("user:1"), ..all() }, &[1, 3]),
        ("a name after", Filter { about: text("a"), after: 1, limit: 1, ..all() }, &[3]),
        ("no name", Filter { about: text("c"), ..all() }, &[]),
        ("a trace and a subject", Filter { trace: text("a"), subject: text("user:1"), ..all() }, &[1, 3]),
        ("after", Filter { after: 3, ..all() }, &[4, 5]),
        ("a subject after", Filter { subject: text("user:1"), after: 1, ..all() }, &[2, 3]),
        ("after the end", Filter { after: i64::MAX, ..all() }, &[]),
        ("before the beginning", Filter { after: i64::MIN, limit: 1, ..all() }, &[1]),
        ("none", Filter { limit: 0, ..all() }, &[]),
    ] {
        let seqs: Vec<i64> = read(&journal, filter).await.iter().map(|line| line.seq).collect();
        assert_eq!(seqs, found, "{which}");
    }
}

async fn an_event_is_found_by_each_of_its_names(place: &Place) {
    let journal = place.journal();
    for count in 0..=14 {
        let names: Vec<_> = (0..count).map(|name| format!("{count}-{name}")).collect();
        journal.append(&event("token.issued", "user:1").about(&names)).await.expect("is written");
        for name in names {
            let lines = read(&journal, Filter { about: Some(name), ..Filter::of(tenant(1)) }).await;
            assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [count + 1]);
        }
    }
}

async fn a_cursor_walks_through_all(place: &Place) {
    let journal = place.journal();
    let mut change = Change::new();
    for _ in 0..25 {
        change.append(journal.entry(&event("token.issued", "user:1")));
    }
    place.store().commit(change).await.expect("is written");
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = read(&journal, Filter { after, limit: 10, ..Filter::of(tenant(1)) }).await;
        let Some(last) = page.last() else { break };
        after = last.seq;
        seen.extend(page.iter().map(|line| line.seq));
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
}

async fn tenants_do_not_see_each_other(place: &Place) {
    let journal = place.journal();
    for number in [1, 2, 1, 2] {
        let event =
            Event::new(tenant(number), AT, Subject::tenant(number), TRACE, SigningKeyRotated::example());
        journal.append(&event).await.expect("is written");
    }
    for number in [1, 2] {
        let lines = read(&journal, Filter::of(tenant(number))).await;
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.tenant == tenant(number)));
    }
    place.store().commit(Statement::forget_tenant("journal", tenant(2))).await.expect("is forgotten");
    assert!(read(&journal, Filter::of(tenant(2))).await.is_empty());
    assert_eq!(read(&journal, Filter::of(tenant(1))).await.len(), 2);
}

async fn a_query_answers_no_more_than_its_limit(place: &Place) {
    let journal = place.journal();
    let mut change = Change::new();
    for _ in 0..=LINES_MAX {
        change.append(journal.entry(&event("token.issued", "user:1")));
    }
    place.store().commit(change).await.expect("is written");
    let most = usize::try_from(LINES_MAX).expect("small");
    assert_eq!(read(&journal, Filter { limit: u32::MAX, ..Filter::of(tenant(1)) }).await.len(), most);
    assert_eq!(read(&journal, Filter { limit: 3, ..Filter::of(tenant(1)) }).await.len(), 3);
}

/// On PostgreSQL they are two replicas; on SQLite there is only one process, and both are handles
/// of its store.
async fn two_journals_of_one_database_keep_one_order(place: &Place) {
    let journals = [place.journal(), place.another_journal().await];
    let mut tasks = JoinSet::new();
    for writer in 0..60 {
        let journal = journals[writer % 2].clone();
        tasks.spawn(async move { journal.append(&event("run.waiting", &format!("run:{writer}"))).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    for journal in &journals {
        let seqs: Vec<i64> = read(journal, Filter::of(tenant(1))).await.iter().map(|line| line.seq).collect();
        assert_eq!(seqs, (1..=60).collect::<Vec<_>>());
    }
}
