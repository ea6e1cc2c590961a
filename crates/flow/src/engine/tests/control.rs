//! Scopes, loops, switches, variables, waits and ends.

use super::*;

pub(super) fn scope(kind: &str, actions: Value, after: Value, more: Value) -> Value {
    let mut scope = json!({"type": kind, "actions": actions, "runAfter": after});
    for (name, value) in more.as_object().expect("an object") {
        scope[name] = value.clone();
    }
    scope
}

fn variable(name: &str, kind: &str, value: Value) -> Value {
    let mut variable = json!({"name": name, "type": kind});
    if !value.is_null() {
        variable["value"] = value;
    }
    json!({"type": "InitializeVariable", "inputs": {"variables": [variable]}})
}

fn change(kind: &str, name: &str, value: Value, after: Value) -> Value {
    json!({"type": kind, "inputs": {"name": name, "value": value}, "runAfter": after})
}

fn wait(unit: &str, count: Value, after: Value) -> Value {
    json!({"type": "Wait", "inputs": {"interval": {"unit": unit, "count": count}}, "runAfter": after})
}

pub(super) fn ok(name: &str) -> Value {
    json!({ name: ["Succeeded"] })
}

pub(super) fn outputs(definition: &Definition, state: &RunState, name: &str) -> Value {
    let record = record(definition, state, name);
    assert_eq!(record.status, ActionStatus::Succeeded, "{:?}", record.error);
    record.outputs.clone().unwrap_or_default()
}

fn summary(definition: &Definition, state: &RunState) -> String {
    let list: Vec<_> =
        statuses(definition, state).iter().map(|(name, status)| format!("{name}={status}")).collect();
    list.join(" ")
}

