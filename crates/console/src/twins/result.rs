//! Both sides of a pair, as the lab returns them, and those that are kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::Instant;
use serde::Deserialize;
use serde_json::Value;

/// The number of results that are kept; the oldest is forgotten.
const KEPT_MAX: usize = 24;

/// A paired scenario that can be run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) fact: String,
    pub(super) values: [String; 2],
}

#[derive(Deserialize)]
pub(super) struct PairList {
    pub(super) pairs: Vec<Pair>,
}

/// A fact with which a run can be replayed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Change {
    pub(super) fact: String,
    pub(super) title: String,
    pub(super) values: [String; 2],
}

/// How a run can be replayed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ReplayList {
    pub(super) changes: Vec<Change>,
    pub(super) limits: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fact {
    pub(super) fact: String,
}

/// Both sides of a pair.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Twins {
    pub(super) fact: Fact,
    pub(super) results: [Side; 2],
    /// The first step with different outcomes, counted from 0.
    pub(super) diverged_at: Option<usize>,
    /// The two values of the fact.
    pub(super) shown: [String; 2],
    /// What a replay repeats and what not.
    pub(super) limits: Vec<String>,
    /// The scenario of a replay.
    pub(super) scenario: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Side {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) verb: String,
    pub(super) status: String,
    pub(super) at: Option<Instant>,
    pub(super) narration: Vec<String>,
    pub(super) why: Vec<String>,
    pub(super) error: Option<String>,
}

/// A result, and its JSON as the lab returned it.
pub(crate) struct Kept {
    pub(super) twins: Twins,
    pub(super) json: Value,
}

/// Results by what was asked for, the oldest first.
type AllKept = VecDeque<(String, Arc<Kept>)>;

/// The pairs that were run since the console started, by what was asked for.
#[derive(Clone, Default)]
pub(crate) struct ExecutedTwins {
    kept: Arc<Mutex<AllKept>>,
}

impl ExecutedTwins {
    pub(super) fn of(&self, key: &str) -> Option<Arc<Kept>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, result)| Arc::clone(result))
    }

    pub(super) fn keep(&self, key: &str, result: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known != key);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((key.to_owned(), Arc::new(result)));
    }
}
