//! Annotations of GitHub Actions: workflow commands in the output, which it shows at their lines.

use std::path::Path;

use outlive_lab::Diagnostic;
use outlive_lab::scenario::report::annotations;
use outlive_lab::scenario::result::RunResult;

use crate::console::read_seed;
use crate::terminal::{print, print_to_stderr};

/// Whether annotations are printed, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Annotations {
    wanted: bool,
    /// Whether standard output has something else. GitHub Actions reads standard error, too.
    to_stderr: bool,
}

impl Annotations {
    /// In GitHub Actions, they need no option.
    pub(crate) fn new(option: bool, to_stderr: bool) -> Self {
        let wanted = option || std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
        Self { wanted, to_stderr }
    }

    /// Prints those of mistakes in files.
    pub(crate) fn print_mistakes(self, mistakes: &[Diagnostic]) {
        if self.wanted {
            self.print(&annotations::mistakes(mistakes));
        }
    }

    /// Prints those of mistakes in a seed file, if one is given.
    pub(crate) fn print_mistakes_of_seed(self, seed: Option<&Path>) {
        if self.wanted
            && let Some(path) = seed
            && let Err(mistakes) = read_seed(Some(path))
        {
            self.print_mistakes(&mistakes);
        }
    }

    /// Prints those of steps that did not pass.
    pub(crate) fn print_steps(self, result: &RunResult) {
        if self.wanted {
            self.print(&annotations::report(result));
        }
    }

    fn print(self, lines: &str) {
        if self.to_stderr { print_to_stderr(lines) } else { print(lines) }
    }
}
