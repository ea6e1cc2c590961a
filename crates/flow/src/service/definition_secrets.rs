//! The credentials in a definition: sealed in the database, and not shown in responses. What is
//! shown can be saved again: it stands for the saved credential.

use std::collections::{BTreeMap, HashMap};

use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use serde_json::{Value, json};

use super::credential_places::{Holder, Owner, credentials, holders};
use super::mistakes::Mistake;
use super::state::Flows;
use super::stored_identity::IDENTITY;
use crate::ids::FlowId;

/// What responses show in place of a credential. Saved again, it stands for the saved one.
const SANITIZED: &str = "*sanitized*";
/// The member of a stored document that contains the sealed one.
pub(super) const SEALED: &str = "sealed";

/// The purpose with which a definition is sealed.
pub(super) fn purpose(tenant: TenantId) -> String {
    format!("flow-definition/{tenant}")
}

/// Replaces the credentials of a definition for a response.
pub(crate) fn sanitize(definition: &mut Value) {
    holders(definition, &mut |Holder { owner, value, .. }| sanitize_holder(&owner, value));
}

fn sanitize_holder(owner: &Owner, value: &mut Value) {
    credentials(owner, value, &mut |_, _, value| *value = json!(SANITIZED));
}

/// What was saved of a parameter, trigger or action with credentials.
struct Saved {
    /// What it is and does, without its credentials.
    content: Value,
    /// The credentials, by what they are.
    credentials: BTreeMap<String, Value>,
}

impl Saved {
    fn of(owner: &Owner, value: &Value) -> Self {
        let mut content = match owner {
            Owner::Parameter(_) => value.clone(),
            Owner::Trigger | Owner::Action(_) => json!({"type": value["type"], "inputs": value["inputs"]}),
        };
        let mut found = BTreeMap::new();
        credentials(owner, &mut content, &mut |what, _, value| {
            found.insert(what.to_owned(), std::mem::replace(value, json!(SANITIZED)));
        });
        Self { content, credentials: found }
    }
}

/// Puts the saved credentials where a new definition has what responses show in their place: those
/// of the same action, also if it was moved or renamed. An action that was renamed and changed at
/// once is a new one.
pub(super) fn restore(definition: &mut Value, saved: &Value) -> Vec<Mistake> {
    let known = all_of(saved);
    let new = all_of(definition);
    let mut mistakes = Vec::new();
    holders(definition, &mut |Holder { owner, path, value }| {
        // Only now: what is new has to be compared as it is shown.
        let source = new.get(&owner).and_then(|written| source_of(&owner, written, &known, &new));
        credentials(&owner, value, &mut |what, below, value| {
            if value.as_str() != Some(SANITIZED) {
                return;
            }
            match source.and_then(|source| source.credentials.get(what)) {
                Some(credential) => value.clone_from(credential),
                None => mistakes.push(Mistake::property(
                    &format!("properties.definition.{path}.{below}"),
                    "there is no saved credential here; write it again.",
                )),
            }
        });
    });
    mistakes
}

fn all_of(definition: &Value) -> HashMap<Owner, Saved> {
    let mut all = HashMap::new();
    holders(&mut definition.clone(), &mut |Holder { owner, value, .. }| {
        let saved = Saved::of(&owner, value);
        if !saved.credentials.is_empty() {
            all.insert(owner, saved);
        }
    });
    all
}

/// Returns what was saved of something in a new definition.
fn source_of<'a>(
    owner: &Owner,
    written: &Saved,
    known: &'a HashMap<Owner, Saved>,
    new: &HashMap<Owner, Saved>,
) -> Option<&'a Saved> {
    let own = known.get(owner);
    if own.is_some_and(|own| own.content == written.content) {
        return own;
    }
    // The same content under another name. Several are as good as one if their credentials are the
    // same; otherwise it is unknown which one is meant.
    let equal = |keep: &dyn Fn(&Owner) -> bool| {
        let same_kind = |other: &Owner| std::mem::discriminant(other) == std::mem::discriminant(owner);
        let mut equal = known
            .iter()
            .filter(|(other, saved)| same_kind(other) && keep(other) && saved.content == written.content);
        let first = equal.next()?.1;
        equal.all(|(_, other)| other.credentials == first.credentials).then_some(first)
    };
    let moved = |other: &Owner| {
        let now = new.get(other).map(|now| &now.content);
        now != known.get(other).map(|saved| &saved.content)
    };
    let is_parameter = matches!(owner, Owner::Parameter(_));
    equal(&moved).or(own).or_else(|| if is_parameter { None } else { equal(&|_| true) })
}

