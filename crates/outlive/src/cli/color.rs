//! Colors of the help, which is printed before all arguments are known.

use std::ffi::OsString;

use clap::{ColorChoice, ValueEnum as _};

/// Returns the value of `--color` among arguments; the default if it is missing or wrong.
pub(crate) fn color_among(arguments: impl IntoIterator<Item = OsString>) -> ColorChoice {
    let texts = arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned());
    let mut texts = texts.take_while(|text| text != "--");
    while let Some(text) = texts.next() {
        let value = match text.strip_prefix("--color") {
            Some("") => texts.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        if let Some(choice) = value.and_then(|value| ColorChoice::from_str(&value, false).ok()) {
            return choice;
        }
    }
    ColorChoice::Auto
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_found_wherever_it_is() {
        for (line, expected) in [
            ("run --help", ColorChoice::Auto),
            ("--color never run --help", ColorChoice::Never),
            ("run --help --color=always", ColorChoice::Always),
            ("run --colors always", ColorChoice::Auto),
            ("run --color sometimes", ColorChoice::Auto),
            ("run --color", ColorChoice::Auto),
            ("run -- --color never", ColorChoice::Auto),
        ] {
            assert_eq!(color_among(line.split(' ').map(OsString::from)), expected, "{line}");
        }
    }
}
