//! Applies the policies of a connector to a call.

use std::borrow::Cow;

use http::header::HeaderMap;
use http::{HeaderName, Method, StatusCode};
use serde_json::{Map, Value};

use super::outgoing::{Destination, Facts, Prepared, bad_header, header_value, sensitive};
use super::query::{Query, encoded};
use super::refusal::RuntimeRefusal;
use crate::connector::{Action, Exists, Missing, Policy, PolicyValue, Section, Source, text_of};
use crate::path::captures;

/// Applies the policies for requests, in their order.
pub(super) fn apply(facts: &Facts<'_>, prepared: &mut Prepared) -> Result<(), RuntimeRefusal> {
    for policy in of_section(facts, Section::Request) {
        match &policy.action {
            Action::Host(value) => prepared.destination = destination(facts, prepared, policy, value)?,
            Action::Route { path, method } => route(facts, prepared, policy, (path, method))?,
            Action::Header { name, value, exists } => {
                let text = optional(*exists, || {
                    evaluate(value, facts, prepared).map_err(|missing| refuse(policy, &missing))
                })?;
                set_header(&mut prepared.headers, name, &text, *exists)?;
            }
            Action::Query { name, value, exists } => {
                let text = optional(*exists, || {
                    evaluate(value, facts, prepared).map_err(|missing| refuse(policy, &missing))
                })?;
                set_query(&mut prepared.query, name, &text, *exists);
            }
            Action::Property { parent, name, value } => {
                let mut body = json_of(&prepared.body).ok_or_else(|| {
                    RuntimeRefusal::new(
                        StatusCode::BAD_REQUEST,
                        format!("The content is not JSON, and the policy {} changes it.", policy.at),
                    )
                })?;
                if let Some(value) = property(value, &body, |value| evaluate(value, facts, prepared).ok()) {
                    set_property(&mut body, parent, name, value);
                    prepared.body = body.to_string().into();
                }
            }
            Action::Nothing | Action::Unsupported(_) => {}
        }
    }
    Ok(())
}

/// Returns the policies that apply to the operation of a call.
pub(super) fn of_section<'a>(facts: &Facts<'a>, section: Section) -> impl Iterator<Item = &'a Policy> {
    let operation = facts.operation.id.as_str();
    let policies = facts.connector.properties.policies.iter();
    policies.filter(move |policy| policy.section == section && policy.applies_to(operation))
}

fn optional(
    exists: Exists,
    value: impl FnOnce() -> Result<String, RuntimeRefusal>,
) -> Result<String, RuntimeRefusal> {
    if exists == Exists::Delete { Ok(String::new()) } else { value() }
}

/// The error of a policy whose value is missing from the call or the connection.
fn refuse(policy: &Policy, missing: &Missing) -> RuntimeRefusal {
    RuntimeRefusal::new(
        StatusCode::BAD_REQUEST,
        format!("The policy {} needs {}, which is missing.", policy.at, missing.0),
    )
}

fn evaluate(value: &PolicyValue, facts: &Facts<'_>, prepared: &Prepared) -> Result<String, Missing> {
    value.evaluate(|source| read(source, facts, prepared))
}

