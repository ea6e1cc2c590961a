//! The Graph representation of a group.

use serde_json::{Value, json};

use crate::directory::Group;
use crate::graph::odata::EntityType;

pub(crate) const GROUP: EntityType = EntityType {
    name: "microsoft.graph.group",
    set: "groups",
    properties: &[
        "id",
        "classification",
        "createdDateTime",
        "deletedDateTime",
        "description",
        "displayName",
        "groupTypes",
        "isAssignableToRole",
        "mail",
        "mailEnabled",
        "mailNickname",
        "securityEnabled",
        "visibility",
    ],
    shown: &[],
    filterable: &["id", "displayName", "mailEnabled", "mailNickname", "securityEnabled"],
    order: None,
};

/// Returns a group with all properties.
pub(crate) fn resource(group: &Group) -> Value {
    json!({
        "id": group.id,
        "classification": null,
        "createdDateTime": group.document.created_at.map(|at| at.whole_second()),
        "deletedDateTime": null,
        "description": group.document.description,
        "displayName": group.display_name,
        "groupTypes": [],
        "isAssignableToRole": null,
        "mail": null,
        "mailEnabled": false,
        "mailNickname": group.document.mail_nickname.as_deref().unwrap_or(&group.display_name),
        "securityEnabled": true,
        "visibility": null,
    })
}
