//! The end of each tenant's journal, kept so that a look at the page costs what is new, not what there ever was.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::TenantId;
use serde_json::Value;

use crate::lab::{Lab, LabError, Line};
use crate::runs::{Run, Runs};
use crate::words;

/// The most lines kept of each kind of interest.
const LINES_KEPT: usize = 60;
/// The most pages of journal read for one look; what is left is read at the next.
const PAGES_A_LOOK: usize = 100;
/// The most tenants remembered; the one looked at longest ago is forgotten first.
const TENANTS_KEPT: usize = 64;

/// The end of one tenant's journal.
#[derive(Default)]
pub(crate) struct Tail {
    cursor: Option<String>,
    latest: VecDeque<Line>,
    notable: VecDeque<Line>,
    runs: Runs,
}

/// What the page shows of a journal, newest first.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    /// Where the journal was read to.
    pub(crate) cursor: String,
    /// What changed something, or was refused.
    pub(crate) notable: Vec<Line>,
    /// Everything.
    pub(crate) latest: Vec<Line>,
    /// Runs of flows.
    pub(crate) runs: Vec<Run>,
    /// How many runs succeeded and failed, all in all.
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
}

impl Tail {
    async fn catch_up(&mut self, lab: &Lab, tenant: TenantId) -> Result<(), LabError> {
        for _ in 0..PAGES_A_LOOK {
            let page = lab.journal(tenant, self.cursor.as_deref()).await?;
            if page.lines.is_empty() {
                break;
            }
            for line in page.lines {
                self.take(line);
            }
            let next = match page.next {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => break,
            };
            if self.cursor.as_deref() == Some(next.as_str()) {
                break;
            }
            self.cursor = Some(next);
        }
        Ok(())
    }

    fn take(&mut self, line: Line) {
        self.runs.take(&line);
        if words::is_notable(&line) {
            push(&mut self.notable, line.clone());
        }
        push(&mut self.latest, line);
    }

    fn recent(&self) -> Recent {
        Recent {
            cursor: self.cursor.clone().unwrap_or_default(),
            notable: self.notable.iter().rev().cloned().collect(),
            latest: self.latest.iter().rev().cloned().collect(),
            runs: self.runs.newest_first(),
            succeeded: self.runs.succeeded(),
            failed: self.runs.failed(),
        }
    }
}

fn push(lines: &mut VecDeque<Line>, line: Line) {
    if lines.len() == LINES_KEPT {
        lines.pop_front();
    }
    lines.push_back(line);
}

/// The tails of the tenants looked at, each behind its own lock: one look reads at a time.
#[derive(Default)]
pub(crate) struct JournalTails {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    looks: u64,
    tails: HashMap<TenantId, Held>,
}

#[derive(Default)]
struct Held {
    /// The number of the look that wanted it last.
    wanted: u64,
    tail: Arc<tokio::sync::Mutex<Tail>>,
}

impl JournalTails {
    /// Reads what is new, and answers with the end.
    pub(crate) async fn recent(&self, lab: &Lab, tenant: TenantId) -> Result<Recent, LabError> {
        let tail = self.tail(tenant);
        let mut tail = tail.lock().await;
        tail.catch_up(lab, tenant).await?;
        Ok(tail.recent())
    }

    fn tail(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<Tail>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { looks, tails } = &mut *known;
        *looks += 1;
        if !tails.contains_key(&tenant)
            && tails.len() >= TENANTS_KEPT
            && let Some(oldest) = tails.iter().min_by_key(|(_, held)| held.wanted).map(|(tenant, _)| *tenant)
        {
            tails.remove(&oldest);
        }
        let held = tails.entry(tenant).or_default();
        held.wanted = *looks;
        Arc::clone(&held.tail)
    }
}
