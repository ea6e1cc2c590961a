//! Every error of the catalogue is expected by a test, or is listed here with the reason why it is
//! not.

use std::collections::BTreeSet;
use std::path::Path;

use outlive_rules::Aadsts;

/// Errors of the catalogue that are never returned, with the reason.
const NOT_PRODUCED: &[(u32, &str)] = &[
    (50056, "every user of a tenant's description has a password"),
    (70001, "the older word for 7000112"),
    (
        50194,
        "an alias leads to the one tenant that has the application, so none is refused for being of one tenant",
    ),
    (90014, "the older word for 900144"),
    (50001, "the older word for 500011 and 500014"),
];

#[test]
fn every_error_of_the_catalogue_is_tested_or_listed_here() {
    let met = met_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http"));
    let excused: BTreeSet<u32> = NOT_PRODUCED.iter().map(|(number, _)| *number).collect();
    let known: BTreeSet<u32> = Aadsts::all().iter().map(|error| error.number).collect();
    let unmet: Vec<_> = known.iter().filter(|n| !met.contains(n) && !excused.contains(n)).collect();
    assert!(unmet.is_empty(), "no test meets {unmet:?}");
    let stale: Vec<_> = excused.iter().filter(|n| met.contains(n) || !known.contains(n)).collect();
    assert!(stale.is_empty(), "excused without need: {stale:?}");
    let invented: Vec<_> = met.difference(&known).collect();
    assert!(invented.is_empty(), "not in the catalogue: {invented:?}");
}

/// Returns the numbers that tests expect, written `"AADSTS…"`.
fn met_in(directory: &Path) -> BTreeSet<u32> {
    let mut met = BTreeSet::new();
    for entry in std::fs::read_dir(directory).expect("the tests' sources") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a source file");
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for after in line.split("\"AADSTS").skip(1) {
                if let Some((number, _)) = after.split_once('"') {
                    met.extend(number.parse::<u32>());
                }
            }
        }
    }
    met
}
