//! How numbers are written in some cultures.

use super::super::arguments::Arguments;
use super::super::error::EvaluationError;

/// The separators and the currency of a culture.
pub(super) struct Locale {
    pub(super) decimal: &'static str,
    pub(super) group: &'static str,
    pub(super) symbol: &'static str,
    pub(super) symbol_first: bool,
}

/// Culture, decimal separator, group separator, currency, whether the currency comes first.
const LOCALES: [(&str, &str, &str, &str, bool); 20] = [
    ("da-dk", ",", ".", "kr.", false),
    ("de-at", ",", ".", "€", false),
    ("de-ch", ".", "’", "CHF", false),
    ("de-de", ",", ".", "€", false),
    ("en-au", ".", ",", "$", true),
    ("en-ca", ".", ",", "$", true),
    ("en-gb", ".", ",", "£", true),
    ("en-us", ".", ",", "$", true),
    ("es-es", ",", ".", "€", false),
    ("fi-fi", ",", "\u{a0}", "€", false),
    ("fr-fr", ",", "\u{202f}", "€", false),
    ("is-is", ",", ".", "kr", false),
    ("it-it", ",", ".", "€", false),
    ("ja-jp", ".", ",", "¥", true),
    ("nb-no", ",", "\u{a0}", "kr", false),
    ("nl-nl", ",", ".", "€", false),
    ("pl-pl", ",", "\u{a0}", "zł", false),
    ("pt-br", ",", ".", "R$", true),
    ("pt-pt", ",", "\u{a0}", "€", false),
    ("sv-se", ",", "\u{a0}", "kr", false),
];

impl Locale {
    /// Parses a number with this culture's separators.
    pub(super) fn parse(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        let (whole, fraction) = text.split_once(self.decimal).unwrap_or((text, ""));
        let is_blank = self.group.chars().all(char::is_whitespace);
        let whole: String = if is_blank {
            whole.chars().filter(|c| !c.is_whitespace()).collect()
        } else {
            whole.replace(self.group, "")
        };
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | 'e' | 'E');
        let plain = format!("{whole}.{fraction}");
        let number = if plain.chars().all(|c| is_number(c) || c == '.') && !fraction.contains('.') {
            // `12e3` has no fraction: its exponent is in the part before the point.
            if fraction.is_empty() { whole.parse().ok() } else { plain.parse().ok() }
        } else {
            None
        };
        number.filter(|number: &f64| number.is_finite())
    }
}

/// Returns the culture of this name, or the first one of this language.
pub(super) fn find(name: &str) -> Option<Locale> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let exact = LOCALES.iter().find(|row| row.0 == name);
    let language = || match name.as_str() {
        "en" => LOCALES.iter().find(|row| row.0 == "en-us"),
        "de" => LOCALES.iter().find(|row| row.0 == "de-de"),
        name if name.len() == 2 => LOCALES.iter().find(|row| row.0.starts_with(name)),
        _ => None,
    };
    let (_, decimal, group, symbol, symbol_first) = *exact.or_else(language)?;
    Some(Locale { decimal, group, symbol, symbol_first })
}

/// Returns the culture that an argument names, or else `en-US`.
pub(super) fn of(given: &Arguments<'_, '_>, at: usize) -> Result<Locale, EvaluationError> {
    let name = given.optional_text(at)?.unwrap_or("en-us");
    find(name).map_or_else(|| given.refuse(format_args!("does not support the locale '{name}'")), Ok)
}
