//! The index of lines by kind, subject, trace and name.
//!
//! A line has several entries in it, each in a place of its own: written with the line, they were
//! most of its cost. So lines are only appended, and indexed later, many at a time: when no line
//! has come for a while, when many wait, and before a query if more wait than it reads itself. The
//! index follows from the lines, so a process that is killed loses none of it.
//!
//! The entries of the lines that are indexed at a time are a *segment*: they are in order, and are
//! written beside each other. A query looks into each segment; there are few, because they become
//! larger ones (`merge.rs`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use outlive_store::{Change, Store, StoreError, sql};
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use crate::blocks::BLOCK_ENTRIES;
use crate::entries::add_entries;
use crate::merge::{is_too_small, next_step};
use crate::segments::{Segment, State, insert_blocks, retain_existing};

/// How many lines are read at a time.
const READ: i64 = 2_048;

/// How many lines wait at most without a query.
const WAITING: u64 = 8_192;

/// How much one commit does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many lines are indexed. The more there are, the fewer segments are merged.
    pub(crate) lines: i64,
    /// How many blocks a segment has that becomes a part of the next one at once.
    pub(crate) small: i64,
    /// How many blocks of each of two segments are merged.
    pub(crate) blocks: u32,
}

const LIMITS: Limits = Limits { lines: 8_192, small: 512, blocks: 160 };

/// Those of a commit that writes no segment before again, so that no other one is faster again.
const WITHOUT_FOLD: Limits = Limits { small: 0, ..LIMITS };

/// How long no line must come before the index is brought up to date (wall time).
const QUIET: Duration = Duration::from_millis(250);

/// How many times as long it is brought up to date although lines come.
const QUIET_AT_MOST: u32 = 40;

/// The index of a journal. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Index(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    /// The lines that were made since the index was brought up to date.
    waiting: AtomicU64,
    /// Held by the one who brings the index up to date.
    turn: Mutex<()>,
    /// Notified when the first line waits, when many do, and when the index is dropped.
    due: Arc<Notify>,
}

impl Index {
    /// The index of the journal in this database, which it brings up to date in the background.
    pub(crate) fn new(store: Store) -> Self {
        let due = Arc::new(Notify::new());
        let waiting = AtomicU64::new(0);
        let shared = Arc::new(Shared { store, waiting, turn: Mutex::default(), due: Arc::clone(&due) });
        tokio::spawn(follow(Arc::downgrade(&shared), due));
        Self(shared)
    }

    /// Counts a line that is about to be written.
    pub(crate) fn count_line(&self) {
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        if before == 0 || before == WAITING {
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
}

impl Shared {
    async fn complete(&self) -> Result<(), StoreError> {
        // A line that is made from now on is announced, also if it is committed much later.
        self.waiting.store(0, Ordering::Relaxed);
        // One at a time: of two that commit the same change, one would make the group of the other
        // begin again.
        let _turn = self.turn.lock().await;
        // Others may write lines faster than they are indexed.
        let (mut last, mut conflict) = (None, None);
        loop {
            let state = State::read(&self.store).await?;
            // Lines at the end may have been deleted.
            if state.through >= state.last.min(*last.get_or_insert(state.last)) {
                break;
            }
            let (step, state) = (state.step, state.with_segments(&self.store).await?);
            let limits = if conflict.is_some() { WITHOUT_FOLD } else { LIMITS };
            let change = next_segment(&self.store, &state, limits).await?;
            match self.store.upkeep().commit(change).await {
                // Another process was faster, or lines were deleted meanwhile.
                Err(error) if error.is_conflict() && conflict != Some(step) => conflict = Some(step),
                Ok(()) => conflict = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Does the next step of a merge. Returns whether there may be another.
    async fn merge(&self) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().await;
        let state = State::read(&self.store).await?.with_segments(&self.store).await?;
        match next_step(&self.store, &state, LIMITS.blocks).await? {
            None => Ok(false),
            Some(change) => match self.store.upkeep().commit(change).await {
                // Another process is at it, or lines were deleted meanwhile.
                Err(error) if error.is_conflict() => Ok(false),
                result => result.map(|()| true),
            },
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.due.notify_one();
    }
}

/// Returns the change that indexes the next lines. The segments before that are small become a part
/// of theirs.
///
/// # Errors
/// As [`Store::rows`].
pub(crate) async fn next_segment(store: &Store, state: &State, limits: Limits) -> Result<Change, StoreError> {
    let through = state.last.min(state.through + limits.lines);
    let mut entries = Vec::new();
    let mut after = state.through;
    while after < through {
        let to = through.min(after + READ);
        let lines = sql!(
            "SELECT seq, tenant, kind, subject, trace, notable, names FROM journal WHERE seq > $1 AND seq <= $2",
            after,
            to
        );
        for line in store.upkeep().rows(lines).await? {
            add_entries(&mut entries, &line)?;
        }
        after = to;
    }
    let mut change = state.change(through, state.merged.clone());
    let (number, mut gaps, mut after) = (state.next_number(), 0, state.through);
    for before in state.segments.iter().rev() {
        let blocks = i64::try_from(entries.len().div_ceil(BLOCK_ENTRIES)).unwrap_or(i64::MAX);
        let is_small = before.blocks.max(blocks) <= limits.small && is_too_small(before.blocks, blocks);
        if before.merges_into.is_some() || !is_small {
            break;
        }
        entries.extend(before.entries_after(store, "", u32::MAX).await?.0);
        before.delete(&mut change);
        (gaps, after) = (gaps + before.gaps, before.after);
    }
    if gaps > 0 {
        retain_existing(store, &mut entries).await?;
    }
    entries.sort_unstable();
    entries.dedup();
    if !entries.is_empty() {
        insert_blocks(&mut change, number, &entries);
        Segment { number, after, through, blocks: 0, gaps: 0, merges_into: None }.insert(&mut change);
    }
    Ok(change)
}

/// Brings the index up to date whenever that is due, as long as the journal exists.
async fn follow(shared: Weak<Shared>, due: Arc<Notify>) {
    loop {
        if let Some(shared) = shared.upgrade() {
            // The queries report it, and the next call repeats it.
            if let Err(error) = shared.complete().await {
                tracing::debug!(%error, "the journal cannot be indexed now");
            }
        }
        while let Some(shared) = shared.upgrade() {
            match shared.merge().await {
                // Lines go on coming.
                Ok(true) if shared.waiting.load(Ordering::Relaxed) >= WAITING => {
                    if shared.complete().await.is_err() {
                        break;
                    }
                }
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the journal's index cannot be merged now");
                    break;
                }
            }
        }
        if shared.strong_count() == 0 {
            return;
        }
        due.notified().await;
        wait_for_quiet(&shared, &due).await;
    }
}

/// Waits until no line has come for a while, or many wait, or it has taken long.
async fn wait_for_quiet(shared: &Weak<Shared>, due: &Notify) {
    let waiting = || shared.upgrade().map_or(0, |shared| shared.waiting.load(Ordering::Relaxed));
    let mut before = waiting();
    for _ in 0..QUIET_AT_MOST {
        if before == 0 || before >= WAITING {
            break;
        }
        let _ = timeout(QUIET, due.notified()).await;
        let now = waiting();
        if now == before {
            break;
        }
        before = now;
    }
}
