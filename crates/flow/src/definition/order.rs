//! Orders actions: each follows the action that contains it and the actions it runs after.

/// What has to come before an action.
pub(super) struct Precedence {
    pub(super) parent: Option<usize>,
    pub(super) after: Vec<usize>,
}

/// Returns the places in order, or a place that is part of a circle.
pub(super) fn of(actions: &[Precedence]) -> Result<Vec<usize>, usize> {
    let mut order = Vec::with_capacity(actions.len());
    let mut placed = vec![false; actions.len()];
    // Quadratic in the worst case, over at most 500 actions, once per saved definition.
    while order.len() < actions.len() {
        let before = order.len();
        for (place, action) in actions.iter().enumerate() {
            let ready = action.after.iter().chain(&action.parent).all(|before| placed[*before]);
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
