//! Flows in responses.

use serde_json::{Value, json};

use super::caller::Caller;
use super::links::{self, flow_path};
use crate::service::{ACCESS_CONTROL, sanitize, shown_identity};
use crate::tables::flows::FlowRow;
use crate::tables::permissions::Role;
use crate::tables::subscriptions::Subscription;

/// Returns a flow with its definition, and with the subscription of its trigger.
pub(super) fn complete_flow(
    caller: &Caller,
    row: &FlowRow,
    role: Role,
    (document, subscription): (&Value, Option<&Subscription>),
) -> Value {
    let mut shown = flow(caller, row, role, Some(document));
    if let Some(subscription) = subscription.filter(|_| role.owns()) {
        shown["properties"]["triggerSubscription"] = subscription_document(subscription);
    }
    shown
}

/// Returns the subscription of a trigger: whether it exists, or why not.
fn subscription_document(subscription: &Subscription) -> Value {
    let mut shown = json!({ "state": subscription.state.provisioning_state() });
    if let Some(error) = &subscription.error {
        shown["error"] = json!(error);
    }
    if let Some(due) = subscription.due {
        shown["nextAttemptTime"] = json!(due);
    }
    shown
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
            // Where the owner fires the trigger, also in place of the event of a connector.
            let path = flow_path(&caller.environment, flow.id);
            let uri = links::absolute(caller, &links::below(&path, &["triggers", trigger, "run"]), &[]);
            map.insert("flowTriggerUri".to_owned(), Value::String(uri));
        }
        if role.owns() {
            let mut definition = document["definition"].clone();
            sanitize(&mut definition);
            map.insert("definition".to_owned(), definition);
            map.insert("connectionReferences".to_owned(), document["connectionReferences"].clone());
            if let Some(access) = document.get(ACCESS_CONTROL) {
                map.insert(ACCESS_CONTROL.to_owned(), access.clone());
            }
        }
    }
    let mut shown = json!({
        "name": flow.id,
        "id": flow_path(&caller.environment, flow.id),
        "type": "Microsoft.ProcessSimple/environments/flows",
        "properties": properties,
    });
    let identity =
        document.filter(|_| role.owns()).and_then(|document| shown_identity(caller.tenant, document));
    if let Some(identity) = identity {
        shown["identity"] = identity;
    }
    shown
}
