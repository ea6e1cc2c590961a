//! Loops with more iterations than a run holds in its record.

use serde_json::{Value, json};

use crate::lab::{FLOW, Lab, OWNER, manual};

fn run(lab: &Lab) -> String {
    let response = lab.owner("POST", &format!("/{FLOW}/triggers/manual/run"), Some(json!({})));
    response.expect(202)["name"].as_str().expect("a name").to_owned()
}

/// Returns all pages of the repetitions of an action.
fn repetitions(lab: &Lab, name: &str, action: &str) -> Vec<Value> {
    let path = format!("/{FLOW}/runs/{name}/actions/{action}/repetitions?$top=250");
    let mut next = Some(crate::lab::path(&path));
    let mut found = Vec::new();
    while let Some(link) = next {
        let page = lab.send("GET", &link, Some(&lab.token(OWNER)), None).expect(200);
        found.extend(page["value"].as_array().expect("repetitions").iter().cloned());
        next = page["nextLink"].as_str().map(|link| link.replace("http://flow.test", ""));
    }
    found
}

#[test]
fn all_repetitions_are_listed() {
    let divide = json!({"type": "Compose", "inputs": "@div(12, sub(items('Each'), 700))"});
    let inner = json!({"type": "Foreach", "foreach": [1, 2], "actions": {"Pair": {"type": "Compose", "inputs": "@items('Each')"}}});
    let each = json!({"type": "Foreach", "foreach": "@range(0, 1000)", "actions": {"Divide": divide, "Inner": inner}});
    let mut lab = Lab::with_flow(manual(json!({ "Each": each })));
    let name = run(&lab);
    lab.restart();
    assert_eq!(lab.newest_run()["properties"]["status"], "Failed", "iteration 700 failed");
    let found = repetitions(&lab, &name, "Divide");
    assert_eq!(found.len(), 1_000);
    for (index, one) in found.iter().enumerate() {
        assert_eq!(one["name"], format!("{index:06}"));
        let status = if index == 700 { "Failed" } else { "Succeeded" };
        assert_eq!(one["properties"]["status"], status, "{one}");
        assert_eq!(
            one["properties"]["repetitionIndexes"],
            json!([{"scopeName": "Each", "itemIndex": index}])
        );
    }
    assert_eq!(found[694]["properties"]["outputs"], -2);
    let iterations = repetitions(&lab, &name, "Each");
    let failed = iterations.iter().filter(|one| one["properties"]["status"] == "Failed");
    assert_eq!((iterations.len(), failed.count()), (1_000, 1));
    assert_eq!(repetitions(&lab, &name, "Pair").len(), 2_000);
    let actions = &lab.newest_run()["properties"]["actions"];
    for (action, count) in [("Each", 1_000), ("Divide", 1_000), ("Pair", 2_000)] {
        assert_eq!(actions[action]["repetitionCount"], count, "{action}");
    }
    for index in ["000000", "000700", "000999"] {
        let path = format!("/{FLOW}/runs/{name}/actions/Divide/repetitions/{index}");
        assert_eq!(lab.owner("GET", &path, None).expect(200)["name"], index);
    }
    let missing = format!("/{FLOW}/runs/{name}/actions/Divide/repetitions/001000");
    lab.owner("GET", &missing, None).expect(404);
    // They are deleted with the run.
    assert!(lab.count("repetitions") > 500);
    lab.owner("DELETE", &format!("/{FLOW}"), None).expect(204);
    assert_eq!(lab.count("repetitions"), 0);
}
