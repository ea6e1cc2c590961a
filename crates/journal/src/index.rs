//! The index of lines by kind, subject, trace and name.
//!
//! A line has several entries in it, each in a place of its own: written with the line, they were
//! most of its cost. So lines are only appended, and indexed later, many at a time: before a query
//! that needs the index, when no line has come for a while, and when many wait. The index follows
//! from the lines, so a process that is killed loses none of it.
//!
//! Few lines are indexed in one transaction. Many are indexed in a *round* of several, each with a
//! part of their entries, so that no commit waits long. What is left of a round is done by the next
//! call, of any process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use outlive_store::{Change, Row, Statement, Store, StoreError};
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use crate::entries::{INSERT_ALL, PARTS};

/// How many lines are indexed in one transaction.
const FEW: i64 = 2_048;

/// How many lines are indexed in one round, and how many wait without a query. The more there are,
/// the more of them have their entries in the same pages.
const ROUND: i64 = 16_384;

/// How long no line must come before the index is brought up to date (wall time).
const QUIET: Duration = Duration::from_millis(250);

/// The index of a journal. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Index(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    /// The lines that were made since the index was brought up to date.
    waiting: AtomicU64,
    /// The number of commits of this process up to which all lines are indexed.
    complete_at: AtomicU64,
    /// Held by the one who brings the index up to date.
    turn: Mutex<()>,
    /// Notified when the first line waits, when many do, and when the index is dropped.
    due: Arc<Notify>,
}

impl Index {
    /// The index of the journal in this database, which it brings up to date in the background.
    pub(crate) fn new(store: Store) -> Self {
        let due = Arc::new(Notify::new());
        let (waiting, complete_at) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
        let shared =
            Arc::new(Shared { store, waiting, complete_at, turn: Mutex::default(), due: Arc::clone(&due) });
        tokio::spawn(follow(Arc::downgrade(&shared), due));
        Self(shared)
    }

    /// Counts a line that is about to be written.
    pub(crate) fn count_line(&self) {
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        if before == 0 || before == ROUND.unsigned_abs() {
            self.0.due.notify_one();
        }
    }

    /// Indexes all lines that were committed before the call.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub(crate) async fn complete(&self) -> Result<(), StoreError> {
        self.0.complete().await
    }

    /// Returns the last line up to which all are indexed.
    ///
    /// # Errors
    /// As [`Store::row`].
    pub(crate) async fn through(&self) -> Result<i64, StoreError> {
        Ok(State::read(&self.0.store).await?.through)
    }
}

impl Shared {
    async fn complete(&self) -> Result<(), StoreError> {
        // A line that is made from now on is announced, also if it is committed much later.
        self.waiting.store(0, Ordering::Relaxed);
        if self.is_complete_at(self.commits()) {
            return Ok(());
        }
        // One at a time: of two that commit the same change, one would make the group of the other
        // begin again.
        let _turn = self.turn.lock().await;
        let commits = self.commits();
        if self.is_complete_at(commits) {
            return Ok(());
        }
        // Others may write lines faster than they are indexed.
        let mut last = None;
        loop {
            let state = State::read(&self.store).await?;
            if state.through >= *last.get_or_insert(state.last) {
                break;
            }
            let Some(change) = state.next_change() else { break };
            match self.store.upkeep().commit(change).await {
                // Another process was faster.
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        self.complete_at.store(commits, Ordering::Relaxed);
        Ok(())
    }

    /// The number of commits of this process.
    fn commits(&self) -> u64 {
        *self.store.commits().borrow()
    }

    /// Whether all lines are indexed that were committed up to this number. Replicas commit, too.
    fn is_complete_at(&self, commits: u64) -> bool {
        self.store.is_exclusive() && self.complete_at.load(Ordering::Relaxed) == commits
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.due.notify_one();
    }
}

/// How far the lines are indexed.
#[derive(Clone, Copy, Debug)]
struct State {
    /// The last line whose entries are all there.
    through: i64,
    /// The last line of the round, or `through` between rounds.
    target: i64,
    /// The next part of the round.
    part: i64,
    /// The last line.
    last: i64,
}

impl State {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let select = "SELECT through, target, next_part, (SELECT COALESCE(MAX(seq), 0) FROM journal) AS last \
                      FROM journal_indexed";
        let row = store.upkeep().row(Statement::new(select, Vec::new())).await?;
        let missing = || StoreError::Corrupt { column: "through".to_owned(), why: "is missing".to_owned() };
        Self::of(&row.ok_or_else(missing)?)
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            through: row.int("through")?,
            target: row.int("target")?,
            part: row.int("next_part")?,
            last: row.int("last")?,
        })
    }

    /// Returns the change that brings the index forward, or `None` if all lines are in it. It
    /// conflicts if another one did so.
    fn next_change(self) -> Option<Change> {
        let is_round = self.target > self.through;
        if !is_round && self.last <= self.through {
            return None;
        }
        if !is_round && self.last - self.through <= FEW {
            let after = Self { through: self.last, target: self.last, part: 0, ..self };
            return Some(self.change_to(after, INSERT_ALL.between(self.through, self.last)));
        }
        let target = if is_round { self.target } else { self.last.min(self.through + ROUND) };
        let part = usize::try_from(self.part).unwrap_or_default().min(PARTS.len() - 1);
        let is_last = part + 1 == PARTS.len();
        let after = Self {
            through: if is_last { target } else { self.through },
            target,
            part: if is_last { 0 } else { self.part + 1 },
            ..self
        };
        Some(self.change_to(after, PARTS[part].between(self.through, target)))
    }

    fn change_to(self, after: Self, entries: Statement) -> Change {
        let statement = "UPDATE journal_indexed SET through = $4, target = $5, next_part = $6 \
                         WHERE through = $1 AND target = $2 AND next_part = $3";
        let values = [self.through, self.target, self.part, after.through, after.target, after.part];
        let values = values.into_iter().map(Into::into).collect();
        let mut change = Change::from(Statement::new(statement, values).expect_rows(1));
        change.add(entries);
        change
    }
}

