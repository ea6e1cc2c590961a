//! Any definition ends, without a panic and with a bounded state.

use proptest::prelude::*;

use super::*;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i8>().prop_map(|n| compose(json!(n), json!({}))),
        Just(compose(json!("@div(1, 0)"), json!({}))),
        Just(compose(json!("@item()"), json!({}))),
        Just(call(json!({}), json!({"type": "fixed", "count": 2, "interval": "PT1H"}))),
        (0..40_u8).prop_map(
            |count| json!({"type": "Wait", "inputs": {"interval": {"count": count, "unit": "Hour"}}})
        ),
        Just(json!({"type": "IncrementVariable", "inputs": {"name": "n"}})),
        Just(json!({"type": "Response", "inputs": {"statusCode": 200}})),
        (0..20_u8).prop_map(|n| {
            if n > 0 {
                return compose(json!("@variables('n')"), json!({}));
            }
            json!({"type": "Terminate", "inputs": {"runStatus": "Failed"}})
        }),
    ]
}

/// A list of actions, each of which may run after the previous one.
fn list(action: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<(Value, u8)>> {
    proptest::collection::vec((action, 0..5_u8), 0..4)
}

fn action() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            list(inner.clone()).prop_map(|list| json!({"type": "Scope", "actions": list})),
            (list(inner.clone()), any::<bool>())
                .prop_map(|(list, on)| json!({"type": "If", "expression": on, "actions": list, "else": {"actions": []}})),
            (list(inner.clone()), 0..5_usize, 1..4_u8).prop_map(|(list, items, concurrency)| json!({
                "type": "Foreach", "foreach": vec![1; items], "actions": list,
                "runtimeConfiguration": {"concurrency": {"repetitions": concurrency}},
            })),
            (list(inner.clone()), 1..5_u8).prop_map(|(list, count)| json!({
                "type": "Until", "expression": "@greater(variables('n'), 7)", "actions": list, "limit": {"count": count},
            })),
            (list(inner), 0..3_u8).prop_map(|(list, on)| json!({
                "type": "Switch", "expression": on, "cases": {"A": {"case": 1, "actions": list}}, "default": {"actions": []},
            })),
        ]
    })
}

/// Gives the actions of lists names, and makes them run after each other.
fn named(value: &Value, next: &mut usize) -> Value {
    match value {
        Value::Array(list) => {
            let mut actions = Map::new();
            let mut before: Option<String> = None;
            for pair in list {
                let name = format!("A{next}");
                *next += 1;
                let mut action = named(&pair[0], next);
                let after = match (pair[1].as_u64(), before) {
                    (Some(1), Some(before)) => json!({before: ["Succeeded"]}),
                    (Some(2), Some(before)) => json!({before: ["Failed", "TimedOut"]}),
                    (Some(3), Some(before)) => json!({before: ["Skipped", "Succeeded"]}),
                    _ => json!({}),
                };
                action["runAfter"] = after;
                actions.insert(name.clone(), action);
                before = Some(name);
            }
            Value::Object(actions)
        }
        Value::Object(map) => {
            let nested = |name: &str| ["actions", "else", "cases", "default", "A"].contains(&name);
            let members = map.iter().map(|(name, member)| {
                let member = if nested(name) { named(member, next) } else { member.clone() };
                (name.clone(), member)
            });
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_definition_ends(actions in list(action()), outcomes in proptest::collection::vec(prop_oneof![Just(200), Just(404), Just(503)], 1..8)) {
        let mut actions = named(&json!(actions), &mut 0);
        actions["N"] = json!({"type": "InitializeVariable", "inputs": {"variables": [{"name": "n", "type": "Integer", "value": 0}]}});
        let definition = definition(actions);
        let turn = Cell::new(0);
        let (ending, state, _) = run(&definition, |_, _| {
            turn.set(turn.get() + 1);
            answered(outcomes[turn.get() % outcomes.len()])
        });
        prop_assert!(matches!(ending.status, RunStatus::Succeeded | RunStatus::Failed | RunStatus::TimedOut));
        prop_assert!(state.matches(&definition));
        prop_assert!(state.actions.iter().all(|record| record.as_ref().is_some_and(|record| record.status.is_final())));
        prop_assert!(state.frames.values().all(|frame| frame.status.is_final()));
        let again = serde_json::from_value::<RunState>(serde_json::to_value(&state).expect("writes"));
        prop_assert_eq!(again.expect("reads"), state);
    }
}