/// Returns what an expression reads of a call.
fn read<'a>(source: &Source, facts: &Facts<'_>, prepared: &'a Prepared) -> Option<Cow<'a, str>> {
    match source {
        Source::ConnectionParameter(name) => {
            facts.values.text(&facts.connector.properties.parameters, name).map(Cow::from)
        }
        Source::Header(name) => header(&prepared.headers, name),
        Source::Query(name) => prepared.query.get(name),
        Source::Body(members) => member(&json_of(&prepared.body)?, members).map(text_of).map(Cow::from),
        Source::Method => Some(Cow::from(prepared.method.as_str())),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

fn destination(
    facts: &Facts<'_>,
    prepared: &Prepared,
    policy: &Policy,
    value: &PolicyValue,
) -> Result<Destination, RuntimeRefusal> {
    let text = evaluate(value, facts, prepared).map_err(|missing| refuse(policy, &missing))?;
    let destination = Destination::parse(&text, &prepared.destination.scheme).ok_or_else(|| {
        RuntimeRefusal::new(
            StatusCode::BAD_REQUEST,
            format!("The policy {} does not give a valid URL: {}", policy.at, value.source()),
        )
    })?;
    Ok(Destination { is_public: !value.reads(|source| facts.is_secret(source)), ..destination })
}

fn route(
    facts: &Facts<'_>,
    prepared: &mut Prepared,
    policy: &Policy,
    (path, method): (&PolicyValue, &PolicyValue),
) -> Result<(), RuntimeRefusal> {
    let failed = |missing: Missing| refuse(policy, &missing);
    let method = evaluate(method, facts, prepared).map_err(failed)?;
    // What a caller gives is one segment, whatever it contains.
    let path = path
        .evaluate(|source| {
            let text = read(source, facts, prepared)?;
            let by_owner = matches!(source, Source::ConnectionParameter(_));
            Some(if by_owner { text } else { Cow::from(encoded(&text)) })
        })
        .map_err(failed)?;
    let given = format!("/{}", facts.outgoing.path);
    let captured = captures(&facts.operation.path, &given);
    let mut query = prepared.query.clone();
    let path = fill(&path, |name| {
        if let Some((_, text)) = captured.iter().find(|(known, _)| *known == name) {
            return Some((*text).to_owned());
        }
        let text = query.get(name).map(|text| encoded(&text))?;
        query.remove(name);
        Some(text)
    })
    .map_err(|name| {
        let why = format!("The policy {} needs the parameter '{name}', which is missing.", policy.at);
        RuntimeRefusal::new(StatusCode::BAD_REQUEST, why)
    })?;
    let (path, more) = path.split_once('?').unwrap_or((&path, ""));
    query.append_raw(more);
    prepared.method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| {
        let why = format!("The policy {} does not give an HTTP method.", policy.at);
        RuntimeRefusal::new(StatusCode::BAD_REQUEST, why)
    })?;
    prepared.path = path.trim_start_matches('/').to_owned();
    prepared.query = query;
    Ok(())
}

/// Replaces `{name}` in a text, or returns the first name without a value.
fn fill(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(before);
        text.push_str(&value(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// Sets a header. One without a value is not sent.
pub(super) fn set_header(
    headers: &mut HeaderMap,
    name: &HeaderName,
    text: &str,
    exists: Exists,
) -> Result<(), RuntimeRefusal> {
    let there = headers.contains_key(name);
    match exists {
        Exists::Skip if there => return Ok(()),
        Exists::Append => {}
        Exists::Delete | Exists::Override | Exists::Skip => {
            headers.remove(name);
        }
    }
    if exists != Exists::Delete && !text.is_empty() {
        let value = header_value(text).ok_or_else(|| bad_header(name))?;
        headers.append(name.clone(), sensitive(value));
    }
    Ok(())
}

fn set_query(query: &mut Query, name: &str, text: &str, exists: Exists) {
    match exists {
        Exists::Skip if query.get(name).is_some() => return,
        Exists::Append => {}
        Exists::Delete | Exists::Override | Exists::Skip => query.remove(name),
    }
    if exists != Exists::Delete {
        query.append(name, text);
    }
}

pub(super) fn json_of(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

/// Returns the value of a property: a member of the body with its type, or a text.
pub(super) fn property(
    value: &PolicyValue,
    body: &Value,
    text: impl FnOnce(&PolicyValue) -> Option<String>,
) -> Option<Value> {
    match value.single() {
        Some(Source::Body(members)) => member(body, members).cloned(),
        _ => text(value).map(Value::String),
    }
}

/// Returns a member of a JSON value; the name of a list's item is its index.
pub(super) fn member<'a>(value: &'a Value, members: &[String]) -> Option<&'a Value> {
    members.iter().try_fold(value, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Sets a member below `parent`, if that is an object, and creates those between them.
pub(super) fn set_property(body: &mut Value, parent: &[String], name: &[String], value: Value) {
    let mut place = body;
    for part in parent {
        let next = match place {
            Value::Object(members) => members.get_mut(part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
        let Some(next) = next else { return };
        place = next;
    }
    let Some((last, between)) = name.split_last() else { return };
    for part in between {
        let Value::Object(members) = place else { return };
        place = members.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(members) = place {
        members.insert(last.clone(), value);
    }
}
