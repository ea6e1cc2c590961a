//! The request bodies that add and remove users of a flow.

use axum::body::Bytes;
use outlive_chassis::Problem;
use outlive_clock::{TenantId, UserId};
use serde_json::{Map, Value};

use crate::service::{Mistake, SaveError, SharingEdit};
use crate::tables::permissions::{Permission, Role};

/// The maximum number of entries of a request.
const ENTRIES_MAX: usize = 100;
/// The maximum length of an address or a name, in characters.
const NAME_CHARACTERS_MAX: usize = 256;
/// The maximum length of an unknown member's name in a message, in characters.
const SHOWN_CHARACTERS_MAX: usize = 100;

/// Reads `{"put"?: [{"properties": {principal, roleName?}}], "delete"?: [{"id"}]}`. `default` is
/// the role of entries that name none.
pub(super) fn read(body: &Bytes, tenant: TenantId, default: Option<Role>) -> Result<SharingEdit, SaveError> {
    let body: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!(
            "The body is not a JSON object: {error}. Send {{\"put\": [{{\"properties\": {{\"principal\": {{\"id\": \
             \"<object id>\", \"type\": \"User\"}}, \"roleName\": \"CanEdit\"}}}}], \"delete\": [{{\"id\": \
             \"<object id>\"}}]}}."
        ))
    })?;
    let mut reader = Reader { mistakes: Vec::new(), tenant, default };
    reader.known("", &body, &["put", "delete"]);
    if !body.contains_key("put") && !body.contains_key("delete") {
        reader.wrong("put", "give the users to add in put, or those to remove in delete.");
    }
    let (added, removed) = (reader.entries(&body, "put"), reader.entries(&body, "delete"));
    if added.len() + removed.len() > ENTRIES_MAX {
        return Err(Problem::bad_request(format!(
            "The body has more than {ENTRIES_MAX} entries; send fewer."
        ))
        .into());
    }
    let mut named: Vec<UserId> = Vec::new();
    let mut put = Vec::new();
    for (index, entry) in added.iter().enumerate() {
        if let Some(permission) = reader.permission(&format!("put[{index}]"), entry) {
            reader.once(&mut named, &format!("put[{index}].properties.principal.id"), permission.principal);
            put.push(permission);
        }
    }
    let mut delete = Vec::new();
    for (index, entry) in removed.iter().enumerate() {
        let path = format!("delete[{index}]");
        let Some(entry) = reader.object(&path, entry) else { continue };
        reader.known(&path, entry, &["id"]);
        if let Some(user) = reader.user(&format!("{path}.id"), entry.get("id")) {
            reader.once(&mut named, &format!("{path}.id"), user);
            delete.push(user);
        }
    }
    if reader.mistakes.is_empty() {
        Ok(SharingEdit { put, delete })
    } else {
        Err(SaveError::Mistakes(reader.mistakes))
    }
}

/// Reads the members of a body, and records what is wrong with them.
struct Reader {
    mistakes: Vec<Mistake>,
    tenant: TenantId,
    default: Option<Role>,
}

