use serde_json::{Value, json};

use super::*;
use crate::recurrence::{Frequency, Recurrence};
use crate::retry::RetryPolicy;
use crate::status::ActionStatus;

fn hourly() -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "$connections": {"defaultValue": {}, "type": "Object"},
            "$authentication": {"defaultValue": {}, "type": "SecureObject"}
        },
        "triggers": {"Recurrence": {"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": 1}}},
        "actions": {
            "List_orders": {
                "type": "OpenApiConnection", "runAfter": {},
                "inputs": {
                    "host": {
                        "apiId": "/providers/Microsoft.PowerApps/apis/shared_contoso-orders",
                        "connectionName": "shared_contoso-orders", "operationId": "ListOrders"
                    },
                    "parameters": {"$top": 5},
                    "authentication": "@parameters('$authentication')"
                }
            }
        },
        "outputs": {}
    })
}

fn references() -> Value {
    json!({"shared_contoso-orders": {
        "runtimeSource": "embedded", "connection": {"name": "orders-1"}, "api": {"name": "shared_contoso-orders"}
    }})
}

fn read(definition: &Value) -> Result<Definition, DefinitionErrors> {
    Definition::read(definition, &references())
}

#[test]
fn the_documented_form_is_parsed() {
    let definition = read(&hourly()).expect("reads");
    let recurrence = Recurrence { frequency: Frequency::Hour, interval: 1, ..Recurrence::default() };
    assert_eq!(definition.trigger.recurrence(), Some(&recurrence));
    let ActionKind::OpenApiConnection(call) = &definition.actions[0].kind else { panic!("a call") };
    assert_eq!((call.api.as_str(), call.operation.as_str()), ("shared_contoso-orders", "ListOrders"));
    assert_eq!(call.retry, RetryPolicy::default());
    let reference = &definition.connections["shared_contoso-orders"];
    assert_eq!(reference.connection.as_deref(), Some("orders-1"));
}

#[test]
fn references_of_a_package_are_parsed() {
    let legacy = json!({"a": {
        "connectionName": "orders-1", "source": "Embedded", "id": "/providers/Microsoft.PowerApps/apis/shared_x", "tier": "Standard"
    }, "unmapped": {"api": {"name": "shared_x"}, "connection": {"connectionReferenceLogicalName": "new_x"}}});
    let definition = Definition::read(&hourly(), &legacy).expect("reads");
    let reference = |api: &str, connection: Option<&str>, path: &str| ConnectionReference {
        identity: None,
        api: Some(api.to_owned()),
        connection: connection.map(str::to_owned),
        source: Source::Embedded,
        path: format!("properties.connectionReferences.{path}"),
    };
    assert_eq!(definition.connections["a"], reference("shared_x", Some("orders-1"), "a.connectionName"));
    let unmapped = reference("shared_x", None, "unmapped.connection.name");
    assert_eq!(definition.connections["unmapped"], unmapped);
}

#[test]
fn actions_follow_those_they_run_after() {
    let mut flow = hourly();
    flow["actions"] = json!({
        "A_last": {"type": "Compose", "inputs": 1, "runAfter": {"B_if": ["Succeeded", "FAILED"]}},
        "B_if": {
            "type": "If", "expression": {"and": [{"equals": ["@outputs('Z_first')", 1]}, {"not": {"greater": [1, 2]}}]},
            "runAfter": {"Z_first": ["Succeeded"]},
            "actions": {"B_then": {"type": "Compose", "inputs": "@outputs('Z_first')"}},
            "else": {"actions": {"B_else": {"type": "Compose", "inputs": null}}}
        },
        "Z_first": {"type": "Compose", "inputs": 1}
    });
    let definition = read(&flow).expect("reads");
    for (place, action) in definition.actions.iter().enumerate() {
        assert!(action.run_after.iter().all(|(before, _)| *before < place), "{}", action.name);
        assert_eq!((action.body, action.slot), (0, place));
        if let Some((condition, branch)) = action.within {
            assert!(condition < place);
            assert_eq!(definition.actions[condition].name, "B_if");
            assert_eq!(branch, Branch::Condition(action.name == "B_then"));
        }
    }
    assert_eq!(definition.actions.len(), 5);
}

