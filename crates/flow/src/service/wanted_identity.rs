//! The managed identities that a caller wants a flow to have.

use serde_json::{Map, Value};

use super::mistakes::Mistake;

/// The maximum number of user-assigned identities of a flow.
const USER_ASSIGNED_MAX: usize = 100;

/// The identities that a caller wants a flow to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WantedIdentity {
    pub(crate) system_assigned: bool,
    /// Azure resource ids.
    pub(crate) user_assigned: Vec<String>,
}

impl WantedIdentity {
    /// Reads `{"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"…": {}}}`.
    pub(crate) fn read(value: &Value, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let mut wrong = |path: &str, message: &str| mistakes.push(Mistake::property(path, message));
        let (Value::Object(members), Some(kind)) = (value, value["type"].as_str()) else {
            wrong("identity", "must be an object with the string type.");
            return None;
        };
        let mut wanted = Self::default();
        let mut has_user_assigned = false;
        for kind in kind.split(',').map(str::trim) {
            match kind.to_ascii_lowercase().as_str() {
                "none" => {}
                "systemassigned" => wanted.system_assigned = true,
                "userassigned" => has_user_assigned = true,
                _ => {
                    wrong("identity.type", "use SystemAssigned, UserAssigned, both with a comma, or None.");
                    return None;
                }
            }
        }
        let assigned = match members.get("userAssignedIdentities") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(assigned)) => assigned.clone(),
            Some(_) => {
                wrong("identity.userAssignedIdentities", "must be an object with resource ids as names.");
                return None;
            }
        };
        if assigned.is_empty() == has_user_assigned || assigned.len() > USER_ASSIGNED_MAX {
            let message =
                format!("has 1 to {USER_ASSIGNED_MAX} identities if the type is UserAssigned, else none.");
            wrong("identity.userAssignedIdentities", &message);
            return None;
        }
        wanted.user_assigned = assigned.into_iter().map(|(id, _)| id).collect();
        Some(wanted)
    }

    pub(super) const fn is_none(&self) -> bool {
        !self.system_assigned && self.user_assigned.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_identity_of_a_resource_has_its_documented_forms() {
        let read = |value: Value| {
            let mut mistakes = Vec::new();
            let wanted = WantedIdentity::read(&value, &mut mistakes);
            assert_eq!(wanted.is_none(), !mistakes.is_empty(), "{value}");
            wanted.map(|wanted| (wanted.system_assigned, wanted.user_assigned))
        };
        let reader = json!({"/subscriptions/s/reader": {}});
        let assigned = vec!["/subscriptions/s/reader".to_owned()];
        assert_eq!(read(json!({"type": "None"})), Some((false, vec![])));
        assert_eq!(read(json!({"type": "SystemAssigned"})), Some((true, vec![])));
        let both = json!({"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": reader});
        assert_eq!(read(both), Some((true, assigned.clone())));
        let user = json!({"type": "userAssigned", "userAssignedIdentities": reader});
        assert_eq!(read(user), Some((false, assigned)));
        let many: Map<String, Value> = (0..=100).map(|n| (format!("/{n}"), json!({}))).collect();
        for wrong in [
            json!(null),
            json!("SystemAssigned"),
            json!({}),
            json!({"type": 1}),
            json!({"type": "Assigned"}),
            json!({"type": "UserAssigned"}),
            json!({"type": "UserAssigned", "userAssignedIdentities": ["/a"]}),
            json!({"type": "UserAssigned", "userAssignedIdentities": many}),
            json!({"type": "SystemAssigned", "userAssignedIdentities": reader}),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