/// A document that was sealed with a key which this installation no longer has.
#[derive(Debug)]
pub(super) struct Unreadable;

/// The error for a flow whose definition cannot be read. Other flows are not affected.
pub(crate) fn unreadable(flow: FlowId) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "FlowDefinitionNotReadable",
        format!(
            "The definition of the flow '{flow}' cannot be read: it was sealed with a key that this installation no \
             longer has, or is of another version. Save the flow with its whole definition, or delete it."
        ),
    )
}

impl Flows {
    /// Returns what is stored of a document: as it is, or sealed if it contains credentials, among
    /// them that of an identity.
    pub(super) fn seal_document(&self, tenant: TenantId, document: &Value) -> Value {
        if all_of(&document["definition"]).is_empty() && document.get(IDENTITY).is_none() {
            return document.clone();
        }
        let mut draw = self.chassis.random.of(tenant).stream("seal-definition");
        let sealed = self.chassis.sealer.seal(&purpose(tenant), document.to_string().as_bytes(), &mut draw);
        json!({ SEALED: sealed })
    }

    /// Returns a document that was stored.
    pub(super) fn open_document(&self, tenant: TenantId, stored: Value) -> Result<Value, Unreadable> {
        let Some(sealed) = stored.get(SEALED).and_then(Value::as_str) else { return Ok(stored) };
        let opened = self.chassis.sealer.open(&purpose(tenant), sealed);
        let opened = opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        opened.ok_or_else(|| {
            tracing::error!(%tenant, "a definition was sealed with another key");
            Unreadable
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(uri: &str, password: &str) -> Value {
        json!({"type": "Http", "inputs": {"method": "GET", "uri": uri,
               "authentication": {"type": "Basic", "username": "u", "password": password}}})
    }

    #[test]
    fn only_credentials_are_replaced() {
        let authentication = json!({"type": "Raw", "value": "s"});
        let key = |name: &str, value: &str| json!({"type": "Http", "inputs": {"headers": {name: value}}});
        let is_secret = |definition: Value, secrets: usize| {
            let mut shown = definition.clone();
            sanitize(&mut shown);
            assert_eq!(shown.to_string().matches(SANITIZED).count(), secrets, "{shown}");
            assert_eq!(restore(&mut shown, &definition), Vec::new());
            assert_eq!(shown, definition);
        };
        for (action, secrets) in [
            (http("x", "p"), 1),
            (http("x", "@@p"), 1),
            (http("x", "@parameters('p')"), 0),
            (http("x", "a@{parameters('p')}"), 0),
            (http("x", ""), 0),
            (key("Authorization", "Basic abc"), 1),
            (key("X-API-Key", "abc"), 1),
            (key("ocp-apim-subscription-key", "abc"), 1),
            (key("Accept", "abc"), 0),
            (key("Authorization", "Bearer @{body('T')}"), 0),
            (json!({"type": "Compose", "inputs": {"authentication": authentication}}), 0),
            (json!({"type": "Compose", "inputs": {"headers": {"authorization": "x"}}}), 0),
            (json!({"type": "Select", "inputs": {"select": {"authentication": authentication}}}), 0),
            (json!({"type": "Http", "inputs": {"body": {"authentication": authentication}}}), 0),
            (
                json!({"type": "HttpWebhook", "inputs": {
                "subscribe": {"authentication": authentication, "headers": {"cookie": "c"}},
                "unsubscribe": {"authentication": authentication}}}),
                3,
            ),
            (json!({"type": "ApiManagement", "inputs": {"authentication": authentication}}), 1),
            (
                json!({"type": "OpenApiConnection", "inputs": {"authentication": "@parameters('$authentication')",
                "parameters": {"authentication": authentication}}}),
                0,
            ),
        ] {
            let inner = json!({"actions": {"A": action}});
            for nested in [
                inner.clone(),
                json!({"actions": {"S": {"type": "Scope", "actions": inner["actions"]}}}),
                json!({"actions": {"S": {"type": "If", "actions": {}, "else": inner}}}),
                json!({"actions": {"S": {"type": "Switch", "cases": {"c": inner}, "default": {"actions": {}}}}}),
                json!({"actions": {"S": {"type": "Switch", "cases": {}, "default": inner}}}),
            ] {
                is_secret(nested, secrets);
            }
        }
        is_secret(json!({"triggers": {"t": http("x", "p")}}), 1);
        is_secret(
            json!({"triggers": {"t": {"type": "Request", "inputs": {"authentication": authentication}}}}),
            0,
        );
        is_secret(
            json!({"parameters": {
                "a": {"type": "SecureString", "defaultValue": "k", "allowedValues": ["k", "l"]},
                "b": {"type": "String", "defaultValue": "x"},
                "$authentication": {"type": "SecureObject", "defaultValue": {}},
            }}),
            2,
        );
    }

    #[test]
    fn a_credential_follows_its_action() {
        let saved = json!({"actions": {"A": http("a", "pa"), "B": http("b", "pb"), "C": http("b", "pc")}});
        let shown = |uri: &str| http(uri, SANITIZED);
        let scope = |actions: Value| json!({"type": "Scope", "actions": actions});
        for (what, actions, expected) in [
            ("nothing", json!({"A": shown("a"), "B": shown("b")}), Some("pa pb")),
            ("moved", json!({"S": scope(json!({"A": shown("a")}))}), Some("pa")),
            ("renamed", json!({"D": shown("a"), "B": shown("b"), "C": shown("b")}), Some("pb pc pa")),
            ("moved and renamed", json!({"S": scope(json!({"D": shown("a")}))}), Some("pa")),
            ("changed", json!({"A": shown("z")}), Some("pa")),
            ("copied", json!({"A": shown("a"), "D": shown("a")}), Some("pa pa")),
            ("names exchanged", json!({"A": shown("b"), "B": shown("a"), "C": shown("b")}), Some("pb pa pc")),
            ("given a name that was free", json!({"B": shown("a")}), Some("pa")),
            ("one of two renamed", json!({"B": shown("b"), "D": shown("b")}), Some("pb pc")),
            ("two equal ones renamed", json!({"D": shown("b"), "E": shown("b")}), None),
            ("renamed and changed", json!({"D": shown("z")}), None),
            (
                "another type",
                json!({"A": {"type": "Http", "inputs": {
                "authentication": {"type": "Raw", "value": SANITIZED}}}}),
                None,
            ),
        ] {
            let mut new = json!({ "actions": actions });
            let mistakes = restore(&mut new, &saved);
            let mut found = Vec::new();
            holders(&mut new, &mut |Holder { owner, value, .. }| {
                credentials(&owner, value, &mut |_, _, value| {
                    found.push(value.as_str().unwrap_or("").to_owned())
                });
            });
            assert_eq!(
                mistakes.is_empty().then(|| found.join(" ")).as_deref(),
                expected,
                "{what}: {mistakes:?}"
            );
        }
        let parameter = |value: &str| json!({"type": "SecureString", "defaultValue": value});
        let saved = json!({"parameters": {"a": parameter("x"), "b": parameter("y")}});
        for (names, expected) in [
            (vec!["a", "b"], Some("x y")),
            (vec!["a", "c"], Some("x y")),
            (vec!["b"], Some("y")),
            (vec!["a", "b", "c"], None),
            (vec!["c", "d"], None),
        ] {
            let parameters: serde_json::Map<_, _> =
                names.iter().map(|name| ((*name).to_owned(), parameter(SANITIZED))).collect();
            let mut new = json!({ "parameters": parameters });
            let mistakes = restore(&mut new, &saved);
            let values =
                names.iter().map(|name| new["parameters"][name]["defaultValue"].as_str().unwrap_or(""));
            let values = values.collect::<Vec<_>>().join(" ");
            assert_eq!(mistakes.is_empty().then_some(values.as_str()), expected, "{names:?}");
        }
    }
}
