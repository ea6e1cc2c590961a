//! Names of the tenants of scenarios. With a seed, the lab draws a tenant's id by its name, so with
//! different names the results of scenarios do not depend on the order in which they run.

use std::collections::HashSet;

use crate::scenario::file::Scenario;
use crate::scenario::read::ReadScenarios;

/// Maximum length of the name of a tenant that is created for a scenario, in characters.
const LENGTH_MAX: usize = 200;

/// Returns the names of the tenants of all scenarios, by file and position: those of the scenarios,
/// with a number where several have one name. The numbers follow the paths and positions, not the
/// order in which files are given.
pub fn tenant_names(files: &[ReadScenarios]) -> Vec<Vec<String>> {
    let of_file = |file: &ReadScenarios| file.file.scenarios.value.iter().map(tenant_name).collect();
    let mut names: Vec<Vec<String>> = files.iter().map(of_file).collect();
    let mut by_path: Vec<usize> = (0..files.len()).collect();
    by_path.sort_by_key(|index| &files[*index].name);
    let mut known: HashSet<String> = names.iter().flatten().cloned().collect();
    let mut used = HashSet::new();
    for name in by_path.into_iter().flat_map(|file| indexes(file, &names[file])).collect::<Vec<_>>() {
        let name = &mut names[name.0][name.1];
        if !used.insert(name.clone()) {
            let numbered = (2_u32..).map(|number| with_suffix(name, &format!(" ({number})")));
            let free = numbered.into_iter().find(|name| known.insert(name.clone()));
            *name = free.unwrap_or_default();
        }
    }
    names
}

fn indexes(file: usize, names: &[String]) -> impl Iterator<Item = (usize, usize)> + use<> {
    (0..names.len()).map(move |index| (file, index))
}

/// Returns the name of a repetition's tenant, counted from 1. The first has the name of a scenario
/// that is not repeated, and so the same results.
pub fn repetition_name(name: &str, number: u16) -> String {
    if number == 1 { name.to_owned() } else { with_suffix(name, &format!(" (repetition {number})")) }
}

/// Returns the name of the tenant of a scenario's variant.
pub(super) fn variant_name(name: &str) -> String {
    with_suffix(name, " (variant)")
}

/// Returns the name of the tenant of a scenario, which is bounded and has no control characters;
/// the row of a table can make the name of a scenario long.
pub(super) fn tenant_name(scenario: &Scenario) -> String {
    let plain = scenario.name.value.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LENGTH_MAX).collect()
}

fn with_suffix(name: &str, suffix: &str) -> String {
    let kept = LENGTH_MAX.saturating_sub(suffix.chars().count());
    name.chars().take(kept).chain(suffix.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{KnownSeeds, read_text};
    use crate::seed::Seed;

    fn file(path: &str, scenarios: &[&str]) -> ReadScenarios {
        let steps = "chapters: [{title: T, steps: [{advance: {by: PT1S}}]}]";
        let scenarios = scenarios.iter().map(|name| format!("  - {{name: {name:?}, {steps}}}\n"));
        let text = format!("scenarios:\n{}", scenarios.collect::<String>());
        let seed = Seed::contoso().expect("the default seed");
        read_text(path, text, KnownSeeds::only(&[seed])).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    #[test]
    fn names_are_unique_whatever_the_order_of_files() {
        let [a, b] = [file("a.yaml", &["One", "Two", "One"]), file("b.yaml", &["One (2)", "One", "Three"])];
        let of_a = vec!["One".to_owned(), "Two".to_owned(), "One (3)".to_owned()];
        let of_b = vec!["One (2)".to_owned(), "One (4)".to_owned(), "Three".to_owned()];
        assert_eq!(tenant_names(&[a.clone(), b.clone()]), [of_a.clone(), of_b.clone()]);
        assert_eq!(tenant_names(&[b, a]), [of_b, of_a]);
    }

    #[test]
    fn a_name_is_bounded_and_a_suffix_is_kept() {
        let long = "é".repeat(300);
        let names = tenant_names(&[file("a.yaml", &[&long, &long, "a\tb"])]).remove(0);
        assert_eq!(names[0], "é".repeat(200));
        assert_eq!(names[1], format!("{} (2)", "é".repeat(196)));
        assert_eq!(names[2], "a b");
        assert_eq!(repetition_name(&names[0], 1), names[0]);
        assert!(repetition_name(&names[0], 2).ends_with("é (repetition 2)"));
        assert_eq!(variant_name(&names[1]).chars().count(), 200);
    }
}
