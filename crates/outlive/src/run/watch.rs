//! Prints a scenario while it runs, with a progress bar while time moves (on standard error, if it
//! is a terminal).

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outlive_clock::Instant;
use outlive_lab::scenario::Scenario;
use outlive_lab::scenario::report::story;
use outlive_lab::scenario::result::StepResult;
use outlive_lab::scenario::run::{Observer, TimeObserver};
use parking_lot::Mutex;

use crate::terminal::{self, print};

/// How the output of a run is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputMode {
    pub(super) print: bool,
    /// Whether scenarios run in parallel, so that each is printed when it has ended.
    pub(super) parallel: bool,
    /// Whether scenarios run even if nothing more can be printed.
    pub(super) unconditional: bool,
}

impl OutputMode {
    pub(super) fn should_continue(self) -> bool {
        self.unconditional || !terminal::is_lost()
    }
}

/// Observes a scenario. In live mode, prints every step when it has finished.
pub(super) struct ProgressPrinter {
    output: OutputMode,
    live: bool,
    chapter: Mutex<String>,
    bar: Mutex<Option<ProgressBar>>,
}

impl ProgressPrinter {
    pub(super) fn new(output: OutputMode, live: bool) -> Self {
        Self { output, live, chapter: Mutex::default(), bar: Mutex::default() }
    }
}

impl Observer for ProgressPrinter {
    fn scenario_started(&self, scenario: &Scenario) {
        if !self.live {
            return;
        }
        print(&story::opening(&scenario.name.value, scenario.about.as_deref()));
    }

    fn step_finished(&self, step: &StepResult) {
        if !self.live {
            return;
        }
        let mut chapter = self.chapter.lock();
        if *chapter != step.chapter {
            print(&story::chapter(&step.chapter));
            chapter.clone_from(&step.chapter);
        }
        print(&story::step(step));
    }

    fn should_continue(&self) -> bool {
        self.output.should_continue()
    }
}

impl TimeObserver for ProgressPrinter {
    fn time_moved(&self, from: Instant, now: Instant, target: Instant) {
        if !self.live {
            return;
        }
        let seconds = |span: outlive_clock::Span| u64::try_from(span.as_seconds()).unwrap_or(0);
        let mut bar = self.bar.lock();
        let bar = bar.get_or_insert_with(|| {
            // Without a terminal, nothing is drawn.
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
        if let Some(bar) = self.bar.lock().take() {
            bar.finish_and_clear();
        }
    }
}
