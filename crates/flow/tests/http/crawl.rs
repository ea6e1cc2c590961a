//! Reads every document that the links of a flow lead to.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::lab::{FLOW, Lab, OWNER, path};

/// Follows all links of the flow, with pages of one. Returns the documents by path; each exists.
pub(crate) fn crawl(lab: &Lab) -> Vec<(String, Value)> {
    let token = lab.token(OWNER);
    let start = path(&format!("/{FLOW}"));
    let (root, version) = start.split_once('?').expect("a query");
    let mut queue: VecDeque<String> =
        ["", "/triggers", "/runs?$top=1"].map(|below| format!("{root}{below}")).into();
    let mut seen = BTreeSet::new();
    let mut documents = Vec::new();
    while let Some(link) = queue.pop_front() {
        if !seen.insert(link.clone()) {
            continue;
        }
        let separator = if link.contains('?') { '&' } else { '?' };
        let address =
            if link.contains(version) { link.clone() } else { format!("{link}{separator}{version}") };
        let response = lab.send("GET", &address, Some(&token), None);
        assert_eq!(response.status, 200, "{address}: {}", response.body);
        collect(&response.body, root, &mut queue);
        documents.push((link, response.body));
    }
    documents
}

fn collect(value: &Value, root: &str, queue: &mut VecDeque<String>) {
    match value {
        Value::Object(map) => {
            for (name, member) in map {
                match (name.as_str(), member.as_str()) {
                    ("id", Some(id)) if id.starts_with(root) => {
                        queue.push_back(id.to_owned());
                        // What a resource contains.
                        let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
                        let below = match kind.rsplit('/').next().unwrap_or_default() {
                            "triggers" => Some("histories"),
                            "runs" => Some("actions"),
                            "actions" => Some("repetitions"),
                            _ => None,
                        };
                        queue.extend(below.map(|below| format!("{id}/{below}?$top=1")));
                    }
                    ("nextLink", Some(link)) => {
                        queue
                            .push_back(link.strip_prefix("http://flow.test").expect("our origin").to_owned());
                    }
                    _ => collect(member, root, queue),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, root, queue)),
        _ => {}
    }
}
