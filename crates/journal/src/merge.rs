//! Two segments of the index become one, until there are few: each has at least twice as many
//! blocks as the next one.
//!
//! Large segments are merged in several steps, so that no commit waits long and little is in
//! memory. Until the last step, lines are found by the two. Blocks of the two are deleted after it,
//! some at a time.

use outlive_store::{Change, Store, StoreError, sql};

use crate::segments::{Segment, State, delete_some_blocks, insert_blocks, retain_existing};

/// Whether a segment of so many blocks becomes a part of the next one.
pub(crate) const fn is_too_small(blocks: i64, next: i64) -> bool {
    blocks < 2 * next
}

/// The two segments that are being merged, or else the smallest two beside each other of which the
/// first is too small: so each entry is written again as often as sizes double, also if there are
/// many segments.
fn pair(segments: &[Segment]) -> Option<(Segment, Segment)> {
    let pairs = || segments.windows(2).filter_map(|pair| pair.first().zip(pair.last()));
    let is_begun = |(first, next): &(&Segment, &Segment)| {
        first.merges_into.is_some() && first.merges_into == next.merges_into
    };
    let is_due = |(first, next): &(&Segment, &Segment)| is_too_small(first.blocks, next.blocks);
    let blocks = |(first, next): &(&Segment, &Segment)| first.blocks + next.blocks;
    let pair = pairs().find(is_begun).or_else(|| pairs().filter(is_due).min_by_key(blocks));
    pair.map(|(first, next)| (*first, *next))
}

/// Returns the next step, with so many blocks of each of two segments, or `None` if there are few
/// enough segments.
///
/// # Errors
/// As [`Store::rows`].
pub(crate) async fn next_step(
    store: &Store,
    state: &State,
    blocks: u32,
) -> Result<Option<Change>, StoreError> {
    let mut deletion = state.change(state.through, state.merged.clone());
    if delete_some_blocks(store, &mut deletion, 2 * blocks).await? {
        return Ok(Some(deletion));
    }
    let Some((first, next)) = pair(&state.segments) else { return Ok(None) };
    let number = first.merges_into.unwrap_or_else(|| state.next_number());
    let (mut entries, first_ends) = first.entries_after(store, &state.merged, blocks).await?;
    let (others, next_ends) = next.entries_after(store, &state.merged, blocks).await?;
    let ends = [(first_ends, entries.last()), (next_ends, others.last())];
    // What comes after in the one may be before what comes next in the other.
    let through = ends.into_iter().filter(|(is_end, _)| !is_end).filter_map(|(_, last)| last).min().copied();
    entries.extend(others);
    entries.sort_unstable();
    if let Some(through) = through {
        entries.truncate(entries.partition_point(|entry| *entry <= through));
    }
    let merged = through.map_or_else(String::new, |entry| entry.key());
    if first.gaps + next.gaps > 0 {
        retain_existing(store, &mut entries).await?;
    }
    let mut change = state.change(state.through, merged);
    insert_blocks(&mut change, number, &entries);
    if through.is_some() {
        change.add(sql!(
            "UPDATE journal_segments SET merges_into = $1 WHERE number = $2 OR number = $3",
            number,
            first.number,
            next.number
        ));
    } else {
        first.delete_alone(&mut change);
        next.delete_alone(&mut change);
        let (after, through) = (first.after, next.through);
        // In one step, all entries were compared with the lines.
        let gaps = if first.merges_into.is_none() { 0 } else { first.gaps + next.gaps };
        Segment { number, after, through, gaps, ..first }.insert(&mut change);
    }
    Ok(Some(change))
}
