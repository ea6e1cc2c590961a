//! What-if analysis: the smallest changes of facts that reverse a refusal.
//!
//! This module knows no rules. It tries every change with [`Question::decide`] and returns those
//! that are accepted.

mod alteration;
mod clause;

use serde::{Deserialize, Serialize};

pub use alteration::Alteration;

use crate::Question;

/// Maximum number of changes in a set.
const TOGETHER_MAX: usize = 3;

/// A minimal set of changes under which the question is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// The changes.
    pub changes: Vec<Alteration>,
    /// The changes as a sentence.
    pub words: String,
}

impl WhatIf {
    fn of(changes: Vec<Alteration>) -> Self {
        let clauses: Vec<_> = changes.iter().map(Alteration::clause).collect();
        let words = match clauses.as_slice() {
            [one] => format!("Had {one}, it would have been accepted."),
            [first @ .., last] => {
                format!("Had {}, and had {last}, it would have been accepted.", first.join(", had "))
            }
            [] => String::new(),
        };
        Self { changes, words }
    }
}

/// Returns the smallest sets of changes under which the question is accepted, in order of
/// plausibility. Empty if it is accepted unchanged, or if no three changes suffice.
#[must_use]
pub fn what_if(question: &Question) -> Vec<WhatIf> {
    if question.decide().is_accepted() {
        return Vec::new();
    }
    let mut tried = vec![(Vec::new(), question.clone())];
    for _ in 0..TOGETHER_MAX {
        let mut accepted = Vec::new();
        let mut next = Vec::new();
        for (changes, asked) in tried {
            let last = changes.last();
            // In ascending order only, so that each set is tried once.
            for alteration in
                Alteration::of(&asked).into_iter().filter(|other| last.is_none_or(|last| other > last))
            {
                let altered = alteration.apply(&asked);
                let mut changes: Vec<Alteration> = changes.clone();
                changes.push(alteration);
                if altered.decide().is_accepted() {
                    accepted.push(WhatIf::of(changes));
                } else {
                    next.push((changes, altered));
                }
            }
        }
        if !accepted.is_empty() {
            return accepted;
        }
        tried = next;
    }
    Vec::new()
}
