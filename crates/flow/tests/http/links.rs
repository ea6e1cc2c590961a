//! Links of flows whose triggers and actions have names with any character.

use serde_json::json;

use crate::crawl::crawl;
use crate::lab::{FLOW, Lab, OWNER, definition};

#[test]
fn every_link_leads_somewhere() {
    for name in
        ["plain", "with space", "a/b", "what?", "no #1", "100%", "%2F", "Prüfung é", "a&b=c+d", "\"q\"\\"]
    {
        let trigger = json!({name: {"type": "Request", "kind": "Button"}});
        let inner = format!("In {name}");
        let each = json!({"type": "Foreach", "foreach": [1, 2, 3], "actions": {
            inner.clone(): {"type": "Compose", "inputs": "@item()"},
        }});
        let lab = Lab::new();
        let saved = lab.put_flow(definition(trigger, json!({ name: each }))).expect(201);
        let uri = saved["properties"]["flowTriggerUri"].as_str().expect("an address").to_owned();
        let fire = uri.strip_prefix("http://flow.test").expect("our origin");
        for _ in 0..2 {
            let response = lab.send("POST", fire, Some(&lab.token(OWNER)), Some(json!({})));
            assert_eq!(response.status, 202, "{name}: {}", response.body);
            let location = response.headers["location"].to_str().expect("text").to_owned();
            let location = location.strip_prefix("http://flow.test").expect("our origin");
            lab.send("GET", location, Some(&lab.token(OWNER)), None).expect(200);
        }
        let documents = crawl(&lab);
        let count = |what: &str| {
            let all = documents.iter().flat_map(|(_, document)| document["value"].as_array());
            let of = format!("Microsoft.ProcessSimple/environments/flows/{what}");
            all.flatten().filter(|item| item["type"] == of.as_str()).count()
        };
        // Two runs, each with two actions, of which one has three repetitions and one three
        // iterations.
        let found = (count("triggers"), count("triggers/histories"), count("runs"), count("runs/actions"));
        assert_eq!(found, (1, 2, 2, 4), "{name}");
        assert_eq!(count("runs/actions/repetitions"), 12, "{name}");
    }
    // A client that resolves a link would remove these.
    for name in [".", ".."] {
        let trigger = json!({name: {"type": "Request", "kind": "Button"}});
        let error = Lab::new().put_flow(definition(trigger, json!({}))).expect(400);
        let target = format!("properties.definition.triggers.{name}");
        assert_eq!(error["error"]["details"][0]["target"], target.as_str());
        let lab = Lab::new();
        let action = json!({name: {"type": "Compose", "inputs": 1}});
        let error = lab.owner("PUT", &format!("/{FLOW}"), Some(crate::lab::flow(crate::lab::manual(action))));
        assert_eq!(error.status, 400, "{}", error.body);
    }
}
