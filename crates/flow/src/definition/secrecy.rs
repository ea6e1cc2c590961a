//! Which values the run history hides: those that a setting names, and those computed from them.

use std::collections::HashSet;

use super::action::ActionKind;
use super::settings::Hidden;

/// Returns what is hidden of each action, by place. An action whose inputs refer to hidden outputs
/// has hidden inputs; if its outputs are made of its inputs, they are hidden too.
pub(super) fn of(read: &[(&str, &ActionKind, Hidden)], order: &[usize]) -> Vec<Hidden> {
    let mut hidden: Vec<Hidden> = read.iter().map(|(_, _, hidden)| *hidden).collect();
    if hidden.iter().all(Hidden::nothing) {
        return hidden;
    }
    let mut names: HashSet<String> = HashSet::new();
    // Values flow against the order only through variables of loops: a second turn finds those.
    for place in order.iter().chain(order).copied() {
        let (name_of, kind, _) = read[place];
        let reads = kind.templates().into_iter().any(|template| {
            let used = [template.action_names(), template.names(&["items"])].concat();
            let variables = template.names(&["variables"]);
            used.into_iter().any(|name| names.contains(name))
                || variables.iter().any(|name| names.contains(&variable(name)))
        });
        hidden[place].inputs |= reads;
        if hidden[place].inputs && passes_on(kind) {
            hidden[place].outputs = true;
        }
        if hidden[place].outputs {
            names.insert(name_of.to_owned());
        }
        if let (true, ActionKind::ChangeVariable { name, .. }) = (hidden[place].inputs, kind) {
            names.insert(variable(name));
        }
    }
    hidden
}

/// Returns the name of a variable in the set: no action's name has this beginning.
fn variable(name: &str) -> String {
    format!("\0{}", name.to_lowercase())
}

/// Whether the outputs of an action are made of its inputs.
const fn passes_on(kind: &ActionKind) -> bool {
    !matches!(
        kind,
        ActionKind::OpenApiConnection(_)
            | ActionKind::ApiConnection(_)
            | ActionKind::Http(_)
            | ActionKind::Webhook(_)
            | ActionKind::Unavailable { .. }
    )
}
