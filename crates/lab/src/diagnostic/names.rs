//! Names that were possibly meant.

use strsim::damerau_levenshtein;

/// Number of possible names up to which all are listed beside the one that was possibly meant.
const LISTED_MAX: usize = 20;

/// Returns the names that are possible instead of `given`, first the one that was possibly meant.
pub(super) fn one_of(given: &str, names: &str) -> String {
    let count = list(names).count();
    match (names.is_empty(), closest(given, list(names))) {
        (true, _) => "remove it".to_owned(),
        (false, Some(name)) if count > LISTED_MAX => format!("did you mean {name}?"),
        (false, Some(name)) => format!("did you mean {name}? Use one of: {names}"),
        (false, None) => format!("use one of: {names}"),
    }
}

/// The names in a list with commas or `or`.
fn list(names: &str) -> impl Iterator<Item = &str> {
    names.split([',', ' ']).filter(|name| !name.is_empty() && *name != "or")
}

/// Returns the name that differs from `given` by at most a third of its characters.
pub(crate) fn closest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let distances = names.map(|name| (damerau_levenshtein(&given, &name.to_lowercase()), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= given.chars().count().max(3)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_recognized() {
        let names = "sign_in, refresh, change_password or advance";
        for (given, expected) in [
            ("advnce", Some("advance")),
            ("sing_in", Some("sign_in")),
            ("changePassword", Some("change_password")),
            ("Refresh", Some("refresh")),
            ("x", None),
            ("or", None),
            ("wait", None),
        ] {
            assert_eq!(closest(given, list(names)), expected, "{given}");
        }
        assert_eq!(one_of("advnce", names), format!("did you mean advance? Use one of: {names}"));
        assert_eq!(one_of("wait", names), format!("use one of: {names}"));
        assert_eq!(one_of("wait", ""), "remove it");
        let many = ["refresh"; LISTED_MAX + 1].join(", ");
        assert_eq!(one_of("refersh", &many), "did you mean refresh?");
    }
}
