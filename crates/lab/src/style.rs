//! The styles of reports: ANSI escape sequences in the text, which the program removes unless it
//! prints to a terminal with colors.
//!
//! Only reports for terminals are styled. JSON, JUnit, TAP, HTML and Markdown never are.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

/// What succeeded.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What failed.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What was left out, or is not certain.
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// Headings, and positions in files.
pub const STRONG: Style = Style::new().bold();
/// Line numbers beside an excerpt of a file.
pub const GUTTER: Style = AnsiColor::BrightBlue.on_default().bold();
/// The label of what to do.
pub const REMEDY: Style = AnsiColor::Cyan.on_default().bold();

/// Returns text in a style.
pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Returns text from a file or a response without control characters, which a terminal would
/// obey.
pub fn printable(text: &str) -> Cow<'_, str> {
    let obeyed = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.contains(obeyed) { Cow::Owned(text.replace(obeyed, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{7}\u{9b}c\n\td"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\n\td");
        assert_eq!(printable("größer → 100 %"), "größer → 100 %");
    }
}
