//! Changes of the directory (reference: "auditLogs/directoryAudits").

use outlive_journal::Line;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lines::id_of;
use super::sign_in::hyphenated;
use crate::graph::odata::EntityType;

pub(super) const DIRECTORY_AUDIT: EntityType = EntityType {
    name: "microsoft.graph.directoryAudit",
    set: "auditLogs/directoryAudits",
    properties: &[
        "id",
        "activityDateTime",
        "activityDisplayName",
        "additionalDetails",
        "category",
        "correlationId",
        "initiatedBy",
        "loggedByService",
        "operationType",
        "result",
        "resultReason",
        "targetResources",
    ],
    shown: &[],
    filterable: &[
        "id",
        "activityDateTime",
        "activityDisplayName",
        "category",
        "correlationId",
        "loggedByService",
        "result",
    ],
    order: Some("activityDateTime desc"),
};

const CORE: &str = "Core Directory";
const SELF_SERVICE: &str = "Self-service Password Management";
const USERS: &str = "UserManagement";
const APPLICATIONS: &str = "ApplicationManagement";
const GROUPS: &str = "GroupManagement";
const ROLES: &str = "RoleManagement";

/// What a kind of line is called in the log: activity, service, category, operation. The names are observed, not documented.
fn activity(line: &Line) -> Option<[&'static str; 4]> {
    let channel = line.data["event"].as_str().unwrap_or_default();
    let secrets = "Update application \u{2013} Certificates and secrets management";
    Some(match (line.kind.as_str(), channel) {
        ("password.changed", _) => ["Change user password", CORE, USERS, "Update"],
        ("password.reset", "sspr") => ["Reset password (self-service)", SELF_SERVICE, USERS, "Update"],
        ("password.reset", "admin_reset_azure_portal" | "admin_reset") => {
            ["Reset user password", CORE, USERS, "Update"]
        }
        ("password.reset", _) => ["Reset password (by admin)", SELF_SERVICE, USERS, "Update"],
        ("sessions.revoked", _) => ["Update StsRefreshTokenValidFrom Timestamp", CORE, USERS, "Update"],
        ("user.created", _) => ["Add user", CORE, USERS, "Add"],
        ("user.updated", _) => ["Update user", CORE, USERS, "Update"],
        ("user.disabled", _) => ["Disable account", CORE, USERS, "Update"],
        ("user.enabled", _) => ["Enable account", CORE, USERS, "Update"],
        ("user.deleted", _) => ["Delete user", CORE, USERS, "Delete"],
        ("user.restored", _) => ["Restore user", CORE, USERS, "Restore"],
        ("user.removed", _) => ["Hard Delete user", CORE, USERS, "Delete"],
        ("group.created", _) => ["Add group", CORE, GROUPS, "Add"],
        ("group.updated", _) => ["Update group", CORE, GROUPS, "Update"],
        ("group.deleted", _) => ["Delete group", CORE, GROUPS, "Delete"],
        ("group.member_added", _) => ["Add member to group", CORE, GROUPS, "Assign"],
        ("group.member_removed", _) => ["Remove member from group", CORE, GROUPS, "Unassign"],
        ("directory_role.member_added", _) => ["Add member to role", CORE, ROLES, "Assign"],
        ("directory_role.member_removed", _) => ["Remove member from role", CORE, ROLES, "Unassign"],
        ("consent.granted", _) => ["Consent to application", CORE, APPLICATIONS, "Assign"],
        ("consent.changed", _) => ["Add delegated permission grant", CORE, APPLICATIONS, "Update"],
        ("consent.withdrawn", _) => ["Remove delegated permission grant", CORE, APPLICATIONS, "Unassign"],
        ("app_role.assigned", _) => ["Add app role assignment", CORE, APPLICATIONS, "Assign"],
        ("app_role.unassigned", _) => ["Remove app role assignment", CORE, APPLICATIONS, "Unassign"],
        (
            "secret.added"
            | "secret.removed"
            | "secret.rotated"
            | "certificate.added"
            | "certificate.removed"
            | "federated_credential.added"
            | "federated_credential.updated"
            | "federated_credential.removed",
            _,
        ) => [secrets, CORE, APPLICATIONS, "Update"],
        ("application.created", _) => ["Add application", CORE, APPLICATIONS, "Add"],
        ("application.updated", _) => ["Update application", CORE, APPLICATIONS, "Update"],
        ("application.deleted", _) => ["Delete application", CORE, APPLICATIONS, "Delete"],
        ("application.disabled" | "application.enabled", _) => {
            ["Update service principal", CORE, APPLICATIONS, "Update"]
        }
        _ => return None,
    })
}