#[test]
fn a_loop_runs_its_actions_for_each_item() {
    let definition = definition(json!({
        "List": variable("list", "Array", Value::Null),
        "Each": scope("Foreach", json!({
            "Double": compose(json!("@mul(items('Each'), 2)"), json!({})),
            "Add": change("AppendToArrayVariable", "list", json!({"n": "@outputs('Double')", "item": "@item()"}), ok("Double")),
        }), ok("List"), json!({"foreach": [1, 2, 3]})),
        "All": compose(json!("@variables('list')"), ok("Each")),
        "Outside": compose(json!("@outputs('Double')"), ok("Each")),
        "Result": compose(json!("@length(result('Each'))"), ok("Each")),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Succeeded);
    assert_eq!(
        outputs(&definition, &state, "All"),
        json!([{"n": 2, "item": 1}, {"n": 4, "item": 2}, {"n": 6, "item": 3}])
    );
    assert_eq!(outputs(&definition, &state, "Outside"), json!([2, 4, 6]));
    assert_eq!(outputs(&definition, &state, "Result"), json!(6));
    let iterations = record(&definition, &state, "Each").iterations.as_ref().expect("iterations");
    assert_eq!((iterations.started, iterations.recorded.len(), iterations.items.len()), (3, 3, 0));
}

#[test]
fn loops_can_be_nested() {
    let definition = definition(json!({
        "Text": variable("text", "String", json!("")),
        "Outer": scope("Foreach", json!({
            "Inner": scope("Foreach", json!({
                "Add": change("AppendToStringVariable", "text", json!("@{items('Outer')}@{items('Inner')} "), json!({})),
            }), json!({}), json!({"foreach": "@createArray('a', 'b')"})),
            "Line": change("AppendToStringVariable", "text", json!("- "), ok("Inner")),
        }), ok("Text"), json!({"foreach": "@createArray(1, 2)"})),
        "All": compose(json!("@variables('text')"), ok("Outer")),
    }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(outputs(&definition, &state, "All"), json!("1a 1b - 2a 2b - "));
}

#[test]
fn a_failed_iteration_fails_the_loop_after_the_others() {
    let definition = definition(json!({
        "Each": scope("Foreach", json!({
            "Get": compose(json!("@div(6, items('Each'))"), json!({})),
        }), json!({}), json!({"foreach": [1, 0, 2]})),
        "After": compose(json!("@outputs('Get')"), json!({"Each": ["Failed"]})),
        "Next": compose(json!(1), ok("Each")),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Succeeded);
    assert_eq!(summary(&definition, &state), "After=Succeeded Each=Failed Next=Skipped");
    assert_eq!(outputs(&definition, &state, "After"), json!([6, 3]));
    for not_an_array in [json!("text"), json!(null), json!({"a": 1})] {
        let mut each = scope("Foreach", json!({}), json!({}), json!({}));
        each["foreach"] = json!("@outputs('Value')");
        each["runAfter"] = ok("Value");
        let definition = super::definition(json!({"Value": compose(not_an_array, json!({})), "Each": each}));
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, RunStatus::Failed);
        assert_eq!(record(&definition, &state, "Each").code.as_deref(), Some("ExpressionEvaluationFailed"));
    }
}

#[test]
fn iterations_wait_one_after_the_other_or_at_the_same_time() {
    for (concurrency, hours) in [(None, 3), (Some(2), 2), (Some(50), 1)] {
        let mut each = scope(
            "Foreach",
            json!({"Wait": wait("Hour", json!(1), json!({}))}),
            json!({}),
            json!({"foreach": [1, 2, 3]}),
        );
        if let Some(concurrency) = concurrency {
            each["runtimeConfiguration"] = json!({"concurrency": {"repetitions": concurrency}});
        }
        let definition = definition(json!({ "Each": each }));
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, RunStatus::Succeeded);
        let end = record(&definition, &state, "Each").end;
        assert_eq!(end, Some(NOW + Span::from_hours(hours)), "{concurrency:?}");
    }
}

#[test]
fn calls_in_iterations_are_retried_each() {
    let get = call(json!({}), json!({"type": "fixed", "count": 1, "interval": "PT1H"}));
    let definition = definition(json!({
        "Each": scope("Foreach", json!({"Get": get, "Sum": compose(json!("@body('Get')['n']"), ok("Get"))}),
            json!({}), json!({"foreach": [1, 2]})),
    }));
    let (ending, state, calls) =
        run(&definition, |_, attempt| answered(if attempt == 0 { 503 } else { 200 }));
    assert_eq!(ending.status, RunStatus::Succeeded);
    let hour = |hours| NOW + Span::from_hours(hours);
    assert_eq!(calls, [NOW, hour(1), hour(1), hour(2)]);
    assert_eq!(state.frames.len(), 2);
}

#[test]
fn an_until_ends_by_its_condition_or_its_limits() {
    let until = |more: Value| {
        let actions = json!({
            "Add": change("IncrementVariable", "n", json!(1), json!({})),
            "Index": compose(json!("@iterationIndexes('Until')"), ok("Add")),
        });
        let mut until = scope("Until", actions, ok("N"), json!({"expression": "@equals(variables('n'), 5)"}));
        for (name, value) in more.as_object().expect("an object") {
            until[name] = value.clone();
        }
        definition(json!({
            "N": variable("n", "Integer", json!(0)), "Until": until,
            "All": compose(json!("@variables('n')"), ok("Until")),
            "Last": compose(json!("@outputs('Index')"), ok("Until")),
        }))
    };
    for (more, n) in [
        (json!({}), 5),
        (json!({"limit": {"count": 3}}), 3),
        (json!({"expression": {"greater": ["@variables('n')", 100]}}), 60),
    ] {
        let definition = until(more);
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, RunStatus::Succeeded);
        assert_eq!(outputs(&definition, &state, "All"), json!(n));
        assert_eq!(outputs(&definition, &state, "Last"), json!(n - 1));
    }
    let definition = until(json!({"limit": {"count": 3}, "operationOptions": "FailWhenLimitsReached"}));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Failed);
    assert_eq!(summary(&definition, &state), "All=Skipped Last=Skipped N=Succeeded Until=Failed");
}

#[test]
fn an_until_times_out_in_virtual_time() {
    let definition = definition(json!({
        "Until": scope("Until", json!({"Wait": wait("Minute", json!(25), json!({}))}), json!({}),
            json!({"expression": "@equals(1, 2)", "limit": {"timeout": "PT1H"}})),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Succeeded);
    assert_eq!(record(&definition, &state, "Until").end, Some(NOW + Span::from_minutes(75)));
}

#[test]
fn a_switch_runs_its_case_or_the_default() {
    let definition = definition(json!({
        "Switch": {
            "type": "Switch", "expression": "@triggerBody()?['id']",
            "cases": {
                "One": {"case": "o-1", "actions": {"A": compose(json!(1), json!({}))}},
                "Seven": {"case": "o-7", "actions": {"B": compose(json!(7), json!({})), "C": compose(json!("@outputs('B')"), ok("B"))}},
            },
            "default": {"actions": {"D": compose(json!(0), json!({}))}},
        },
    }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(summary(&definition, &state), "A=Skipped B=Succeeded C=Succeeded D=Skipped Switch=Succeeded");
    let other = super::definition(json!({
        "Switch": {
            "type": "Switch", "expression": "@length('ab')",
            "cases": {"One": {"case": 1, "actions": {"A": compose(json!(1), json!({}))}}},
            "default": {"actions": {"D": compose(json!("@div(1, 0)"), json!({}))}},
        },
    }));
    let (ending, state, _) = run(&other, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Failed);
    assert_eq!(summary(&other, &state), "A=Skipped D=Failed Switch=Failed");
}

#[test]
fn a_scope_has_the_result_of_its_actions() {
    let definition = definition(json!({
        "Try": scope("Scope", json!({
            "Get": call(json!({}), Value::Null), "Next": compose(json!(1), ok("Get")),
        }), json!({}), json!({})),
        "Catch": compose(json!("@result('Try')[0]['error']['code']"), json!({"Try": ["Failed", "TimedOut"]})),
        "Names": compose(json!("@join(createArray(result('Try')[0]['name'], result('Try')[1]['status']), ' ')"), json!({"Try": ["Failed"]})),
        "Finally": compose(json!(1), json!({"Try": ["Succeeded", "Failed", "Skipped", "TimedOut"]})),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(404));
    assert_eq!(ending.status, RunStatus::Succeeded);
    assert_eq!(
        summary(&definition, &state),
        "Catch=Succeeded Finally=Succeeded Get=Failed Names=Succeeded Next=Skipped Try=Failed"
    );
    assert_eq!(outputs(&definition, &state, "Catch"), json!("Refused"));
    assert_eq!(outputs(&definition, &state, "Names"), json!("Get Skipped"));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(
        summary(&definition, &state),
        "Catch=Skipped Finally=Succeeded Get=Succeeded Names=Skipped Next=Succeeded Try=Succeeded"
    );
}

#[test]
fn variables_have_types() {
    for (kind, value, action, expected) in [
        ("integer", json!(1), change("IncrementVariable", "v", json!(2), ok("V")), Ok(json!(3))),
        ("Integer", json!(1), change("DecrementVariable", "v", json!("@add(1, 1)"), ok("V")), Ok(json!(-1))),
        ("Integer", json!(null), change("IncrementVariable", "V", json!(1), ok("V")), Ok(json!(1))),
        ("Float", json!(1), change("IncrementVariable", "v", json!(0.5), ok("V")), Ok(json!(1.5))),
        ("String", json!("a"), change("AppendToStringVariable", "v", json!(1), ok("V")), Ok(json!("a1"))),
        (
            "string",
            json!(null),
            change("SetVariable", "v", json!("@triggerBody()['id']"), ok("V")),
            Ok(json!("o-7")),
        ),
        ("Array", json!(null), change("AppendToArrayVariable", "v", json!([1]), ok("V")), Ok(json!([[1]]))),
        ("Object", json!({}), change("SetVariable", "v", json!({"a": 1}), ok("V")), Ok(json!({"a": 1}))),
        ("Boolean", json!("@true"), change("SetVariable", "v", json!("false"), ok("V")), Ok(json!(false))),
        (
            "Object",
            json!({}),
            change("SetVariable", "v", json!("text"), ok("V")),
            Err("of type 'Object' cannot be initialized or updated with value of type 'String'"),
        ),
        (
            "Integer",
            json!(9_223_372_036_854_775_807_i64),
            change("IncrementVariable", "v", json!(1), ok("V")),
            Err("of type 'Integer'"),
        ),
        (
            "Array",
            json!("text"),
            change("AppendToArrayVariable", "v", json!(1), ok("V")),
            Err("must be initialized before"),
        ),
    ] {
        let mut change = action.clone();
        change["runAfter"] = json!({"V": ["Succeeded", "Failed"]});
        let definition = definition(json!({
            "V": variable("v", kind, value), "Change": change,
            "Read": compose(json!("@variables('v')"), json!({"Change": ["Succeeded"]})),
        }));
        let (_, state, _) = run(&definition, |_, _| answered(200));
        match expected {
            Ok(expected) => assert_eq!(outputs(&definition, &state, "Read"), expected, "{action}"),
            Err(expected) => {
                let error = record(&definition, &state, "Change").error.clone().expect("an error");
                assert!(error.message.contains(expected), "{action}: {}", error.message);
            }
        }
    }
}

#[test]
fn a_wait_ends_at_its_instant() {
    for (inputs, end) in [
        (json!({"interval": {"count": 90, "unit": "Second"}}), "2026-01-05T09:01:30Z"),
        (json!({"interval": {"count": "2", "unit": "Day"}}), "2026-01-07T09:00:00Z"),
        (json!({"interval": {"count": "@add(0, 0)", "unit": "Hour"}}), "2026-01-05T09:00:00Z"),
        (json!({"until": {"timestamp": "@addDays(utcNow(), 3)"}}), "2026-01-08T09:00:00Z"),
        (json!({"until": {"timestamp": "2026-01-10"}}), "2026-01-10T00:00:00Z"),
        (json!({"until": {"timestamp": "2020-01-01T00:00:00Z"}}), "2026-01-05T09:00:00Z"),
    ] {
        let definition = definition(json!({
            "Wait": {"type": "Wait", "inputs": inputs}, "After": compose(json!("@utcNow()"), ok("Wait")),
            "Meanwhile": compose(json!("@utcNow()"), json!({})),
        }));
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, RunStatus::Succeeded, "{inputs}");
        let end: Instant = end.parse().expect("an instant");
        assert_eq!(record(&definition, &state, "After").start, end, "{inputs}");
        assert_eq!(record(&definition, &state, "Meanwhile").start, NOW);
    }
    for (inputs, expected) in [
        (json!({"interval": {"count": 1, "unit": "Fortnight"}}), "the unit is not Second"),
        (json!({"interval": {"count": -1, "unit": "Day"}}), "not a whole number"),
        (json!({"until": {"timestamp": "soon"}}), "not an instant"),
    ] {
        let definition = definition(json!({"Wait": {"type": "Wait", "inputs": inputs}}));
        let (_, state, _) = run(&definition, |_, _| answered(200));
        let error = record(&definition, &state, "Wait").error.clone().expect("an error");
        assert!(error.message.contains(expected), "{}", error.message);
    }
    let long = definition(json!({
        "Wait": {"type": "Wait", "inputs": {"interval": {"count": 1, "unit": "Month"}}}, "After": compose(json!(1), ok("Wait")),
    }));
    let (ending, state, _) = run(&long, |_, _| answered(200));
    assert_eq!(
        (ending.status, summary(&long, &state).as_str()),
        (RunStatus::TimedOut, "After=Skipped Wait=TimedOut")
    );
}

#[test]
fn a_limit_ends_waits_and_retries() {
    let mut get = call(json!({}), json!({"type": "fixed", "count": 9, "interval": "PT1H"}));
    get["limit"] = json!({"timeout": "PT150M"});
    let mut long = wait("Day", json!(1), json!({}));
    long["limit"] = json!({"timeout": "PT2H"});
    let definition = definition(json!({"Get": get, "Wait": long}));
    let (ending, state, calls) = run(&definition, |_, _| answered(503));
    assert_eq!((ending.status, calls.len()), (RunStatus::Failed, 3));
    assert_eq!(summary(&definition, &state), "Get=TimedOut Wait=TimedOut");
    assert_eq!(record(&definition, &state, "Wait").end, Some(NOW + Span::from_hours(2)));
}

#[test]
fn terminate_ends_the_run_at_once() {
    for (inputs, status, error) in [
        (json!({"runStatus": "Succeeded"}), RunStatus::Succeeded, None),
        (
            json!({"runStatus": "Failed", "runError": {"code": "400", "message": "@{triggerBody()?['id']} is missing"}}),
            RunStatus::Failed,
            Some(("400", "o-7 is missing")),
        ),
        (
            json!({"runStatus": "Cancelled"}),
            RunStatus::Cancelled,
            Some(("WorkflowRunCancelled", "The action 'End' cancelled the run.")),
        ),
    ] {
        let definition = definition(json!({
            "Wait": wait("Hour", json!(1), json!({})),
            "After": compose(json!(1), ok("Wait")),
            "Each": scope("Foreach", json!({"End": {"type": "Terminate", "inputs": inputs}, "Next": compose(json!(1), ok("End"))}), json!({}), json!({"foreach": [1, 2]})),
        }));
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, status);
        assert_eq!(ending.error.as_ref().map(|error| (error.code.as_str(), error.message.as_str())), error);
        assert_eq!(summary(&definition, &state), "After=Skipped Each=Cancelled Wait=Cancelled");
        assert!(state.frames.values().all(|frame| frame.status.is_final()));
    }
}

#[test]
fn one_action_responds_to_the_caller() {
    let respond = |status: Value, after: Value| {
        json!({"type": "Response", "kind": "Http", "runAfter": after,
        "inputs": {"statusCode": status, "headers": {"x-id": "@triggerBody()['id']"}, "body": {"id": "@triggerBody()['id']"}}})
    };
    let definition = definition(json!({
        "First": respond(json!("201"), json!({})), "Second": respond(json!(200), ok("First")),
        "Bad": respond(json!(99), json!({"Second": ["Failed"]})),
    }));
    let (_, state, _) = run(&definition, |_, _| answered(200));
    let sent = state.response.clone().expect("a response");
    assert_eq!(
        (sent.status, sent.headers["x-id"].as_str(), sent.body),
        (201, "o-7", Some(json!({"id": "o-7"})))
    );
    assert_eq!(summary(&definition, &state), "Bad=Failed First=Succeeded Second=Failed");
}

#[test]
fn an_action_of_a_type_that_is_not_available_fails_when_it_runs() {
    let script = json!({"type": "JavaScriptCode", "inputs": {"code": "return 1"}});
    let definition = definition(json!({
        "Script": script,
        "After": compose(json!("@actions('Script')?['error']?['message']"), json!({"Script": ["Failed"]})),
    }));
    let (ending, state, _) = run(&definition, |_, _| answered(200));
    assert_eq!(ending.status, RunStatus::Succeeded, "the failure is handled");
    assert_eq!(record(&definition, &state, "Script").code.as_deref(), Some("ActionNotAvailable"));
    let message = outputs(&definition, &state, "After");
    assert!(
        message
            .as_str()
            .is_some_and(|text| text.starts_with("Actions of the type 'JavaScriptCode' are not available: ")),
        "{message}"
    );
}

#[test]
fn what_only_exported_definitions_say_fails_when_it_runs() {
    for (expression, why) in [
        ("@appSetting('Url')", "reads a setting of an app, which a flow does not have; use a parameter"),
        ("@encodeURIComponent('a/', 'b', '/c')", "expects one parameter; join the others with concat()"),
    ] {
        let definition = definition(json!({
            "Do": compose(json!(expression), json!({})),
            "After": compose(json!("@actions('Do')?['error']?['message']"), json!({"Do": ["Failed"]})),
        }));
        let (ending, state, _) = run(&definition, |_, _| answered(200));
        assert_eq!(ending.status, RunStatus::Succeeded, "the failure is handled");
        let message = outputs(&definition, &state, "After");
        assert!(message.as_str().is_some_and(|text| text.contains(why)), "{message}");
    }
}

#[test]
fn static_results_take_the_place_of_actions() {
    let mut get = call(json!({}), Value::Null);
    get["runtimeConfiguration"] = json!({"staticResult": {"staticResultOptions": "Enabled", "name": "Get0"}});
    let mut script = json!({"type": "JavaScriptCode", "inputs": {"code": "x"}, "runAfter": ok("Get")});
    script["runtimeConfiguration"] =
        json!({"staticResult": {"staticResultOptions": "Enabled", "name": "Script0"}});
    let written = json!({
        "triggers": {"manual": {"type": "Request", "kind": "Button"}},
        "staticResults": {
            "Get0": {"status": "Succeeded", "outputs": {"statusCode": "NotModified", "body": {"n": 4}}},
            "Script0": {"status": "Failed", "error": {"code": "Oops", "message": "no"}},
        },
        "actions": {
            "Get": get, "Script": script,
            "Sum": compose(json!("@add(body('Get')['n'], outputs('Get')['statusCode'])"), json!({"Script": ["Failed"]})),
        },
    });
    let definition = Definition::read(&written, &Value::Null).expect("reads");
    let (ending, state, calls) = run(&definition, |_, _| answered(200));
    assert_eq!((ending.status, calls.len()), (RunStatus::Succeeded, 0));
    assert_eq!(outputs(&definition, &state, "Sum"), json!(308));
    assert_eq!(record(&definition, &state, "Script").code.as_deref(), Some("Oops"));
}

#[test]
fn stored_states_of_earlier_versions_are_resumed() {
    let definition = definition(json!({
        "If": {"type": "If", "expression": true, "actions": {"Get": call(json!({}), json!({"type": "fixed", "count": 1, "interval": "PT1H"}))},
               "else": {"actions": {"Else": compose(json!(1), json!({}))}}},
        "End": compose(json!("@body('Get')['n']"), ok("If")),
    }));
    let at = |name: &str| definition.actions[definition.place(name).expect(name)].slot;
    let mut actions = vec![Value::Null; 4];
    actions[at("If")] = json!({"name": "If", "status": "Running", "start": NOW, "outputs": {"expressionResult": true}, "retries": 0, "taken": true});
    actions[at("Get")] = json!({"name": "Get", "status": "Waiting", "start": NOW, "inputs": {"parameters": {"id": "o-7"}}, "retries": 1, "retry_due": NOW});
    actions[at("Else")] =
        json!({"name": "Else", "status": "Skipped", "start": NOW, "end": NOW, "retries": 0});
    let stored = json!({"started": NOW, "trigger_outputs": null, "actions": actions, "weight": 17});
    let mut state: RunState = serde_json::from_value(stored).expect("reads");
    assert!(state.matches(&definition));
    let run = identity();
    let context = Context::new(NOW, &run, &|| 0);
    let Next::Call { at: spot, .. } = next(&definition, &mut state, &context) else { panic!("a call") };
    conclude(
        &definition,
        &mut state,
        spot,
        answered(200),
        || Randomness::from_seed(1).stream("retry"),
        &context,
    );
    assert!(matches!(
        next(&definition, &mut state, &context),
        Next::Done(Ending { status: RunStatus::Succeeded, .. })
    ));
    assert_eq!(outputs(&definition, &state, "End"), json!(1));
    state.actions.pop();
    assert!(!state.matches(&definition));
}
