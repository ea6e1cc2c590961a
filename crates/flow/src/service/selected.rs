//! The connections that the owners of a flow selected for it.

use std::collections::BTreeMap;

use outlive_clock::UserId;
use serde_json::{Map, Value, json};

use crate::connector::{Audiences, Selections};

/// The members of a stored document with what was selected. Callers neither read nor write them.
const SELECTIONS: &str = "selections";
const SELECTED_BY: &str = "selectedBy";
const AUDIENCES: &str = "audiences";

/// Selected connections, and who selected them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    pub(crate) connections: Selections,
    /// The co-owners who selected connections, by the lower-case names of these; the owner of the
    /// flow selected the others.
    pub(super) by: BTreeMap<String, UserId>,
    /// The resources of those that use the flow's managed identity.
    pub(crate) audiences: Audiences,
}

impl Selected {
    /// Reads what a stored document contains.
    pub(super) fn of(document: &Value) -> Self {
        let connections = serde_json::from_value(document[SELECTIONS].clone()).unwrap_or_default();
        let by = serde_json::from_value(document[SELECTED_BY].clone()).unwrap_or_default();
        let audiences = serde_json::from_value(document[AUDIENCES].clone()).unwrap_or_default();
        Self { connections, by, audiences }
    }

    /// Writes it to a document that is to be stored.
    pub(super) fn write(&self, document: &mut Value) {
        let Some(members) = document.as_object_mut() else { return };
        members.insert(SELECTIONS.to_owned(), json!(self.connections));
        if self.audiences.is_empty() {
            members.remove(AUDIENCES);
        } else {
            members.insert(AUDIENCES.to_owned(), json!(self.audiences));
        }
        if self.by.is_empty() {
            members.remove(SELECTED_BY);
        } else {
            let by: Map<_, _> = self.by.iter().map(|(name, user)| (name.clone(), json!(user))).collect();
            members.insert(SELECTED_BY.to_owned(), Value::Object(by));
        }
    }

    /// Records the resource for which a connection uses the flow's managed identity, if it does.
    pub(super) fn keep_audience(&mut self, name: &str, audience: Option<&String>) {
        if let Some(audience) = audience {
            self.audiences.insert(name.to_owned(), audience.clone());
        }
    }

    /// Returns who selected the connection of this lower-case name.
    pub(super) fn selector(&self, name: &str, owner: UserId) -> UserId {
        self.by.get(name).copied().unwrap_or(owner)
    }

    /// Records that a user selected a connection.
    pub(super) fn insert(&mut self, name: String, id: String, user: UserId, owner: UserId) {
        if user == owner {
            self.by.remove(&name);
        } else {
            self.by.insert(name.clone(), user);
        }
        self.connections.insert(name, id);
    }
}