/// The entry of a line, if it is about a change of the directory.
pub(super) fn resource(line: &Line) -> Option<Value> {
    let [activity, service, category, operation] = activity(line)?;
    let data = &line.data;
    let details = ["event", "scope", "role", "resource"]
        .iter()
        .filter_map(|key| data[*key].as_str().map(|value| json!({"key": key, "value": value})));
    Some(json!({
        "id": id_of(line),
        "activityDateTime": line.at.whole_second(),
        "activityDisplayName": activity,
        "additionalDetails": details.collect::<Vec<_>>(),
        "category": category,
        "correlationId": hyphenated(&line.trace),
        "initiatedBy": initiator(line),
        "loggedByService": service,
        "operationType": operation,
        "result": "success",
        "resultReason": "",
        "targetResources": targets(line),
    }))
}

/// Who did it: a user, an application by itself, or nobody who can be named.
fn initiator(line: &Line) -> Value {
    let data = &line.data;
    let by = data["by"].as_str();
    if data["by_application"] == true {
        return json!({"user": null, "app": {
            "appId": data["by_client"], "displayName": null, "servicePrincipalId": by, "servicePrincipalName": null,
        }});
    }
    // The user themselves, where nobody else is named and the line is about a user.
    let subject = line.subject.strip_prefix("user:");
    let id = match by {
        Some(by) if by.parse::<Uuid>().is_ok() => Some(by),
        Some("user") => subject,
        None if line.kind.starts_with("consent.") => subject,
        _ => None,
    };
    match id {
        Some(id) => json!({"app": null, "user": {
            "id": id, "displayName": null, "userPrincipalName": null, "ipAddress": null,
        }}),
        None => json!({"user": null, "app": {
            "appId": null, "displayName": "Outlive", "servicePrincipalId": null, "servicePrincipalName": null,
        }}),
    }
}

fn targets(line: &Line) -> Vec<Value> {
    let data = &line.data;
    let mut targets = Vec::new();
    let upn = &data["upn"];
    if let Some(id) = line.subject.strip_prefix("user:") {
        targets.push(json!({
            "id": id, "displayName": null, "type": "User", "userPrincipalName": upn, "modifiedProperties": modified(line),
        }));
    }
    if let Some(group) = data["group"].as_str() {
        targets.push(json!({
            "id": group, "displayName": data["group_name"], "type": "Group", "groupType": "azureAD",
            "userPrincipalName": null, "modifiedProperties": [],
        }));
    }
    let client = data["client_id"].as_str().or_else(|| line.subject.strip_prefix("client:"));
    if let Some(client) = client {
        targets.push(json!({
            "id": client, "displayName": data["client_name"], "type": "Application", "userPrincipalName": null,
            "modifiedProperties": [],
        }));
    }
    targets
}

fn modified(line: &Line) -> Vec<Value> {
    let property = |name: &str, before: &str, after: &str| {
        vec![json!({"displayName": name, "oldValue": before, "newValue": after})]
    };
    match line.kind.as_str() {
        "user.disabled" => property("AccountEnabled", "[true]", "[false]"),
        "user.enabled" => property("AccountEnabled", "[false]", "[true]"),
        "sessions.revoked" => {
            let after = format!("[\"{}\"]", line.at.whole_second());
            vec![json!({"displayName": "StsRefreshTokensValidFrom", "oldValue": null, "newValue": after})]
        }
        _ => Vec::new(),
    }
}
