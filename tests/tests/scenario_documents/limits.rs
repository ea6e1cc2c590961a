//! What `outlive check` demands of values beyond their types, as far as a JSON Schema can express
//! it.

use outlive_rules::Edition;
use outlive_wire::JournalEvent;
use serde_json::{Value, json};

use crate::source::Source;

/// A placeholder that is replaced before the types are read, anywhere in a text.
pub(crate) const PLACEHOLDER: &str = r"\$\{(var\.|row\.|twin\.|round\})";
/// A name of a variable, a column, a fact or a tag.
const NAME: &str = "^[A-Za-z0-9_-]+$";
const SHORT: &str = r#"^[^"'\\{}\x00-\x1f]{1,200}$"#;
/// A name of a snapshot.
const SNAPSHOT: &str = r"^[^\x00-\x1f]{0,99}[^\x00-\x20]$";
/// A name that is shown to users.
const DISPLAY_NAME: &str = "^[^\\x00-\\x1f]{1,256}$";
/// The local part of a sign-in name.
const ROLE: &str = "^[A-Za-z0-9'._!#^~-]+$";
const POINTER: &str = "^(/|$)";
const PATH: &str = "^/[^#\\x00-\\x1f]*$";

/// What the value of a member has to be like; `null` if its type says all.
pub(crate) fn of_member(source: &Source, of: &str, member: &str) -> Value {
    let texts = |file: &str, name: &str| json!({"enum": source.texts(file, name)});
    let verbs = "crates/lab/src/scenario/verbs";
    match (of, member) {
        ("ScenarioFile", "scenarios") | ("Scenario", "chapters" | "examples") | ("Chapter", "steps") => {
            json!({"minItems": 1})
        }
        ("ScenarioFile" | "Scenario", "tags") => json!({"items": {"pattern": NAME}}),
        ("ScenarioFile" | "Scenario", "vars") => json!({"propertyNames": {"pattern": NAME}}),
        ("Scenario", "name") => json!({"pattern": r"\S"}),
        ("Scenario", "rules") => {
            let editions: Vec<&str> = Edition::ALL.iter().map(|edition| edition.name()).collect();
            json!({"pattern": format!(r"^\s*({})\s*(\+|$)", editions.join("|"))})
        }
        ("TwinFact", "fact") => json!({"pattern": NAME}),
        ("TwinFact", "values") => json!({"items": {"pattern": SHORT}, "uniqueItems": true}),
        ("Step", "steps" | "examples") => json!({"minItems": 1}),
        ("Step", "parallel") => json!({"minItems": 1, "maxItems": 20}),
        ("Step", "repeat") => json!({"minimum": 1, "maximum": 500}),
        ("Snapshot", "name") => json!({"pattern": SNAPSHOT}),
        ("Capture", "body" | "claim") => json!({"pattern": POINTER}),
        ("Call" | "Http" | "Graph", "status") => json!({"minimum": 200, "maximum": 599}),
        ("ServiceRefusal", "status") => json!({"minimum": 400, "maximum": 599}),
        ("Call" | "Http" | "Graph", "method") => texts("crates/lab/src/scenario/check/values.rs", "METHODS"),
        ("Call" | "Graph", "path") => json!({"pattern": PATH}),
        ("Event", "type") => texts(&format!("{verbs}/event.rs"), "EVENTS"),
        ("Fault", "service") => texts(&format!("{verbs}/fault.rs"), "SERVICES"),
        ("Fault", "count") => json!({"minimum": 1, "maximum": 1_000_000}),
        ("Fault", "probability") => json!({"exclusiveMinimum": 0, "maximum": 1}),
        ("ExpectJournal", "kind") => {
            let kinds: Vec<&str> = JournalEvent::KINDS.iter().map(|(kind, _)| *kind).collect();
            let subjects = kinds.iter().filter_map(|kind| kind.split_once('.')).map(|(subject, _)| subject);
            let mut subjects: Vec<String> = subjects.map(|subject| format!("{subject}.")).collect();
            subjects.dedup();
            let kinds = kinds.into_iter().map(str::to_owned);
            json!({"enum": kinds.chain(subjects).collect::<std::collections::BTreeSet<_>>()})
        }
        ("OverlayApplication", "token_version") => json!({"minimum": 1, "maximum": 2}),
        ("SeedUser", "display_name" | "mail") | ("SeedGroup" | "SeedApplication" | "SeedPolicy", "name") => {
            json!({"pattern": DISPLAY_NAME})
        }
        ("SeedPolicy", "require") => texts("crates/lab/src/seed/conditional_access.rs", "CONTROLS"),
        ("SeedUser" | "OverlayUser", "role") => json!({"pattern": ROLE}),
        _ => Value::Null,
    }
}

/// What a value of a type has to be like as a whole; `null` if its members say all.
pub(crate) fn of_type(source: &Source, of: &str) -> Value {
    let exactly_one = |members: &[&str]| {
        let alternatives: Vec<Value> = members.iter().map(|member| json!({"required": [member]})).collect();
        json!({"oneOf": alternatives})
    };
    match of {
        "SeedPolicy" => json!({"anyOf": [{"required": ["require"]}, {"required": ["sign_in_frequency"]}]}),
        // A method can be a placeholder.
        "Http" => json!({"anyOf": [
            {"properties": {"method": {"pattern": r"^GET$|\$\{"}}},
            {"properties": {"to": {"not": {"enum": ["lab"]}}}},
        ]}),
        "Advance" => exactly_one(&["by", "to", "to_expiry_of"]),
        "Capture" => exactly_one(&["body", "header", "claim", "token"]),
        "Step" => {
            let verbs = source.verbs.iter().map(|(verb, _)| verb.as_str());
            let mut step = exactly_one(&verbs.chain(["steps", "parallel"]).collect::<Vec<_>>());
            // The verb can be a placeholder.
            let computed = json!({"not": {"patternProperties": {PLACEHOLDER: false}}});
            step["oneOf"].as_array_mut().expect("a list").push(computed);
            let of_block = json!({"propertyNames": {"enum": ["steps", "repeat", "examples"]}});
            let forbidden = ["say", "capture", "eventually"].map(|member| (member, Value::Bool(false)));
            let of_parallel = json!({"properties": serde_json::Map::from_iter(
                forbidden.map(|(member, never)| (member.to_owned(), never)),
            )});
            step["dependentSchemas"] = json!({
                "steps": of_block, "parallel": of_parallel,
                "eventually": {"properties": {"advance": false, "snapshot": false, "restore": false, "delete_snapshot": false}},
            });
            step
        }
        _ => Value::Null,
    }
}
