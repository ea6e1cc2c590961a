//! The kinds of files that people write.

use crate::yaml::top_names;

/// What a YAML file contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Scenarios,
    Seed,
}

/// The key that only scenario files have.
const SCENARIOS: &str = "scenarios";
/// The keys that only seed files have.
const OF_SEEDS: [&str; 4] = ["seed", "tenant", "users", "applications"];

impl FileKind {
    /// Recognizes a file by its top-level keys: `scenarios`, or one that only seed files have.
    pub fn of(text: &str) -> Option<Self> {
        if keys(text).iter().any(|key| key == SCENARIOS) {
            return Some(Self::Scenarios);
        }
        Self::key_of_seed(text).map(|_| Self::Seed)
    }

    /// Returns the first key that only seed files have, unless the file has scenarios.
    pub(crate) fn key_of_seed(text: &str) -> Option<String> {
        let keys = keys(text);
        let has_scenarios = keys.iter().any(|key| key == SCENARIOS);
        keys.into_iter().find(|key| !has_scenarios && OF_SEEDS.contains(&key.as_str()))
    }
}

/// Returns the top-level keys of a file; of one that is not valid YAML, the beginnings of its
/// lines.
fn keys(text: &str) -> Vec<String> {
    let of_line = |line: &str| Some(line.split_once(':')?.0.to_owned());
    top_names(text).unwrap_or_else(|| text.lines().filter_map(of_line).collect())
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
