//! Flows in responses.

use serde_json::{Value, json};

use super::caller::{API_VERSION, Caller};
use crate::ids::FlowId;
use crate::service::sanitize;
use crate::tables::flows::FlowRow;
use crate::tables::permissions::Role;

pub(super) fn flow_path(environment: &str, flow: FlowId) -> String {
    format!("/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{flow}")
}

/// Returns a flow as a user with `role` sees it, with its definition if `document` is given. To
/// run-only users, neither the definition nor the connections are shown.
pub(super) fn flow(caller: &Caller, flow: &FlowRow, role: Role, document: Option<&Value>) -> Value {
    let mut properties = json!({
        "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows",
        "displayName": flow.display_name,
        "state": flow.state.name(),
        "createdTime": flow.created,
        "lastModifiedTime": flow.changed,
        "userType": if role.owns() { "Owner" } else { "User" },
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
        "flowSuspensionReason": flow.suspension.as_ref().map_or("None", |(reason, _)| reason),
    });
    if let (Some((_, at)), Some(map)) = (&flow.suspension, properties.as_object_mut()) {
        map.insert("flowSuspensionTime".to_owned(), json!(at));
    }
    if let (Some(document), Some(map)) = (document, properties.as_object_mut()) {
        let triggers = document["definition"]["triggers"].as_object();
        if let Some(trigger) = triggers.and_then(|triggers| triggers.keys().next()) {
            let path = flow_path(&caller.environment, flow.id);
            let uri = trigger_uri(caller, &path, trigger);
            map.insert("flowTriggerUri".to_owned(), Value::String(uri));
        }
        if role.owns() {
            let mut definition = document["definition"].clone();
            sanitize(&mut definition);
            map.insert("definition".to_owned(), definition);
            map.insert("connectionReferences".to_owned(), document["connectionReferences"].clone());
        }
    }
    json!({
        "name": flow.id,
        "id": flow_path(&caller.environment, flow.id),
        "type": "Microsoft.ProcessSimple/environments/flows",
        "properties": properties,
    })
}

/// Returns the address to which a user of the flow posts to fire a trigger, also in place of the
/// event of a connector.
fn trigger_uri(caller: &Caller, flow: &str, trigger: &str) -> String {
    let base = caller.origin.to_string();
    let Ok(mut url) = url::Url::parse(&format!("{base}{flow}/triggers")) else { return String::new() };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(trigger).push("run");
    }
    url.query_pairs_mut().append_pair("api-version", API_VERSION);
    url.to_string()
}
