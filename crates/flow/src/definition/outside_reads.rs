//! Which loops have iterations that expressions outside of them read: `result('Loop')`, or
//! `outputs('Action')` of an action inside. A run keeps those iterations at hand.

use super::action::{Action, ActionKind, Body};
use super::parameters::Output;
use crate::expression::{ACTION_FUNCTIONS, Template};

/// Marks the bodies whose ended iterations are read from outside of their loop.
pub(super) fn mark(actions: &[Action], bodies: &mut [Body], outputs: &[Output]) {
    let mut marked = vec![false; bodies.len()];
    let mut read = |reader: usize, template: &Template| {
        if template.computes_name(ACTION_FUNCTIONS) {
            marked.fill(true);
            return;
        }
        let body_of_loop = |place: usize| bodies.iter().position(|body| body.of == Some(place));
        for name in template.names(ACTION_FUNCTIONS) {
            let Some(place) = actions.iter().position(|action| action.name == *name) else { continue };
            for body in path(actions, bodies, actions[place].body, reader, false) {
                marked[body] = true;
            }
        }
        for name in template.names(&["result"]) {
            let place = actions.iter().position(|action| action.name == *name);
            if let Some(inner) = place.and_then(body_of_loop) {
                for body in path(actions, bodies, inner, reader, true) {
                    marked[body] = true;
                }
            }
        }
    };
    for (place, action) in actions.iter().enumerate() {
        // The condition of an `Until` is evaluated in its last iteration.
        let own = matches!(action.kind, ActionKind::Until(_));
        let inner = bodies.iter().position(|body| own && body.of == Some(place));
        for template in action.kind.templates() {
            read(inner.unwrap_or(action.body), template);
        }
        if let Some(tracked) = &action.settings.tracked {
            read(action.body, tracked);
        }
    }
    for Output { value: template, .. } in outputs {
        read(0, template);
    }
    for (body, marked) in bodies.iter_mut().zip(marked) {
        body.is_read_outside = marked;
    }
}

/// Returns the bodies from one that is read up to the one that contains the reader as well, without
/// the latter. Outputs inside an `Until` are those of its last iteration, which is always kept.
fn path(actions: &[Action], bodies: &[Body], read: usize, reader: usize, whole: bool) -> Vec<usize> {
    let outer = |body: &usize| bodies[*body].of.map(|of| actions[of].body);
    let around: Vec<_> = std::iter::successors(Some(reader), outer).collect();
    let path: Vec<_> =
        std::iter::successors(Some(read), outer).take_while(|body| !around.contains(body)).collect();
    let is_until =
        |body: &usize| bodies[*body].of.is_some_and(|of| matches!(actions[of].kind, ActionKind::Until(_)));
    if !whole && path.iter().all(is_until) { Vec::new() } else { path }
}
