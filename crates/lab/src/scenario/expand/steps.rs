//! Blocks of steps, repeated steps, and the tables of steps.

use serde_saphyr::Spanned;

use super::fill::Scope;
use super::scenarios::{add_to_text, row_text};
use super::{Expansion, REPEAT_MAX};
use crate::yaml::Node;

/// The fields of a block of steps.
const BLOCK_FIELDS: [&str; 3] = ["steps", "repeat", "examples"];

impl Expansion {
    /// Expands a list of steps.
    pub(super) fn steps(&mut self, steps: Vec<Spanned<Node>>, scope: &Scope) -> Vec<Spanned<Node>> {
        let mut expanded = Vec::new();
        for step in steps {
            self.step(step, scope, &mut expanded);
        }
        expanded
    }

    fn step(&mut self, mut step: Spanned<Node>, scope: &Scope, expanded: &mut Vec<Spanned<Node>>) {
        let Some(rows) = self.take_rows(&mut step.value, scope) else {
            return self.rounds(step, scope, expanded);
        };
        for row in rows {
            if !self.may_copy(&step, &step.value) {
                return;
            }
            let mut copy = step.clone();
            add_to_text(&mut copy.value, "say", "${row.", &row_text(&row));
            let scope = Scope { row: Some(row), ..scope.clone() };
            self.rounds(copy, &scope, expanded);
        }
    }

    fn rounds(&mut self, mut step: Spanned<Node>, scope: &Scope, expanded: &mut Vec<Spanned<Node>>) {
        let Some(rounds) = self.take_repeat(&mut step, scope) else {
            return self.block_or_step(step, scope, expanded);
        };
        for round in 1..=rounds {
            if !self.may_copy(&step, &step.value) {
                return;
            }
            let mut copy = step.clone();
            add_to_text(&mut copy.value, "say", "${round}", &format!("{round} of {rounds}"));
            let scope = Scope { round: Some(round), ..scope.clone() };
            self.block_or_step(copy, &scope, expanded);
        }
    }

    /// Takes the number of repetitions; `None` if there is none, or one that is no number, which
    /// the reader of the file reports.
    fn take_repeat(&mut self, step: &mut Spanned<Node>, scope: &Scope) -> Option<u64> {
        let mut repeat = step.value.get("repeat")?.clone();
        self.fill(&mut repeat, scope);
        let Node::Scalar(number, _) = &repeat.value else { return None };
        let number = number.as_u64()?;
        step.value.take("repeat");
        if !(1..=REPEAT_MAX).contains(&number) {
            let message = format!("a step cannot be repeated {number} times");
            self.wrong(&repeat, message, format!("write a number from 1 to {REPEAT_MAX}"));
            return Some(1);
        }
        Some(number)
    }

    fn block_or_step(&mut self, mut step: Spanned<Node>, scope: &Scope, expanded: &mut Vec<Spanned<Node>>) {
        if !self.fits(&step) {
            return;
        }
        if let Some(steps) = step.value.get_mut("steps") {
            self.resolve(steps, scope);
        }
        if matches!(step.value.get("steps").map(|steps| &steps.value), Some(Node::List(_))) {
            if let Node::Map(entries) = &step.value {
                for (key, _) in entries.iter().filter(|(key, _)| !BLOCK_FIELDS.contains(&key.value.as_str()))
                {
                    let message = format!("a block of steps has no field {}", key.value);
                    self.wrong(key, message, "move it to a step of the block");
                }
            }
            let Some(Spanned { value: Node::List(steps), referenced, defined }) = step.value.take("steps")
            else {
                return;
            };
            if steps.is_empty() {
                let at = Spanned::new((), referenced, defined);
                self.wrong(&at, "the block has no step", "write a step, or remove the block");
            }
            return expanded.extend(self.steps(steps, scope));
        }
        let parallel = step.value.take("parallel");
        self.fill(&mut step, scope);
        if let Some(mut parallel) = parallel {
            self.resolve(&mut parallel, scope);
            if std::mem::replace(&mut self.in_parallel, true) {
                self.wrong(&step, "parallel within parallel", "write all its steps in one list");
                // As if they were in one list: the reader of the file cannot read any depth.
                if let Node::List(steps) = parallel.value {
                    expanded.extend(self.steps(steps, scope));
                }
                return;
            }
            match parallel.value {
                Node::List(steps) => parallel.value = Node::List(self.steps(steps, scope)),
                _ => self.fill(&mut parallel, scope),
            }
            self.in_parallel = false;
            if let Node::Map(entries) = &mut step.value {
                let key = Spanned::new("parallel".to_owned(), parallel.referenced, parallel.defined);
                entries.push((key, parallel));
            }
        }
        expanded.push(step);
    }
}
