//! The kinds of files that people write.

use crate::yaml::top_names;

/// What a YAML file contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Scenarios,
    Seed,
}

impl FileKind {
    /// Recognizes a file by its top-level keys: `scenarios`, or one that only seed files have. A
    /// text that is not valid YAML is recognized by the beginnings of its lines.
    pub fn of(text: &str) -> Option<Self> {
        let names = top_names(text);
        let starts = |key: &str| text.lines().any(|line| line.starts_with(&format!("{key}:")));
        let has =
            |key: &str| names.as_ref().map_or_else(|| starts(key), |names| names.iter().any(|n| n == key));
        if has("scenarios") {
            return Some(Self::Scenarios);
        }
        ["seed", "tenant", "users", "applications"].into_iter().any(has).then_some(Self::Seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_recognized_by_its_keys() {
        for (text, kind) in [
            ("tags: [a]\nscenarios: []\n", Some(FileKind::Scenarios)),
            ("seed: x\nscenarios: []\n", Some(FileKind::Scenarios)),
            ("tenant: {}\n", Some(FileKind::Seed)),
            ("scenarios:\n  - [\n", Some(FileKind::Scenarios)),
            ("users:\n  - {\n", Some(FileKind::Seed)),
            ("services: {web: {}}\n", None),
            ("[1, 2]\n", None),
            ("", None),
        ] {
            assert_eq!(FileKind::of(text), kind, "{text}");
        }
    }
}
