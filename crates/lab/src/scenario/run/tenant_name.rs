//! Names of the tenants of scenarios. With a seed, the lab draws a tenant's id by its name, so with
//! different names the results of scenarios do not depend on the order in which they run.

use std::collections::{HashMap, HashSet};

use crate::scenario::file::Scenario;
use crate::scenario::read::ReadScenarios;

/// Maximum length of the name of a tenant that is created for a scenario, in characters.
const LENGTH_MAX: usize = 200;
const REPETITION: &str = " (repetition ";
const VARIANT: &str = " (variant)";
/// How much of the name of a scenario is in it, so that all suffixes fit after it.
const KEPT_MAX: usize = LENGTH_MAX - " (1000000) (repetition 65535) (variant)".len();

/// Returns the names of the tenants of all scenarios, by file and position: those of the scenarios,
/// with a number where several have one name. The numbers follow the paths and positions, not the
/// order in which files are given.
pub fn tenant_names(files: &[ReadScenarios]) -> Vec<Vec<String>> {
    let of_file = |file: &ReadScenarios| file.file.scenarios.value.iter().map(tenant_name).collect();
    let mut names: Vec<Vec<String>> = files.iter().map(of_file).collect();
    let mut by_path: Vec<usize> = (0..files.len()).collect();
    by_path.sort_by_cached_key(|index| plain_path(&files[*index].name));
    let mut known: HashSet<String> = names.iter().flatten().cloned().collect();
    let mut used = HashSet::new();
    // The next number to try, by name.
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for name in by_path.into_iter().flat_map(|file| indexes(file, &names[file])).collect::<Vec<_>>() {
        let name = &mut names[name.0][name.1];
        // A name that looks like one of a repetition or a variant always gets a number.
        if used.insert(name.clone()) && !is_of_repetition_or_variant(name) {
            continue;
        }
        let number = numbers.entry(name.clone()).or_insert(2);
        *name = loop {
            let numbered = with_suffix(name, &format!(" ({number})"));
            *number += 1;
            if known.insert(numbered.clone()) {
                break numbered;
            }
        };
    }
    names
}

/// Returns a path whose order does not depend on its spelling: `./a.yaml` is `a.yaml`.
fn plain_path(name: &str) -> String {
    std::path::absolute(name).map_or_else(|_| name.to_owned(), |path| path.display().to_string())
}

fn is_of_repetition_or_variant(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let repetition = name.strip_suffix(')').and_then(|name| name.rsplit_once(REPETITION));
    name.ends_with(VARIANT) || repetition.is_some_and(|(_, number)| is_number(number))
}

fn indexes(file: usize, names: &[String]) -> impl Iterator<Item = (usize, usize)> + use<> {
    (0..names.len()).map(move |index| (file, index))
}

/// Returns the name of a repetition's tenant, counted from 1. The first has the name of a scenario
/// that is not repeated, and so the same results.
pub fn repetition_name(name: &str, number: u16) -> String {
    if number == 1 { name.to_owned() } else { with_suffix(name, &format!("{REPETITION}{number})")) }
}

/// Returns the name of the tenant of a scenario's variant.
pub(super) fn variant_name(name: &str) -> String {
    with_suffix(name, VARIANT)
}

/// Returns the name of the tenant of a scenario, which is bounded and has no control characters;
/// the row of a table can make the name of a scenario long.
pub(super) fn tenant_name(scenario: &Scenario) -> String {
    let plain = scenario.name.value.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(KEPT_MAX).collect()
}

fn with_suffix(name: &str, suffix: &str) -> String {
    format!("{name}{suffix}")
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
    fn the_spelling_of_a_path_changes_no_name() {
        let here = std::env::current_dir().expect("a directory");
        let absolute = here.join("b.yaml").display().to_string();
        for b in ["b.yaml", "./b.yaml", ".//b.yaml", "././b.yaml", &absolute] {
            let names = tenant_names(&[file(b, &["One"]), file("a.yaml", &["One"])]);
            assert_eq!(names, [["One (2)"], ["One"]], "{b}");
        }
    }

    #[test]
    fn no_name_is_that_of_a_repetition_or_variant_of_another() {
        let names = tenant_names(&[file("a.yaml", &["A", "A (variant)", "A (repetition 2)", "A (2)", "A"])]);
        let derived = |name: &String| [name.clone(), repetition_name(name, 2), variant_name(name)];
        let all: Vec<String> = names.iter().flatten().flat_map(derived).collect();
        let different: HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
        assert_eq!(names[0][3], "A (2)");
    }

    #[test]
    fn a_name_is_bounded_and_a_suffix_is_kept() {
        let long = "é".repeat(300);
        let others = [format!("{} one", "x".repeat(190)), format!("{} two", "x".repeat(190))];
        let names =
            tenant_names(&[file("a.yaml", &[&long, &long, "a\tb", &others[0], &others[1]])]).remove(0);
        assert_eq!(names[1], format!("{} (2)", names[0]));
        assert_eq!(names[2], "a b");
        assert_ne!(names[3], names[4]);
        assert_eq!(repetition_name(&names[0], 1), names[0]);
        let longest = variant_name(&repetition_name(&names[1], u16::MAX));
        assert!(longest.ends_with("é (2) (repetition 65535) (variant)"), "{longest}");
        assert!(longest.chars().count() <= LENGTH_MAX, "{longest}");
    }
}
