//! Manual runs.

use serde_json::json;

use crate::lab::{FLOW, Lab, call, hourly, manual};

#[test]
fn a_manual_run_starts_immediately_with_its_input() {
    let actions = json!({
        "Get": call("GetOrder", json!({"id": "@triggerBody()?['id']"})),
        "Check": {
            "type": "If", "runAfter": {"Get": ["Succeeded"]},
            "expression": {"and": [{"equals": ["@outputs('Get')?['statusCode']", 200]}, {"greater": ["@length(body('Get')?['value'])", 1]}]},
            "actions": {"Create": call("CreateOrder", json!({"order/item": "@{body('Get')?['value'][0]['item']} for @{triggerBody()?['id']}", "order/quantity": 2}))},
            "else": {"actions": {"Nothing": {"type": "Compose", "inputs": "nothing"}}}
        },
        "Sum": {"type": "Compose", "runAfter": {"Check": ["Succeeded"]}, "inputs": {"n": "@length(body('Create')?['value'])"}}
    });
    let lab = Lab::with_flow(manual(actions));
    assert_eq!(lab.next_due(), None, "nothing is due by time");
    let answer = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({"id": "o 1"})));
    let name = answer.headers["x-ms-workflow-run-id"].to_str().expect("text").to_owned();
    assert!(answer.headers["location"].to_str().expect("text").contains(&name));
    assert_eq!(answer.expect(202)["name"], json!(name));

    let run = lab.owner("GET", &format!("/{FLOW}/runs/{name}"), None).expect(200);
    assert_eq!(run["properties"]["status"], "Succeeded");
    assert_eq!(run["properties"]["trigger"]["name"], "manual");
    assert_eq!(run["properties"]["trigger"]["outputs"]["body"], json!({"id": "o 1"}));
    let calls = lab.hub.calls();
    assert!(calls[0].line.ends_with("/orders/o%201"), "{}", calls[0].line);
    assert_eq!(calls[1].body, json!({"item": "lamp for o 1", "quantity": 2}).to_string());

    let actions = lab.owner("GET", &format!("/{FLOW}/runs/{name}/actions"), None).expect(200);
    let list: Vec<_> = actions["value"]
        .as_array()
        .expect("actions")
        .iter()
        .map(|action| {
            format!(
                "{}={}",
                action["name"].as_str().expect("name"),
                action["properties"]["status"].as_str().expect("status")
            )
        })
        .collect();
    assert_eq!(list.len(), 5);
    for expected in
        ["Get=Succeeded", "Check=Succeeded", "Create=Succeeded", "Nothing=Skipped", "Sum=Succeeded"]
    {
        assert!(list.iter().any(|one| one == expected), "{expected} in {list:?}");
    }
    let sum = &run["properties"]["actions"]["Sum"];
    assert_eq!(sum["outputs"], json!({"n": 2}));
}

#[test]
fn runs_at_one_instant_keep_their_order() {
    // Each third one fails: pages of all statuses are merged.
    let inputs = "@div(6, mod(triggerBody()?['n'], 3))";
    let lab = Lab::with_flow(manual(json!({"A": {"type": "Compose", "inputs": inputs}})));
    let names: Vec<_> = (0..60)
        .map(|n| {
            lab.owner("POST", &format!("/{FLOW}/triggers/Manual/run"), Some(json!({"n": n}))).expect(202)
                    ["name"]
                    .clone()
        })
        .collect();
    let listed = lab.runs("&$top=7");
    let failed = listed.iter().filter(|run| run["properties"]["status"] == "Failed");
    assert_eq!(failed.count(), 20);
    assert_eq!(listed.iter().rev().map(|run| run["name"].clone()).collect::<Vec<_>>(), names);
}

#[test]
fn a_recurring_flow_can_be_run_manually_while_it_is_on() {
    let lab = Lab::with_flow(hourly());
    lab.owner("POST", &format!("/{FLOW}/triggers/Recurrence/run"), None).expect(202);
    assert_eq!((lab.runs("").len(), lab.due()), (1, (1, 0)));
    let error = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), None).expect(404);
    assert_eq!(error["error"]["code"], "WorkflowTriggerNotFound");
    lab.owner("POST", &format!("/{FLOW}/stop"), None).expect(200);
    let error = lab.owner("POST", &format!("/{FLOW}/triggers/Recurrence/run"), None).expect(400);
    assert_eq!(error["error"]["code"], "WorkflowTriggerIsNotEnabled");
    assert_eq!(lab.runs("").len(), 2);
}
