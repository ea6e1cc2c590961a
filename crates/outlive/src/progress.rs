//! The progress of a command: one line on standard error, which is updated in place and removed at
//! the end. Other output is printed above it. Without a terminal, nothing is shown.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use outlive_lab::style::printable;
use parking_lot::Mutex;

/// How often a line without news is drawn, to show that the command is not stuck (wall time).
const EVERY: Duration = Duration::from_millis(120);

/// How often the line is drawn at most, in a second of wall time. By default it is a third of that,
/// which leaves out what a fast command shows.
const DRAWN_MAX: u8 = 60;

/// The line that is shown, of which a process has one.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// A line that shows progress until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Shows what takes a while, and how long it has taken.
    pub(crate) fn stage(words: &str) -> Self {
        let progress = Self::show("  {spinner} {wide_msg} {elapsed}");
        progress.set_words(words);
        progress.0.enable_steady_tick(EVERY);
        progress
    }

    /// Shows how much of a whole is done.
    pub(crate) fn part() -> Self {
        Self::show("  {msg}  [{bar:40}] {percent}%")
    }

    fn show(template: &str) -> Self {
        let mut shown = SHOWN.lock();
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        // Only one line can be updated in place.
        let target = match is_dumb || shown.is_some() {
            true => ProgressDrawTarget::hidden(),
            // Without a terminal, nothing is drawn.
            false => ProgressDrawTarget::stderr_with_hz(DRAWN_MAX),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            *shown = Some(bar.clone());
        }
        Self(bar)
    }

    /// Changes the words.
    pub(crate) fn set_words(&self, words: &str) {
        self.0.set_message(printable(words).into_owned());
    }

    /// Changes how much is done, of how much.
    pub(crate) fn set(&self, done: u64, all: u64, words: &str) {
        self.0.set_length(all);
        self.0.set_position(done);
        self.set_words(words);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if !self.0.is_hidden() {
            *SHOWN.lock() = None;
        }
        self.0.finish_and_clear();
    }
}

/// Prints while no line is shown, and shows it again.
pub(crate) fn above<T>(print: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().clone();
    match shown {
        Some(line) => line.suspend(print),
        None => print(),
    }
}
