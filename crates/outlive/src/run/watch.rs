//! Prints a scenario while it runs, and shows progress while time moves or its variant runs.

use std::sync::atomic::{AtomicU64, Ordering};

use outlive_clock::Instant;
use outlive_lab::scenario::Scenario;
use outlive_lab::scenario::report::story;
use outlive_lab::scenario::result::StepResult;
use outlive_lab::scenario::run::{Observer, TimeObserver};
use outlive_wire::counted;
use parking_lot::Mutex;

use crate::progress::Progress;
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
    /// Whether scenarios are printed step by step.
    pub(super) fn is_live(self) -> bool {
        self.print && !self.parallel
    }

    pub(super) fn should_continue(self) -> bool {
        self.unconditional || !terminal::is_lost()
    }
}

/// Observes a scenario. In live mode, prints every step when it has finished.
pub(super) struct ProgressPrinter {
    output: OutputMode,
    live: bool,
    chapter: Mutex<String>,
    progress: Mutex<Option<Progress>>,
}

impl ProgressPrinter {
    pub(super) fn new(output: OutputMode, live: bool) -> Self {
        Self { output, live, chapter: Mutex::default(), progress: Mutex::default() }
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
        self.progress.lock().take();
        let mut chapter = self.chapter.lock();
        if *chapter != step.chapter {
            print(&story::chapter(&step.chapter));
            chapter.clone_from(&step.chapter);
        }
        print(&story::step(step));
    }

    fn variant_started(&self) {
        if self.live {
            *self.progress.lock() = Some(Progress::stage("running the variant"));
        }
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
        let mut progress = self.progress.lock();
        let progress = progress.get_or_insert_with(Progress::part);
        progress.set(seconds(now - from), seconds(target - from), &now.whole_second().to_string());
    }

    fn time_stopped(&self) {
        self.progress.lock().take();
    }
}

/// Shows how many of several scenarios have ended, where they are not printed step by step.
pub(super) struct ScenarioCounter {
    progress: Progress,
    ended: AtomicU64,
    all: u64,
}

impl ScenarioCounter {
    pub(super) fn start(all: usize) -> Self {
        let counter = Self {
            progress: Progress::part(),
            ended: AtomicU64::new(0),
            all: all.try_into().unwrap_or(u64::MAX),
        };
        counter.show(0);
        counter
    }

    pub(super) fn scenario_ended(&self) {
        self.show(self.ended.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn show(&self, ended: u64) {
        self.progress.set(ended, self.all, &format!("{ended} of {}", counted(self.all, "scenario")));
    }
}
