//! What would have had to be otherwise: a refused question asked again with as few facts changed as will do.
//!
//! Nothing here knows a rule. Every change is tried on [`Question::decide`], and those that make it accept are told.

mod alteration;
mod clause;

use serde::{Deserialize, Serialize};

pub use alteration::Alteration;

use crate::Question;

/// Most facts changed together: beyond that it is another story.
const TOGETHER_MAX: usize = 3;

/// Facts which, changed together, would have had the question accepted; fewer would not have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// What would have had to be otherwise.
    pub changes: Vec<Alteration>,
    /// The same in words.
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

/// The smallest changes of facts under which the question would be accepted, in the order in which people would think of
/// them. Empty if it is accepted as it is, or if no three changes do.
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
            // In rising order only, so that the same set is not tried in every order.
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
