//! How numbers are written in some cultures.

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
