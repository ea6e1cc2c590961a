//! The line of a file at a position, and the column of the caret below it, for terminals.

use unicode_width::UnicodeWidthStr;

/// Maximum width of an excerpt, in columns. Of longer lines, the part around the position is shown.
const WIDTH_MAX: usize = 120;
/// Columns before the position in the excerpt of a long line.
const BEFORE: usize = 60;
/// Columns of a tab, which terminals would show in different widths.
const TAB: &str = "    ";

/// A line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or a part of it. Characters that would change how a terminal shows it are escaped.
    pub text: String,
    /// Columns before the caret.
    pub caret: usize,
}

impl Excerpt {
    /// Creates the excerpt of a line for a column, counted from 1 in characters.
    pub(super) fn new(line: &str, column: u64) -> Self {
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let at = line.char_indices().nth(before).map_or(line.len(), |(at, _)| at);
        let (before, after) = (shown(&line[..at]), shown(&line[at..]));
        let width = before.width();
        if width + after.width() <= WIDTH_MAX {
            return Self { text: before + &after, caret: width };
        }
        let before = if width > BEFORE { format!("…{}", last(&before, BEFORE)) } else { before };
        let caret = before.width();
        let rest = WIDTH_MAX - caret.min(WIDTH_MAX);
        let after = if after.width() > rest { format!("{}…", first(&after, rest)) } else { after };
        Self { text: before + &after, caret }
    }
}

/// Returns the text with escapes for what has no place in a line of a terminal: control characters,
/// and characters that reverse the direction of writing or are invisible.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push_str(TAB),
            '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {
                shown.extend(c.escape_unicode());
            }
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Returns the longest beginning of at most `width` columns.
fn first(text: &str, width: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| text[..*end].width() <= width).last().unwrap_or(0);
    &text[..end]
}

/// Returns the longest end of at most `width` columns.
fn last(text: &str, width: usize) -> &str {
    let start = text.char_indices().map(|(at, _)| at).find(|at| text[*at..].width() <= width);
    &text[start.unwrap_or(text.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_is_below_the_character() {
        for (line, column, text, caret) in [
            ("a: b", 4, "a: b", 3),
            ("a: b", 9, "a: b", 4),
            ("\ta:\tb", 5, "    a:    b", 10),
            ("注文: b", 5, "注文: b", 6),
            ("👩\u{200d}💻: b", 6, "👩\u{200d}💻: b", 4),
            ("Cafe\u{301}: b", 8, "Cafe\u{301}: b", 6),
            ("\u{202e}x\u{7}: b", 6, "\\u{202e}x\\u{7}: b", 16),
            ("", 1, "", 0),
        ] {
            assert_eq!(Excerpt::new(line, column), Excerpt { text: text.to_owned(), caret }, "{line:?}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_around_the_position_is_shown() {
        let line = format!("{}X{}", "a".repeat(500), "注".repeat(500));
        let excerpt = Excerpt::new(&line, 501);
        let shown = format!("…{}X{}…", "a".repeat(BEFORE), "注".repeat((WIDTH_MAX - BEFORE - 2) / 2));
        assert_eq!(excerpt, Excerpt { text: shown, caret: BEFORE + 1 });
        let at_the_end = Excerpt::new(&"b".repeat(300), 301);
        assert_eq!(at_the_end, Excerpt { text: format!("…{}", "b".repeat(BEFORE)), caret: BEFORE + 1 });
    }
}