/// Brings the index up to date whenever that is due, as long as the journal exists.
async fn follow(shared: Weak<Shared>, due: Arc<Notify>) {
    loop {
        {
            let Some(shared) = shared.upgrade() else { return };
            // The queries report it, and the next call repeats it.
            if let Err(error) = shared.complete().await {
                tracing::debug!(%error, "the journal cannot be indexed now");
            }
        }
        due.notified().await;
        wait_for_quiet(&shared, &due).await;
    }
}

/// Waits until no line has come for a while, or many wait.
async fn wait_for_quiet(shared: &Weak<Shared>, due: &Notify) {
    let waiting = || shared.upgrade().map_or(0, |shared| shared.waiting.load(Ordering::Relaxed));
    let mut before = waiting();
    while before > 0 && before < ROUND.unsigned_abs() {
        let _ = timeout(QUIET, due.notified()).await;
        let now = waiting();
        if now == before {
            break;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::{Instant, Randomness, TenantId};
    use outlive_store::{DatabaseUrl, sql};
    use outlive_wire::events::PasswordExpired;
    use outlive_wire::{EventPayload as _, Subject};

    use super::*;
    use crate::{Event, Filter, Journal, TABLES};

    /// A round is interrupted after each of its parts, by a kill, by new lines, and by the deletion
    /// of a tenant whose lines are at its end.
    #[tokio::test]
    async fn an_interrupted_round_is_finished_and_leaves_no_line_out() {
        for parts in 1..PARTS.len() {
            let directory = tempfile::tempdir().expect("a directory");
            let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
            let store = Store::open(&url, "case", &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
            let tenant = |number| TenantId::generate(&mut Randomness::from_seed(number).stream("tenant"));
            let at = Instant::from_seconds(1_767_603_600);
            let journal = Journal::new(store.clone(), "case");
            let line = |number: u64, name: String| {
                let event =
                    Event::new(tenant(number), at, Subject::user(number), "t", PasswordExpired::example());
                journal.entry(&event.about([name]))
            };
            let mut change = Change::new();
            for number in 0..3_000_u64 {
                let letter = char::from(b'0' + u8::try_from(number % 75).expect("small"));
                change.append(line(if number < 2_000 { 1 } else { 2 }, format!("{letter}{number}")));
            }
            let new = line(3, "new".to_owned());
            // It would go on in the background.
            drop(journal);
            store.commit(change).await.expect("is written");
            for _ in 0..parts {
                let change = State::read(&store).await.expect("reads").next_change().expect("more to do");
                store.commit(change).await.expect("a part");
            }
            let mut forget = Change::new();
            for table in TABLES {
                forget.add(Statement::forget_tenant(table, tenant(2)));
            }
            store.commit(forget).await.expect("is forgotten");
            store.commit(new).await.expect("is written");
            let journal = Journal::new(store.clone(), "case");
            for (number, name, found) in [(1, "01500", 1), (1, "c51", 1), (2, "02475", 0), (3, "new", 1)] {
                let filter = Filter { about: Some(name.to_owned()), ..Filter::of(tenant(number)) };
                assert_eq!(journal.read(&filter).await.expect("reads").len(), found, "{name}, {parts} parts");
            }
            let entries = sql!("SELECT COUNT(*) AS entries FROM journal_index");
            let entries = store.row(entries).await.expect("reads").expect("a row").int("entries");
            assert_eq!(entries.expect("a number"), 4 * 2_001, "{parts} parts");
            store.close().await;
        }
    }

    /// A round that was interrupted in a version with other parts leaves nothing out either.
    #[tokio::test]
    async fn a_round_of_an_earlier_version_begins_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
        let earlier = &crate::MIGRATIONS[..8];
        let store = Store::open(&url, "case", &[("journal", earlier)]).await.expect("opens");
        let tenant = TenantId::generate(&mut Randomness::from_seed(1).stream("tenant"));
        let at = Instant::from_seconds(1_767_603_600);
        let journal = Journal::new(store.clone(), "case");
        let mut change = Change::new();
        for number in 0..3_000_u64 {
            let event = Event::new(tenant, at, Subject::user(number), "t", PasswordExpired::example());
            change.append(journal.entry(&event.about([format!("0{number}"), format!("a{number}")])));
        }
        // It would go on in the background.
        drop(journal);
        change.add(sql!("UPDATE journal_indexed SET target = 3000, part = 3"));
        store.commit(change).await.expect("is written");
        store.close().await;

        let store = Store::open(&url, "case", &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
        let journal = Journal::new(store.clone(), "case");
        for name in ["00", "a0", "02999", "a2999"] {
            let filter = Filter { about: Some(name.to_owned()), ..Filter::of(tenant) };
            assert_eq!(journal.read(&filter).await.expect("reads").len(), 1, "{name}");
        }
        store.close().await;
    }
}