/// Changes the hourly flow at a JSON pointer and returns the error.
fn refusal(pointer: &str, value: Value) -> String {
    let mut flow = hourly();
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = if parent.is_empty() { &mut flow } else { flow.pointer_mut(parent).expect("a parent") };
    parent[member] = value;
    let errors = read(&flow).expect_err(pointer);
    errors.to_string()
}

#[test]
fn errors_contain_place_reason_and_remedy() {
    let action = |kind: &str| json!({"type": kind, "inputs": 1});
    let list = "/actions/List_orders";
    for (pointer, value, expected) in [
        ("/triggers", json!({}), "properties.definition.triggers: a flow has one trigger, not 0"),
        ("/triggers/Second", json!({"type": "Request"}), "triggers: a flow has one trigger, not 2"),
        (
            "/triggers/Recurrence/type",
            json!("Webhook"),
            "triggers.Recurrence.type: the trigger type 'Webhook' is not supported; use Recurrence, Request, Http, or the trigger of a connector",
        ),
        (
            "/triggers/Recurrence/recurrence/frequency",
            json!("Fortnight"),
            "recurrence.frequency: this is not a frequency",
        ),
        (
            "/triggers/Recurrence/recurrence/interval",
            json!(0),
            "interval: this interval of Hour is out of range; give a whole number from 1 to 12000.",
        ),
        (
            "/triggers/Recurrence/recurrence/interval",
            json!("@parameters('often')"),
            "interval: this is not a whole number; give a whole number from 1 to 12000.",
        ),
        ("/triggers", json!({}), "triggers: a flow has one trigger, not 0; add a trigger"),
        (
            "/triggers/Recurrence/recurrence",
            json!({"frequency": "Second", "interval": 59}),
            "from 60 to 9999999",
        ),
        ("/triggers/Recurrence/recurrence/startTime", json!("soon"), "startTime: this is not an instant"),
        (
            "/triggers/Recurrence/recurrence/timeZone",
            json!("Atlantis Standard Time"),
            "timeZone: this is not a known time zone",
        ),
        (
            "/triggers/Recurrence/recurrence/schedule",
            json!({"hours": [9]}),
            "schedule.hours: this does not go with the frequency; use the frequency Day or Week or Month",
        ),
        ("/actions", json!([]), "properties.definition.actions: this is not an object"),
        (
            "/actions/Http",
            action("JavaScript"),
            "actions.Http.type: the action type 'JavaScript' is not supported; use OpenApiConnection, ApiConnection",
        ),
        ("/actions/x", json!("y"), "actions.x: this is not an object"),
        (&format!("{list}/runafter"), json!({}), "List_orders: 'runafter' is not a known member"),
        (
            &format!("{list}/runAfter"),
            json!({"Nothing": ["Succeeded"]}),
            "List_orders.runAfter.Nothing: there is no such action",
        ),
        (&format!("{list}/runAfter"), json!({"List_orders": ["Succeeded"]}), "wait for itself"),
        (&format!("{list}/inputs/host"), json!({"apiId": "x"}), "inputs.host: 'connectionName' is missing"),
        (&format!("{list}/inputs/host/apiId"), json!(7), "host.apiId: this is not a string"),
        (
            &format!("{list}/inputs/authentication"),
            json!({"type": "Raw", "value": "secret"}),
            "inputs.authentication: a definition must not contain",
        ),
        (
            &format!("{list}/inputs/parameters"),
            json!({"a": {"b": ["@no("]}}),
            "inputs.parameters.a.b[0]: this is not an expression (character 5",
        ),
        (
            &format!("{list}/inputs/parameters"),
            json!({"a": "@outputs('Other')"}),
            "refers to the action 'Other'",
        ),
        (&format!("{list}/inputs/parameters"), json!({"a": "@parameters('p')"}), "there is no parameter 'p'"),
        (
            &format!("{list}/inputs/retryPolicy"),
            json!({"type": "often"}),
            "retryPolicy.type: this is not a retry policy",
        ),
        (
            &format!("{list}/inputs/retryPolicy"),
            json!({"type": "fixed", "count": 91, "interval": "PT5S"}),
            "retryPolicy.count",
        ),
        (
            &format!("{list}/inputs/retryPolicy"),
            json!({"type": "fixed", "count": 9, "interval": "PT1S"}),
            "retryPolicy.interval",
        ),
        ("/parameters/limit", json!({"type": "Int"}), "parameters.limit: the parameter has no value"),
        ("/outputs", json!({"a": 1}), "outputs.a: this is not an object"),
        (
            "/parameters/limit",
            json!({"type": "Int", "defaultValue": "5"}),
            "limit.defaultValue: this is not a value",
        ),
        (
            "/actions/If",
            json!({"type": "If", "expression": {"xor": [1, 2]}}),
            "actions.If.expression.xor: there is no such operator",
        ),
        (
            "/actions/If",
            json!({"type": "If", "expression": {"and": [{"equals": [1]}]}}),
            "expression.and[0].equals: a comparison takes two",
        ),
    ] {
        let error = refusal(pointer, value);
        assert!(error.contains(expected), "{pointer}: {error}");
        assert!(error.starts_with("properties."), "{error}");
    }
}

