//! Changes of one entry of a recording.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::bodies::{body_of, set_body};
use crate::recorder::text;
use crate::redirects::location_of;

/// A change of one entry. `TENANT` in a text stands for the id of the recorded tenant.
pub(super) enum Edit {
    Status(u16),
    /// Sets a header of the response.
    Header(&'static str, &'static str),
    /// Replaces a part of the redirect.
    Location(&'static str, &'static str),
    /// Sets a value in the body, given by its JSON pointer.
    Set(&'static str, Value),
    /// Removes a value from the body.
    Remove(&'static str),
    /// Reverses the list in the body.
    Reverse(&'static str),
    /// Sets a claim of the token in this member.
    Claim(&'static str, &'static str, Value),
    /// Removes a claim of the token in this member.
    NoClaim(&'static str, &'static str),
    /// Replaces status and body.
    Response(u16, Value),
}

impl Edit {
    pub(super) fn apply(&self, entry: &mut Value, tenant: &str) {
        match self {
            Self::Status(status) => entry["response"]["status"] = json!(status),
            Self::Header(name, value) => {
                let headers = entry["response"]["headers"].as_array_mut().expect("headers");
                let header = headers.iter_mut().find(|header| header["name"] == *name).expect("the header");
                header["value"] = json!(value);
            }
            Self::Location(from, to) => {
                let location = location_of(entry).expect("a redirect");
                assert!(text(location).contains(from), "{location} has no {from}");
                *location = json!(text(location).replacen(from, to, 1));
            }
            Self::Response(status, body) => {
                entry["response"]["status"] = json!(status);
                set_body(entry, body);
            }
            of_body => {
                let mut body = body_of(entry);
                of_body.apply_to_body(&mut body, tenant);
                set_body(entry, &body);
            }
        }
    }

    fn apply_to_body(&self, body: &mut Value, tenant: &str) {
        match self {
            Self::Set(pointer, value) => {
                let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
                let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
                parent.insert(name.to_owned(), named(value, tenant));
            }
            Self::Remove(pointer) => {
                let (parent, item) = pointer.rsplit_once('/').expect("a pointer");
                match (body.pointer_mut(parent).expect("a parent"), item.parse::<usize>()) {
                    (Value::Array(items), Ok(at)) => drop(items.remove(at)),
                    (Value::Object(members), _) => remove(members, item),
                    (other, _) => panic!("{other} has no {item}"),
                }
            }
            Self::Reverse(pointer) => {
                let list = body.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list");
                assert!(list.len() > 1, "{pointer} has one item");
                list.reverse();
            }
            Self::Claim(member, claim, value) => {
                let value = named(value, tenant);
                with_claims(&mut body[*member], |claims| drop(claims.insert((*claim).to_owned(), value)));
            }
            Self::NoClaim(member, claim) => {
                with_claims(&mut body[*member], |claims| remove(claims, claim));
            }
            Self::Status(_) | Self::Header(..) | Self::Location(..) | Self::Response(..) => {
                unreachable!("it is not about the body")
            }
        }
    }
}

fn remove(members: &mut Map<String, Value>, name: &str) {
    assert!(members.remove(name).is_some(), "there is no {name}");
}

/// Returns the value with the id of the tenant.
fn named(value: &Value, tenant: &str) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| json!(text.replace("TENANT", tenant)))
}

/// Changes the claims of a token.
fn with_claims(token: &mut Value, change: impl FnOnce(&mut Map<String, Value>)) {
    let parts: Vec<&str> = text(token).split('.').collect();
    let mut claims =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
    change(&mut claims);
    let claims = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
    *token = json!(format!("{}.{claims}.{}", parts[0], parts[2]));
}
