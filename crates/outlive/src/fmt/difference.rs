//! Differences between texts, for the terminal.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use similar::{ChangeTag, TextDiff};

/// How long the shortest difference is searched; after that, a longer one is printed.
const SEARCH_MAX: Duration = Duration::from_secs(5);
/// The number of unchanged lines around a change.
const CONTEXT: usize = 3;

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// Whether differences are colored: on a terminal, unless `NO_COLOR` is set.
pub(super) fn is_colored() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Returns a unified difference, which `patch -p0` applies.
pub(super) fn unified(name: &str, before: &str, after: &str, is_colored: bool) -> String {
    let difference = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(before, after);
    let paint = |color: &'static str| if is_colored { (color, RESET) } else { ("", "") };
    let (bold, reset) = paint(BOLD);
    let mut text = format!("{bold}--- {name}{reset}\n{bold}+++ {name}{reset}\n");
    for hunk in difference.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let (cyan, reset) = paint(CYAN);
        let _ = writeln!(text, "{cyan}{}{reset}", hunk.header());
        for change in hunk.iter_changes() {
            let (color, reset) = match change.tag() {
                ChangeTag::Delete => paint(RED),
                ChangeTag::Insert => paint(GREEN),
                ChangeTag::Equal => ("", ""),
            };
            let line = change.value();
            let content = line.strip_suffix('\n').unwrap_or(line);
            let _ = writeln!(text, "{color}{}{content}{reset}", change.tag());
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_the_form_that_patch_reads() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh";
        let after = "a\nb\nc\nd\ne\nf\nG\nh\n";
        assert_eq!(
            unified("x.yaml", before, after, false),
            "--- x.yaml\n+++ x.yaml\n@@ -4,5 +4,5 @@\n d\n e\n f\n-g\n-h\n\\ No newline at end of file\n+G\n+h\n"
        );
    }

    #[test]
    fn colors_surround_lines() {
        assert_eq!(
            unified("x", "a\n", "b\n", true),
            "\u{1b}[1m--- x\u{1b}[0m\n\u{1b}[1m+++ x\u{1b}[0m\n\u{1b}[36m@@ -1 +1 @@\u{1b}[0m\n\
             \u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n"
        );
    }
}
