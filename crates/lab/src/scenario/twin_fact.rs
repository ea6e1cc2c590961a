//! One fact of a scenario that can be told in two ways, and the two files that it makes.
//!
//! A scenario with `twins: {fact: client, values: [Orders Desktop, Contoso Orders Connector]}` says `${twin.client}` wherever the
//! fact matters. As a story it is told with the first value, and holds; its twin has the second one.

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::diagnostic::{Diagnostic, Position, read_yaml};

/// Longest value.
const VALUE_MAX: usize = 200;

/// The fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinFact {
    /// Its name: `${twin.NAME}` stands for its value.
    pub fact: String,
    /// The value of the story as it is written, and the other one.
    pub values: [String; 2],
}

/// As much of a file as is needed before its facts have values.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    scenarios: Vec<Story>,
}

#[derive(Deserialize)]
struct Story {
    #[serde(default)]
    twins: Option<Spanned<TwinFact>>,
}

/// The text with the facts of the first (0) or the second (1) twin in it.
///
/// # Errors
/// No YAML, two facts of one name, or a value that could not stand in a text.
pub(super) fn of_twin(name: &str, text: &str, which: usize) -> Result<String, Diagnostic> {
    if !text.contains("${twin.") && !text.contains("twins:") {
        return Ok(text.to_owned());
    }
    let outline: Outline = read_yaml(name, text)?;
    let mut told = text.to_owned();
    let mut seen: Vec<String> = Vec::new();
    for fact in outline.scenarios.iter().filter_map(|story| story.twins.as_ref()) {
        let wrong = |message: String, remedy: &str| {
            Diagnostic::new(name, text, Position::of(fact), message, remedy.to_owned())
        };
        let TwinFact { fact: called, values } = &fact.value;
        if called.is_empty() || !called.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(wrong(format!("'{called}' is no name of a fact"), "use letters, digits, - and _"));
        }
        if seen.contains(called) {
            return Err(wrong(
                format!("there are two facts '{called}' in this file"),
                "give one another name",
            ));
        }
        let unfit = |value: &String| {
            value.is_empty()
                || value.len() > VALUE_MAX
                || value.contains(|c: char| c.is_control() || matches!(c, '"' | '\'' | '\\' | '{' | '}'))
        };
        if values.iter().any(unfit) || values[0] == values[1] {
            let message = "twins differ in two short, plain and different values".to_owned();
            return Err(wrong(message, "for example values: [Orders Desktop, Contoso Orders Connector]"));
        }
        told = told.replace(&format!("${{twin.{called}}}"), &values[which]);
        seen.push(called.clone());
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(twins: &str) -> String {
        format!(
            "scenarios:\n  - name: S\n    twins: {twins}\n    chapters:\n      - {{title: C, steps: [{{app: \"${{twin.x}}\"}}]}}\n"
        )
    }

    #[test]
    fn each_twin_has_its_own_value() {
        let text = file("{fact: x, values: [Orders Desktop, Other]}");
        for (which, value) in [(0, "app: \"Orders Desktop\""), (1, "app: \"Other\"")] {
            let told = of_twin("f", &text, which).unwrap_or_else(|wrong| panic!("{wrong}"));
            assert!(told.contains(value), "{told}");
        }
        let plain = "scenarios: []";
        assert_eq!(of_twin("f", plain, 1).unwrap_or_else(|wrong| panic!("{wrong}")), plain);
    }

    #[test]
    fn a_fact_has_one_name_and_two_values() {
        for twins in [
            "{fact: x, values: [a, a]}",
            "{fact: x, values: [a]}",
            "{fact: x, values: [a, b, c]}",
            "{fact: x, values: [a, 'b\"c']}",
            "{fact: x, values: [a, '']}",
            "{fact: 'x y', values: [a, b]}",
            "{fact: x}",
        ] {
            let wrong = of_twin("f", &file(twins), 0).expect_err(twins);
            assert_eq!(wrong.position.line, 3, "{wrong}");
        }
        let twice = file("{fact: x, values: [a, b]}");
        let twice = format!("{twice}{}", twice.trim_start_matches("scenarios:\n"));
        assert!(of_twin("f", &twice, 0).expect_err("twice").to_string().contains("two facts 'x'"));
    }
}
