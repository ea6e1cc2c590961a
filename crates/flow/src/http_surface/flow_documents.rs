//! Flows in responses.

use serde_json::{Value, json};

use super::caller::{API_VERSION, Caller};
use crate::ids::FlowId;
use crate::service::{sanitize, shown_identity};
use crate::tables::flows::FlowRow;

pub(super) fn flow_path(environment: &str, flow: FlowId) -> String {
    format!("/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{flow}")
}

/// Returns a flow, with its definition if `document` is given.
pub(super) fn flow(caller: &Caller, flow: &FlowRow, document: Option<&Value>) -> Value {
    let mut properties = json!({
        "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows",
        "displayName": flow.display_name,
        "state": flow.state.name(),
        "createdTime": flow.created,
        "lastModifiedTime": flow.changed,
        "userType": "Owner",
        "creator": {
            "tenantId": caller.tenant,
            "objectId": flow.owner,
            "userId": flow.owner,
            "userType": "ActiveDirectory",
        },
        "environment": {
            "name": caller.environment,
            "type": "Microsoft.ProcessSimple/environments",
            "id": format!("/providers/Microsoft.ProcessSimple/environments/{}", caller.environment),
        },
        "nextRunTime": flow.next_due,
    });
    if let (Some(document), Some(map)) = (document, properties.as_object_mut()) {
        let triggers = document["definition"]["triggers"].as_object();
        if let Some(trigger) = triggers.and_then(|triggers| triggers.keys().next()) {
            let path = flow_path(&caller.environment, flow.id);
            let uri = trigger_uri(caller, &path, trigger);
            map.insert("flowTriggerUri".to_owned(), Value::String(uri));
        }
        let mut definition = document["definition"].clone();
        sanitize(&mut definition);
        map.insert("definition".to_owned(), definition);
        map.insert("connectionReferences".to_owned(), document["connectionReferences"].clone());
    }
    let mut shown = json!({
        "name": flow.id,
        "id": flow_path(&caller.environment, flow.id),
        "type": "Microsoft.ProcessSimple/environments/flows",
        "properties": properties,
    });
    if let Some(identity) = document.and_then(|document| shown_identity(caller.tenant, document)) {
        shown["identity"] = identity;
    }
    shown
}

/// Returns the address to which the owner posts to fire a trigger, also in place of the event of a
/// connector.
fn trigger_uri(caller: &Caller, flow: &str, trigger: &str) -> String {
    let base = caller.origin.to_string();
    let Ok(mut url) = url::Url::parse(&format!("{base}{flow}/triggers")) else { return String::new() };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(trigger).push("run");
    }
    url.query_pairs_mut().append_pair("api-version", API_VERSION);
    url.to_string()
}
