//! Paired scenarios: one fact of a scenario with two values, and the two files that result.
//!
//! A scenario with `twins: {fact: client, values: [Orders Desktop, Contoso Orders Connector]}`
//! contains `${twin.client}` wherever the fact matters. The scenario as written has the first
//! value, and passes; its variant has the second one.

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::diagnostic::yaml::read_yaml;
use crate::diagnostic::{Diagnostic, Position};

/// Maximum length of a value, in bytes.
const VALUE_MAX: usize = 200;

/// The fact in which a scenario and its variant differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinFact {
    /// Its name: `${twin.NAME}` is replaced by its value.
    pub fact: String,
    /// The value of the scenario as written, and that of its variant.
    pub values: [String; 2],
}

/// The part of a file that is read before the placeholders are replaced.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    scenarios: Vec<ScenarioOutline>,
}

#[derive(Deserialize)]
struct ScenarioOutline {
    twins: Option<Spanned<TwinFact>>,
}

/// Returns the text with the values of the scenarios as written (0) or of the variants (1).
pub(super) fn of_twin(name: &str, text: &str, which: usize) -> Result<String, Diagnostic> {
    if !text.contains("${twin.") && !text.contains("twins:") {
        return Ok(text.to_owned());
    }
    let outline: Outline = read_yaml(name, text)?;
    let mut filled = text.to_owned();
    let mut seen: Vec<String> = Vec::new();
    for fact in outline.scenarios.iter().filter_map(|scenario| scenario.twins.as_ref()) {
        let wrong = |message: String, remedy: &str| {
            Diagnostic::new(name, text, Position::of(fact), message, remedy.to_owned())
        };
        let TwinFact { fact: fact_name, values } = &fact.value;
        if fact_name.is_empty()
            || !fact_name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        {
            return Err(wrong(
                format!("'{fact_name}' is not a valid name of a fact"),
                "use letters, digits, - and _",
            ));
        }
        if seen.contains(fact_name) {
            return Err(wrong(
                format!("the fact '{fact_name}' is defined twice in this file"),
                "rename one of them",
            ));
        }
        let unfit = |value: &String| {
            value.is_empty()
                || value.len() > VALUE_MAX
                || value.contains(|c: char| c.is_control() || matches!(c, '"' | '\'' | '\\' | '{' | '}'))
        };
        if values.iter().any(unfit) || values[0] == values[1] {
            let message = "a fact has two short, plain and different values".to_owned();
            return Err(wrong(message, "for example values: [Orders Desktop, Contoso Orders Connector]"));
        }
        let placeholder = format!("${{twin.{fact_name}}}");
        if !text.contains(&placeholder) {
            let message = format!("nothing contains {placeholder}, so the variant would be the same");
            return Err(wrong(message, "write the placeholder where the fact matters, or remove twins"));
        }
        filled = filled.replace(&placeholder, &values[which]);
        seen.push(fact_name.clone());
    }
    Ok(filled)
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
    fn each_variant_has_its_own_value() {
        let text = file("{fact: x, values: [Orders Desktop, Other]}");
        for (which, value) in [(0, "app: \"Orders Desktop\""), (1, "app: \"Other\"")] {
            let filled = of_twin("f", &text, which).unwrap_or_else(|wrong| panic!("{wrong}"));
            assert!(filled.contains(value), "{filled}");
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
        assert!(of_twin("f", &twice, 0).expect_err("twice").to_string().contains("'x' is defined twice"));
    }
}