#[test]
fn circles_and_limits_are_checked() {
    let circle = json!({
        "A": {"type": "Compose", "inputs": 1, "runAfter": {"B": ["Succeeded"]}},
        "B": {"type": "Compose", "inputs": 1, "runAfter": {"A": ["Succeeded"]}}
    });
    assert!(refusal("/actions", circle).contains("form a circle"));
    let compose = json!({"type": "Compose", "inputs": 1});
    assert!(refusal(&format!("/actions/{}", "n".repeat(81)), compose.clone()).contains("longer than 80"));
    let many: serde_json::Map<_, _> = (0..501).map(|n| (format!("a{n}"), compose.clone())).collect();
    assert!(refusal("/actions", Value::Object(many)).contains("more than 500 actions"));
    let nested = |levels: usize| {
        (1..levels).fold(json!({"inner": compose}), |actions, level| {
            let mut outer = serde_json::Map::new();
            outer.insert(format!("if{level}"), json!({"type": "If", "expression": true, "actions": actions}));
            Value::Object(outer)
        })
    };
    assert!(refusal("/actions", nested(9)).contains("nested deeper than 8"));
    let mut flow = hourly();
    flow["actions"] = nested(8);
    assert!(read(&flow).is_ok());
    let twice = json!({"A": compose, "If": {"type": "If", "expression": true, "actions": {"A": compose}}});
    assert!(refusal("/actions", twice).contains("another action has this name"));
    assert!(
        refusal("/actions/long", json!({"type": "Compose", "inputs": format!("@'{}'", "x".repeat(9_000))}))
            .contains("8192")
    );
    let variables = |count: usize| {
        let declared: Vec<_> =
            (0..count).map(|n| json!({"name": format!("v{n}"), "type": "Integer"})).collect();
        json!({"All": {"type": "InitializeVariable", "inputs": {"variables": declared}}})
    };
    let cases = |count: usize| {
        let cases: serde_json::Map<_, _> =
            (0..count).map(|n| (format!("c{n}"), json!({"case": n, "actions": {}}))).collect();
        json!({"Switch": {"type": "Switch", "expression": "@1", "cases": cases}})
    };
    assert!(refusal("/actions", variables(251)).contains("more than 250 variables"));
    assert!(refusal("/actions", cases(26)).contains("more than 25 cases"));
    for actions in [variables(250), cases(25)] {
        flow["actions"] = actions;
        assert!(read(&flow).is_ok(), "{:?}", read(&flow).err());
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let mut flow = hourly();
    flow["contents"] = json!(1);
    flow["version"] = json!(1);
    flow["outputs"] = json!({"a": 1});
    flow["parameters"]["limit"] = json!({"type": "Int"});
    flow["parameters"]["kind"] = json!({"type": "Number", "defaultValue": 1});
    flow["triggers"]["Recurrence"]["recurrence"]["interval"] = json!(0);
    let call = flow["actions"]["List_orders"].clone();
    let mut wrong = call.clone();
    wrong["inputs"]["host"] = json!({"apiId": 7});
    wrong["inputs"]["authentication"] = json!("secret");
    wrong["inputs"]["parameters"] = json!({"a": {"x": "@no(", "y": ["@no("]}, "b": "@parameters('limit')"});
    wrong["runAfter"] = json!({"List_orders": ["Maybe"], "Nothing": ["Succeeded"]});
    flow["actions"]["Wrong"] = wrong;
    flow["actions"]["Branch"] = json!({
        "type": "If", "expression": {"xor": []}, "runAfter": {"Wrong": ["Succeeded"]},
        "actions": {"Inner": {"type": "Nothing"}},
        "else": {"actions": {"Other": {"type": "Compose", "inputs": "@outputs('Gone')"}}}
    });
    let references = json!({"a": {"runtimeSource": "stranger"}, "b": 7, "c": {"connectionName": "kept"}});
    let reading = Reading::of(&flow, &references);
    let errors = reading.definition.expect_err("many errors");
    let paths: Vec<_> = errors
        .0
        .iter()
        .map(|error| error.path.strip_prefix("properties.").expect("below").to_owned())
        .collect();
    let mut expected = vec![
        "definition",
        "definition.outputs.a",
        "definition.parameters.kind.type",
        "definition.parameters.limit",
        "definition.triggers.Recurrence.recurrence.interval",
        "definition.actions.Branch.expression.xor",
        "definition.actions.Branch.actions.Inner.type",
        "definition.actions.Wrong.inputs.host",
        "definition.actions.Wrong.inputs.host",
        "definition.actions.Wrong.inputs.host.apiId",
        "definition.actions.Wrong.inputs.authentication",
        "definition.actions.Wrong.inputs.parameters.a.x",
        "definition.actions.Wrong.inputs.parameters.a.y[0]",
        "definition.actions.Wrong.runAfter.List_orders[0]",
        "definition.actions.Branch.else.actions.Other",
        "definition.actions.Wrong.runAfter.Nothing",
        "connectionReferences.a.runtimeSource",
        "connectionReferences.b",
    ];
    let mut found: Vec<_> = paths.iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(errors.to_string().contains("'contents' and 'version' are not known members"), "{errors}");
    // What could be parsed is there, to be checked too.
    assert_eq!(reading.connections.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["c"]);
    let operations: Vec<_> = reading.calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(operations, ["properties.definition.actions.List_orders.inputs.host.operationId"]);
}

#[test]
fn triggers_of_connectors_are_checked() {
    let mut flow = hourly();
    let mut ask = flow["actions"]["List_orders"].clone();
    ask.as_object_mut().expect("an object").remove("runAfter");
    ask["recurrence"] = json!({"frequency": "Minute", "interval": 5});
    ask["splitOn"] = json!("@triggerBody()?['value']");
    ask["conditions"] = json!([{"expression": "@equals(parameters('gone'), 1)"}]);
    flow["triggers"] = json!({ "When_new": ask });
    let reading = Reading::of(&flow, &references());
    let paths: Vec<_> = reading.calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(paths[1], "properties.definition.triggers.When_new.inputs.host.operationId");
    let errors = reading.definition.expect_err("an unknown parameter").to_string();
    assert!(errors.contains("triggers.When_new: there is no parameter 'gone'"), "{errors}");
    flow["triggers"]["When_new"]["conditions"] = json!([]);
    let trigger = &read(&flow).expect("reads").trigger;
    assert_eq!(trigger.recurrence().map(|recurrence| recurrence.interval), Some(5));
}

#[test]
fn what_published_definitions_write_otherwise_is_read() {
    let mut flow = hourly();
    flow["triggers"]["Recurrence"]["recurrence"]["interval"] = json!(" 3 ");
    flow["actions"] = json!({
        "First": {"type": "Compose", "inputs": "@encodeURIComponent('a/', 'b', '/c', 'd')"},
        "Never": {"type": "Compose", "inputs": "@appSetting('a')", "runAfter": {"First": ["CANCELLED", "Aborted"]}},
    });
    let definition = read(&flow).expect("reads");
    assert_eq!(definition.trigger.recurrence().map(|recurrence| recurrence.interval), Some(3));
    let never = &definition.actions[definition.place("Never").expect("there")];
    let statuses = never.run_after[0].1;
    let met = [ActionStatus::Succeeded, ActionStatus::Failed, ActionStatus::Skipped, ActionStatus::TimedOut];
    assert!(!met.into_iter().any(|status| statuses.has(status)));
}

#[test]
fn every_known_type_of_action_can_be_saved() {
    // Those that the schema of definitions lists, and that no flow here can run.
    for kind in [
        "Agent",
        "AgentHandOff",
        "ApiApp",
        "ApiManagement",
        "ArchiveZip",
        "As2Decode",
        "As2Encode",
        "Changeset",
        "ChunkText",
        "ChunkTextWithMetadata",
        "CSharpScriptCode",
        "EdifactBatchEncode",
        "EdifactDecode",
        "EdifactEncode",
        "FlatFileDecoding",
        "FlatFileEncoding",
        "Flow",
        "Function",
        "HL7Decode",
        "HL7Encode",
        "IntegrationAccountArtifactLookup",
        "InvokeFunction",
        "JavaScriptCode",
        "Liquid",
        "McpClientTool",
        "NestedAgent",
        "OpenApiConnectionNotification",
        "ParseDocument",
        "ParseDocumentWithMetadata",
        "PowershellCode",
        "RosettaNetDecode",
        "RosettaNetEncode",
        "RosettaNetWaitForResponse",
        "SendToBatch",
        "ServiceProvider",
        "SwiftDecode",
        "SwiftEncode",
        "SwiftMTDecode",
        "SwiftMTEncode",
        "Workflow",
        "X12BatchEncode",
        "X12Decode",
        "X12Encode",
        "XmlCompose",
        "XmlParse",
        "XmlValidation",
        "Xslt",
    ] {
        let mut flow = hourly();
        flow["actions"] = json!({"Do": {"type": kind, "inputs": {"a": 1}, "limit": {"count": 9}}});
        let definition = read(&flow).expect(kind);
        assert!(
            matches!(&definition.actions[0].kind, ActionKind::Unavailable { kind: read, .. } if read == kind)
        );
    }
}

#[test]
fn definitions_of_earlier_versions_are_restored() {
    let mut flow = hourly();
    flow["parameters"]["limit"] = json!({"type": "Int", "defaultValue": "5"});
    flow["actions"]["List_orders"]["runtimeConfiguration"] =
        json!({"concurrency": {"repetitions": 0}, "other": 1});
    flow["triggers"] =
        json!({"manual": {"type": "Request", "inputs": {"schema": {"type": "thing"}, "more": 1}}});
    assert!(read(&flow).is_err());
    let restored = Definition::restore(&flow, &references()).expect("restores");
    assert_eq!(restored.parameters["limit"], json!("5"));
    // What cannot be read of who may call it lets no caller in.
    for inputs in [
        json!({"triggerAuthenticationType": "SpecificUsers"}),
        json!({"triggerAuthenticationType": 1, "more": 1}),
    ] {
        flow["triggers"]["manual"]["inputs"] = inputs;
        assert!(read(&flow).is_err());
        let restored = Definition::restore(&flow, &references()).expect("restores");
        let TriggerKind::Request(request) = &restored.trigger.kind else { panic!("a request") };
        assert_eq!(request.callers, Callers::Users(Vec::new()));
    }
    flow["actions"]["Call"] =
        json!({"type": "Http", "inputs": {"method": "GET", "uri": "https://a:b@c.test/"}});
    assert!(Definition::restore(&flow, &references()).is_ok());
    flow["actions"]["List_orders"]["type"] = json!("Nothing");
    assert!(Definition::restore(&flow, &references()).is_err());
}
