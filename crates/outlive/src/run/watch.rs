//! Telling a story while it happens, with a bar while time moves (on standard error, on a terminal only).

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outlive_clock::Instant;
use outlive_lab::scenario::Scenario;
use outlive_lab::scenario::report::story;
use outlive_lab::scenario::result::StepResult;
use outlive_lab::scenario::run::Observer;

use super::Telling;
use crate::terminal::tell;

/// Watches a scenario, and where it is told live, tells every step as soon as it is done.
pub(super) struct Storyteller {
    telling: Telling,
    live: bool,
    chapter: Mutex<String>,
    bar: Mutex<Option<ProgressBar>>,
}

impl Storyteller {
    pub(super) fn new(telling: Telling, live: bool) -> Self {
        Self { telling, live, chapter: Mutex::default(), bar: Mutex::default() }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Storyteller {
    fn scenario_started(&self, scenario: &Scenario, _: &str) {
        if !self.live {
            return;
        }
        tell(&story::opening(&scenario.name.value, scenario.about.as_deref()));
    }

    fn step_finished(&self, step: &StepResult) {
        if !self.live {
            return;
        }
        let mut chapter = self.chapter.lock().unwrap_or_else(PoisonError::into_inner);
        if *chapter != step.chapter {
            tell(&story::chapter(&step.chapter));
            chapter.clone_from(&step.chapter);
        }
        tell(&story::step(step));
    }

    fn time_moved(&self, from: Instant, now: Instant, target: Instant) {
        if !self.live {
            return;
        }
        let seconds = |span: outlive_clock::Span| u64::try_from(span.as_seconds()).unwrap_or(0);
        let mut bar = self.bar();
        let bar = bar.get_or_insert_with(|| {
            // A bar that is no terminal's draws nothing.
            let bar =
                ProgressBar::with_draw_target(Some(seconds(target - from)), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("  {msg}  [{bar:50}] {percent}%") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_position(seconds(now - from));
        bar.set_message(now.whole_second().to_string());
    }

    fn time_stopped(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    fn should_continue(&self) -> bool {
        self.telling.should_continue()
    }
}
