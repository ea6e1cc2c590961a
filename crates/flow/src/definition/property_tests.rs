//! Parsing ends for every document, and each error has a place.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Definition, Reading};

const NAMES: [&str; 40] = [
    "A",
    "B",
    "type",
    "kind",
    "inputs",
    "actions",
    "else",
    "cases",
    "default",
    "case",
    "expression",
    "foreach",
    "limit",
    "count",
    "timeout",
    "runAfter",
    "runtimeConfiguration",
    "concurrency",
    "repetitions",
    "secureData",
    "properties",
    "staticResult",
    "name",
    "variables",
    "value",
    "host",
    "connection",
    "method",
    "path",
    "queries",
    "from",
    "select",
    "where",
    "schema",
    "content",
    "recurrence",
    "frequency",
    "interval",
    "schedule",
    "authentication",
];

const TEXTS: [&str; 32] = [
    "Scope",
    "If",
    "Switch",
    "Foreach",
    "Until",
    "Compose",
    "ParseJson",
    "Select",
    "Query",
    "Join",
    "Table",
    "Wait",
    "Response",
    "Terminate",
    "InitializeVariable",
    "SetVariable",
    "IncrementVariable",
    "ApiConnection",
    "OpenApiConnection",
    "Http",
    "Expression",
    "Recurrence",
    "Request",
    "Succeeded",
    "Failed",
    "Integer",
    "Day",
    "PT1H",
    "@item()",
    "@variables('A')",
    "@outputs('A')?['x']",
    "@oops(",
];

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..70_i64).prop_map(Value::from),
        proptest::sample::select(&TEXTS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(&NAMES[..]), inner), 0..6).prop_map(
                |members| members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<_, _>>()
                    .into()
            ),
        ]
    })
}

/// An action of a known type with random members.
fn actions() -> impl Strategy<Value = Value> {
    let action = (proptest::sample::select(&TEXTS[..21]), documents(), documents()).prop_map(
        |(kind, inputs, more)| {
            let mut action = more.as_object().cloned().unwrap_or_default();
            action.insert("type".to_owned(), json!(kind));
            action.entry("inputs").or_insert(inputs);
            Value::Object(action)
        },
    );
    proptest::collection::vec(action, 0..5).prop_map(|list| {
        let named = list.into_iter().enumerate().map(|(at, action)| (format!("A{at}"), action));
        Value::Object(named.collect())
    })
}

proptest! {
    #[test]
    fn every_document_is_parsed_or_rejected(actions in actions(), trigger in documents(), references in documents()) {
        let mut trigger = trigger;
        if let Some(map) = trigger.as_object_mut() {
            map.insert("type".to_owned(), json!("Request"));
        }
        let definition = json!({"triggers": {"manual": trigger}, "actions": actions, "outputs": {}});
        let reading = Reading::of(&definition, &references);
        let _ = Definition::restore(&definition, &references);
        match reading.definition {
            Ok(definition) => prop_assert_eq!(definition.members(0).is_empty(), definition.actions.is_empty()),
            Err(errors) => {
                prop_assert!(!errors.0.is_empty());
                prop_assert!(errors.0.iter().all(|error| error.path.starts_with("properties.") && !error.what.is_empty()));
            }
        }
    }
}
