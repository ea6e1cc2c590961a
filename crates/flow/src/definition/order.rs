//! Orders actions: each follows its condition and the actions it runs after.

use super::action::{Action, Scope};

/// Returns the places in order, or a place that is part of a circle.
pub(super) fn of(actions: &[&Action]) -> Result<Vec<usize>, usize> {
    let mut order = Vec::with_capacity(actions.len());
    let mut placed = vec![false; actions.len()];
    // Quadratic in the worst case, over at most 500 actions, once per saved definition.
    while order.len() < actions.len() {
        let before = order.len();
        for (place, action) in actions.iter().enumerate() {
            let ready = action.run_after.iter().all(|(p, _)| placed[*p])
                && match action.scope {
                    Scope::Flow => true,
                    Scope::Branch { condition, .. } => placed[condition],
                };
            if ready && !placed[place] {
                placed[place] = true;
                order.push(place);
            }
        }
        if order.len() == before {
            return Err(placed.iter().position(|done| !done).unwrap_or_default());
        }
    }
    Ok(order)
}

/// Reorders the actions and renumbers their places.
pub(super) fn apply(actions: Vec<Action>, order: &[usize]) -> Vec<Action> {
    let mut renamed = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        renamed[*old] = new;
    }
    let mut slots: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
    let ordered = order.iter().filter_map(|old| slots[*old].take());
    ordered
        .map(|mut action| {
            for (place, _) in &mut action.run_after {
                *place = renamed[*place];
            }
            if let Scope::Branch { condition, .. } = &mut action.scope {
                *condition = renamed[*condition];
            }
            action
        })
        .collect()
}
