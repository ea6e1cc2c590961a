//! Loops with many iterations.

use super::control::{ok, outputs, scope};
use super::*;

/// Executes a run without calls; returns the archived iterations, too.
fn run_archiving(definition: &Definition) -> (Ending, RunState, Vec<Iteration>) {
    let mut state = RunState::new(definition, NOW, json!({"body": {"id": "o-7"}}));
    let (run, mut archived) = (identity(), Vec::new());
    loop {
        let next = next(definition, &mut state, &Context::new(NOW, &run, &|| 0));
        archived.extend(state.take_archived());
        match next {
            Next::Pause => {}
            Next::Done(ending) => return (ending, state, archived),
            other => panic!("{other:?}"),
        }
    }
}

fn each(name: &str, items: &str, actions: Value) -> Value {
    json!({ name: scope("Foreach", actions, json!({}), json!({ "foreach": items })) })
}

fn merge(one: Value, other: Value) -> Value {
    let mut one = one;
    one.as_object_mut().expect("an object").extend(other.as_object().expect("an object").clone());
    one
}

#[test]
fn what_is_read_of_a_loop_is_complete() {
    // Iteration 7 of each hundred fails: 7 does not divide by zero.
    let get = json!({"Get": compose(json!("@div(6, mod(add(items('Each'), 93), 100))"), json!({}))});
    let after = json!({"Each": ["Failed", "Succeeded"]});
    let inner = each(
        "Inner",
        "@range(0, 30)",
        json!({"Sum": compose(json!("@add(items('Outer'), items('Inner'))"), json!({}))}),
    );
    let count = compose(json!("@length(outputs('Sum'))"), ok("Inner"));
    let definition = definition(merge(
        merge(
            each("Each", "@range(0, 1000)", get),
            json!({
                "Outputs": compose(json!("@length(outputs('Get'))"), after.clone()),
                "Result": compose(json!("@length(result('Each'))"), after.clone()),
                "Last": compose(json!("@last(result('Each'))['outputs']"), after.clone()),
                "Failed": {"type": "Query", "runAfter": after, "inputs": {"from": "@result('Each')", "where": "@equals(item()['status'], 'Failed')"}},
                "Failures": compose(json!("@length(body('Failed'))"), ok("Failed")),
            }),
        ),
        each("Outer", "@range(0, 40)", merge(inner, json!({ "Count": count }))),
    ));
    let (_, state, archived) = run_archiving(&definition);
    for (name, expected) in [("Outputs", 990), ("Result", 1_000), ("Last", 0), ("Failures", 10)] {
        assert_eq!(outputs(&definition, &state, name), json!(expected), "{name}");
    }
    let iterations = record(&definition, &state, "Each").iterations.as_ref().expect("iterations");
    assert_eq!((iterations.failed, iterations.archived), (10, 0));
    // Inner iterations are read in their outer iteration only, and leave the state with it.
    let counts: Vec<_> = archived
        .iter()
        .filter(|one| one.scope() == "Outer")
        .map(|one| one.frame.actions.iter().flatten().find(|record| record.name == "Count"))
        .map(|record| record.and_then(|record| record.outputs.clone()))
        .collect();
    assert_eq!(counts, vec![Some(json!(30)); 39]);
    assert_eq!(archived.iter().filter(|one| one.scope() == "Inner").count(), 39 * 30);
    assert_eq!(state.archived.actions["Sum"].count, 39 * 30);
}

#[test]
fn every_iteration_is_archived_once_in_order() {
    let get = json!({"Get": compose(json!("@div(6, sub(items('Each'), 4321))"), json!({}))});
    let definition = definition(each("Each", "@range(0, 5000)", get));
    let (ending, state, archived) = run_archiving(&definition);
    assert_eq!(ending.status, RunStatus::Failed, "iteration 4321 failed");
    let mut names: Vec<_> = archived.iter().map(Iteration::name).collect();
    names.extend(state.frames.values().map(|frame| format!("{:06}", frame.index)));
    let expected: Vec<_> = (0..5_000).map(|index| format!("{index:06}")).collect();
    assert_eq!(names, expected);
    assert!(state.frames.len() <= 201, "{}", state.frames.len());
    let failed: Vec<_> = archived.iter().filter(|one| one.frame.status == ActionStatus::Failed).collect();
    assert_eq!(failed.iter().map(|one| one.name()).collect::<Vec<_>>(), ["004321"]);
    assert_eq!(
        state.archived.failures.iter().map(|record| record.name.as_str()).collect::<Vec<_>>(),
        ["Get"]
    );
}

