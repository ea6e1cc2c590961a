//! Checks steps, and those that run at the same time.

use serde_saphyr::Spanned;

use super::checker::Checker;
use super::names::Kind;
use crate::diagnostic::Position;
use crate::scenario::verbs::{Step, StepVerb};

/// Maximum number of steps that run at the same time.
const PARALLEL_MAX: usize = 20;

impl<'a> Checker<'a> {
    pub(super) fn step(&mut self, step: &'a Spanned<Step>) {
        let written = step;
        self.at = Position::of(step);
        let step = &step.value;
        step.say.iter().for_each(|say| self.literal(Position::of(say), &say.value));
        match (step.verb(), &step.parallel) {
            (Err(names), Some(parallel)) if names.is_empty() => self.parallel(step, parallel),
            (_, Some(_)) => {
                self.wrong("this step has a verb beside parallel", "move the verb to a step of parallel");
            }
            (Ok(verb), None) => {
                verb.check(self);
                if let Some(eventually) = &step.eventually {
                    self.eventually(verb.name(), eventually);
                }
                if let Some(captures) = &step.capture {
                    self.captures(verb.name(), captures);
                }
            }
            (Err(names), None) if names.is_empty() => {
                self.wrong("this step has no verb", format!("add one of: {}", StepVerb::NAMES.join(", ")));
            }
            (Err(names), None) => {
                let message = format!("this step has more than one verb: {}", names.join(", "));
                self.wrong(message, "make a step of each");
            }
        }
        self.at = Position::of(written);
        if let Some(mark) = &step.mark {
            self.known.add(Kind::Mark, mark);
            if let Some(snapshot) = step.taken_snapshot() {
                self.known.mark_snapshot(snapshot, mark);
            }
        }
    }

    /// Checks steps that run at the same time: each knows what is known before all of them.
    fn parallel(&mut self, step: &'a Step, parallel: &'a Spanned<Vec<Spanned<Step>>>) {
        let count = parallel.value.len();
        if !(1..=PARALLEL_MAX).contains(&count) {
            let message = format!("{count} steps cannot run at the same time");
            self.wrong_at(Position::of(parallel), message, format!("write 1 to {PARALLEL_MAX} steps"));
        }
        if step.say.is_some() || step.capture.is_some() || step.eventually.is_some() {
            let message = "only the steps within parallel can have say, capture and eventually";
            self.wrong(message, "move them to a step of parallel");
        }
        let before = self.known.clone();
        let (mut known, mut stored) = (Vec::new(), Vec::new());
        for child in &parallel.value {
            self.at = Position::of(child);
            if child.value.excludes_others() {
                let message = "a step that moves time, uses a passkey or concerns a snapshot cannot run at the same time as others";
                self.wrong(message, "write it before or after parallel");
            }
            self.step(child);
            let after = std::mem::replace(&mut self.known, before.clone());
            let own = after.stored_since(&before);
            if let Some((_, name)) = own.iter().find(|name| stored.contains(*name)) {
                let message = format!("another step at the same time stores '{name}', too");
                self.wrong_at(Position::of(child), message, "use another name");
            }
            stored.extend(own);
            known.push(after);
        }
        known.into_iter().for_each(|known| self.known.merge(&before, known));
    }
}