impl Reader {
    fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake::property(path, message));
    }

    /// Records the members of an object that are not known.
    fn known(&mut self, path: &str, object: &Map<String, Value>, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            let name: String = name.chars().take(SHOWN_CHARACTERS_MAX).collect();
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            self.wrong(&path, format!("there is no such member; use {}.", known.join(", ")));
        }
    }

    fn object<'a>(&mut self, path: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong(path, "must be an object.");
        }
        object
    }

    fn entries<'a>(&mut self, body: &'a Map<String, Value>, name: &str) -> &'a [Value] {
        match body.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                self.wrong(name, "must be a list.");
                &[]
            }
        }
    }

    /// Reads the object id of a user.
    fn user(&mut self, path: &str, value: Option<&Value>) -> Option<UserId> {
        let user = value.and_then(Value::as_str).and_then(|text| text.parse().ok());
        if user.is_none() {
            self.wrong(path, "must be the object id of a user, a UUID.");
        }
        user
    }

    /// Records a user who is in the body before.
    fn once(&mut self, named: &mut Vec<UserId>, path: &str, user: UserId) {
        if named.contains(&user) {
            self.wrong(path, "the user is in the body twice; give each user once, in put or in delete.");
        } else {
            named.push(user);
        }
    }

    fn permission(&mut self, path: &str, entry: &Value) -> Option<Permission> {
        let entry = self.object(path, entry)?;
        self.known(path, entry, &["properties", "name", "id", "type"]);
        let path = format!("{path}.properties");
        let properties = self.object(&path, entry.get("properties").unwrap_or(&Value::Null))?;
        self.known(&path, properties, &["principal", "roleName", "permissionType"]);
        let role = match properties.get("roleName") {
            None | Some(Value::Null) => self.default,
            Some(name) => {
                name.as_str().and_then(|name| name.parse().ok()).filter(|role| *role != Role::Owner)
            }
        };
        if role.is_none() {
            let message = "use CanEdit for a co-owner or CanView for a run-only user.";
            self.wrong(&format!("{path}.roleName"), message);
        }
        let path = format!("{path}.principal");
        let principal = self.object(&path, properties.get("principal").unwrap_or(&Value::Null))?;
        self.known(&path, principal, &["id", "type", "tenantId", "email", "displayName"]);
        let given = |name: &str| principal.get(name).filter(|value| !value.is_null());
        let is = |name: &str, expected: &str| {
            given(name)
                .is_none_or(|value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(expected)))
        };
        if !is("type", "User") {
            self.wrong(&format!("{path}.type"), "only users can be added; use User.");
        }
        if !is("tenantId", &self.tenant.to_string()) {
            self.wrong(&format!("{path}.tenantId"), "it is another tenant.");
        }
        let principal_id = self.user(&format!("{path}.id"), given("id"));
        let address = self.text(&format!("{path}.email"), given("email"));
        let display_name = self.text(&format!("{path}.displayName"), given("displayName"));
        Some(Permission { principal: principal_id?, role: role?, address, display_name })
    }

    fn text(&mut self, path: &str, value: Option<&Value>) -> String {
        let text = value.map_or(Some(""), Value::as_str);
        let fits = |text: &str| {
            text.chars().nth(NAME_CHARACTERS_MAX).is_none() && !text.chars().any(char::is_control)
        };
        if let Some(text) = text.filter(|text| fits(text)) {
            return text.to_owned();
        }
        self.wrong(
            path,
            format!(
                "use a text of at most {NAME_CHARACTERS_MAX} characters, none of them a control character."
            ),
        );
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USER: &str = "aaaaaaaa-0000-4000-8000-000000000001";
    const OTHER: &str = "aaaaaaaa-0000-4000-8000-000000000002";

    fn parse(body: &Value, default: Option<Role>) -> Result<SharingEdit, String> {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("a tenant");
        read(&Bytes::from(body.to_string()), tenant, default).map_err(|error| format!("{error:?}"))
    }

    fn put(principal: Value, role: Value) -> Value {
        json!({"put": [{"properties": {"principal": principal, "roleName": role}}]})
    }

    #[test]
    fn changes_are_read_within_limits() {
        let right = put(json!({"id": USER, "type": "User", "email": "a@contoso.example"}), json!("canview"));
        let edit = parse(&right, None).expect("is valid");
        assert_eq!(edit.put[0].role, Role::CanView);
        assert_eq!(edit.put[0].address, "a@contoso.example");
        let unnamed = put(json!({"id": USER}), Value::Null);
        assert_eq!(parse(&unnamed, Some(Role::CanEdit)).expect("is valid").put[0].role, Role::CanEdit);
        let removal = parse(&json!({"put": [], "delete": [{"id": USER}]}), None).expect("is valid");
        assert_eq!(removal.delete.len(), 1);
        let many: Vec<_> = (0..=ENTRIES_MAX).map(|_| json!({"id": USER})).collect();
        let both = json!({"put": right["put"], "delete": [{"id": USER}]});
        for (body, part) in [
            (unnamed, "put[0].properties.roleName"),
            (put(json!({"id": USER}), json!("Owner")), "roleName"),
            (put(json!({"id": USER}), json!("Admin")), "roleName"),
            (put(json!({"id": USER}), json!(1)), "roleName"),
            (put(json!({"id": USER, "type": "Group"}), json!("CanEdit")), "principal.type"),
            (put(json!({"id": USER, "tenantId": USER}), json!("CanEdit")), "principal.tenantId"),
            (put(json!({"id": USER, "email": "a".repeat(257)}), json!("CanEdit")), "principal.email"),
            (put(json!({"id": USER, "displayName": "a\nb"}), json!("CanEdit")), "principal.displayName"),
            (put(json!({"id": "someone"}), json!("CanEdit")), "put[0].properties.principal.id"),
            (put(json!([]), json!("CanEdit")), "put[0].properties.principal"),
            (json!({"put": [[]]}), "put[0]"),
            (json!({"put": {}}), "put"),
            (json!({"delete": [{"id": "someone"}]}), "delete[0].id"),
            (json!({"delete": [{"id": USER}, {"id": OTHER}, {"id": USER}]}), "delete[2].id"),
            (both, "delete[0].id"),
            (json!({ "delete": many }), "more than 100 entries"),
            (json!({}), "put"),
            (json!([]), "not a JSON object"),
        ] {
            let message = parse(&body, None).expect_err("is rejected");
            assert!(message.contains(part), "{body}: {message}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let body = json!({
            "put": [
                {"properties": {"principal": {"id": "a", "type": "Group", "mail": "b"}, "roleName": "Reader"}},
                {"properties": {"principal": {"id": OTHER}, "roleName": "CanEdit", "notify": true}},
            ],
            "delete": [{"id": "c", "force": true}],
            "patch": [],
        });
        let message = parse(&body, None).expect_err("is rejected");
        for path in [
            "\"patch\"",
            "\"put[0].properties.roleName\"",
            "\"put[0].properties.principal.mail\"",
            "\"put[0].properties.principal.type\"",
            "\"put[0].properties.principal.id\"",
            "\"put[1].properties.notify\"",
            "\"delete[0].force\"",
            "\"delete[0].id\"",
        ] {
            assert!(message.contains(path), "{path}: {message}");
        }
    }
}