#[test]
fn a_loop_that_a_run_cannot_hold_fails() {
    let text = "x".repeat(2_000);
    let get = json!({"Get": compose(json!(format!("@concat('{text}', items('Each'))")), json!({}))});
    for (reader, status) in [
        (json!({}), RunStatus::Succeeded),
        (json!({"Read": compose(json!("@outputs('Get')"), ok("Each"))}), RunStatus::Failed),
        // An action named by a computed name can be any.
        (json!({"Read": compose(json!("@outputs(concat('G', 'et'))"), ok("Each"))}), RunStatus::Failed),
    ] {
        let definition = definition(merge(each("Each", "@range(0, 3000)", get.clone()), reader));
        let (ending, state, _) = run_archiving(&definition);
        assert_eq!(ending.status, status);
        if status == RunStatus::Failed {
            let code = record(&definition, &state, "Each").code.clone();
            assert_eq!(code.as_deref(), Some("ActionResultSizeLimitExceeded"));
        }
        assert!(serde_json::to_string(&state).expect("writes").len() < 6 << 20);
    }
}

#[test]
fn loops_are_bounded() {
    // One million iterations.
    let definition = definition(json!({
        "Outer": scope("Foreach", json!({
            "Inner": scope("Foreach", json!({"A": compose(json!("@item()"), json!({}))}), json!({}), json!({"foreach": "@range(1, 1000)"})),
        }), json!({}), json!({"foreach": "@range(1, 1000)"})),
    }));
    let mut state = RunState::new(&definition, NOW, Value::Null);
    let run = identity();
    let context = Context::new(NOW, &run, &|| 0);
    let (mut pauses, mut archived) = (0, 0);
    let ending = loop {
        match next(&definition, &mut state, &context) {
            Next::Pause => {
                pauses += 1;
                archived += state.take_archived().len();
            }
            Next::Done(ending) => break ending,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ending.status, RunStatus::Failed);
    assert!(state.executed <= ACTIONS_PER_RUN_MAX + 1_000, "{}", state.executed);
    assert!(pauses >= 45, "{pauses}");
    let outer = record(&definition, &state, "Outer");
    assert_eq!(outer.code.as_deref(), Some("RunActionsLimitExceeded"));
    archived += state.take_archived().len();
    let held = state.frames.len();
    assert!(archived > 40_000 && held < 300, "{archived} archived, {held} held");
    let stored = serde_json::to_string(&state).expect("writes").len();
    assert!(stored < 1 << 20, "{stored}");
}

#[test]
fn the_result_of_a_scope_in_an_until_is_that_of_its_last_iteration() {
    // The records of the flow have the same slots as those of the loop.
    let index = json!({"Index": compose(json!("@iterationIndexes('Until')"), json!({}))});
    let inner = json!({"Try": scope("Scope", index, json!({}), json!({}))});
    let until = json!({"expression": "@equals(outputs('Index'), 2)", "limit": {"count": 5}});
    let definition = definition(json!({
        "First": compose(json!("of the flow"), json!({})),
        "Second": compose(json!("of the flow"), ok("First")),
        "Until": scope("Until", inner, ok("Second"), until),
        "After": compose(json!("@result('Try')"), ok("Until")),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Succeeded);
    let result = outputs(&definition, &state, "After");
    let found: Vec<_> =
        result.as_array().expect("a list").iter().map(|one| (&one["name"], &one["outputs"])).collect();
    assert_eq!(found, [(&json!("Index"), &json!(2))]);
}
