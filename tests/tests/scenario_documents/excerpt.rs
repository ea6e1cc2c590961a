//! Examples, which are parts of the shipped scenario files.

use std::collections::BTreeMap;
use std::path::Path;

/// The file with an example of every structural element.
pub(crate) const STRUCTURE: &str = "scenarios/structure.yaml";

/// The shipped scenario files, by path.
pub(crate) struct Examples(BTreeMap<String, String>);

impl Examples {
    pub(crate) fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        for directory in ["scenarios", "scenarios/reported", "scenarios/trial"] {
            for entry in std::fs::read_dir(root.join(directory)).expect("the directory can be read") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                if name.ends_with(".yaml") {
                    let text = std::fs::read_to_string(&path).expect("the file can be read");
                    files.insert(format!("{directory}/{name}"), text);
                }
            }
        }
        Self(files)
    }

    /// The shortest step with this verb, and its file; one of a file that shows something else only
    /// if there is no other.
    pub(crate) fn of_verb(&self, verb: &str) -> Option<(&str, String)> {
        let steps = self.0.iter().flat_map(|(file, text)| {
            let lines: Vec<&str> = text.lines().collect();
            let numbers = 0..lines.len();
            let found = numbers.filter_map(|number| step_with(&lines, number, verb)).collect::<Vec<_>>();
            found.into_iter().map(move |step| (file.as_str(), step))
        });
        steps.min_by_key(|(file, step)| (*file == STRUCTURE, step.len()))
    }

    /// The scenarios of the file with structural elements, by name, and what precedes them.
    pub(crate) fn structure(&self) -> (String, Vec<(String, String)>) {
        let text = &self.0[STRUCTURE];
        let mut parts = text.split("\n  - name: ");
        let head = parts.next().unwrap_or_default().trim_end_matches("scenarios:").trim().to_owned();
        let scenario = |part: &str| {
            let name = part.lines().next().unwrap_or_default().to_owned();
            let lines: Vec<&str> = part.lines().skip(1).collect();
            (name.clone(), format!("- name: {name}\n{}", unindented(&lines, 2)))
        };
        (head, parts.map(scenario).collect())
    }

    /// The files that contain examples.
    pub(crate) fn files(&self) -> Vec<String> {
        let verbs = crate::source::Source::read(&crate::root()).verbs;
        let of_verbs = verbs.iter().filter_map(|(verb, _)| Some(self.of_verb(verb)?.0.to_owned()));
        let mut files: Vec<String> = of_verbs.chain([STRUCTURE.to_owned()]).collect();
        files.sort();
        files.dedup();
        files
    }
}

/// The step whose verb is in this line.
fn step_with(lines: &[&str], number: usize, verb: &str) -> Option<String> {
    let line = lines[number];
    let key = line.trim_start().trim_start_matches("- ");
    if !key.starts_with(&format!("{verb}:")) {
        return None;
    }
    let first = (0..=number).rev().find(|at| lines[*at].trim_start().starts_with("- "))?;
    let indent = indent_of(lines[first]);
    let is_own_key = first == number || indent_of(line) == indent + 2;
    let last = (first + 1..lines.len())
        .find(|at| !lines[*at].trim().is_empty() && indent_of(lines[*at]) <= indent)
        .unwrap_or(lines.len());
    is_own_key.then(|| unindented(&lines[first..last], indent).trim_end().to_owned() + "\n")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn unindented(lines: &[&str], indent: usize) -> String {
    lines.iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect()
}
