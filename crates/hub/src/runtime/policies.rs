//! Applies the policies of a connector to a call.

use std::borrow::Cow;
use std::fmt::Display;

use http::header::HeaderMap;
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;

use super::content::{CONTENT_BYTES_MAX, Content, TooLarge};
use super::outgoing::{
    Destination, Facts, Fetch, Prepared, TEXT_BYTES_MAX, bad_header, header_value, sensitive,
};
use super::path_parameters::{captured, fill};
use super::query::{Query, encoded};
use super::refusal::{RuntimeRefusal, refuse};
use super::target::TARGET_CHARS_MAX;
use super::values_from_urls;
use crate::connector::{Action, Exists, Policy, PolicyValue, Section, Source, Target, Uncomputable};
use crate::credential::SourceToken;

/// The maximum length of all headers, once a policy set one.
const HEADERS_BYTES_MAX: usize = 65_536;

/// Applies the policies for requests, in their order. Returns the request that one of them needs
/// first, if it was not made yet.
pub(super) fn apply(
    facts: &Facts<'_>,
    token: Option<&SourceToken>,
    prepared: &mut Prepared,
) -> Result<Option<Fetch>, RuntimeRefusal> {
    let mut content = Content::new(std::mem::take(&mut prepared.body));
    for policy in of_section(facts, Section::Request) {
        let failed = |why: &dyn Display| refuse(policy, StatusCode::BAD_REQUEST, why);
        let call = Call { facts, prepared, content: &content };
        match &policy.action {
            Action::Host(value) => {
                prepared.destination = destination(&call, policy, value, &call.prepared.destination)?;
            }
            Action::Route { path, method } => {
                let (method, path, query) = route(&call, policy, (path, method))?;
                (prepared.method, prepared.path, prepared.query) = (method, path, query);
            }
            Action::Header { name, value, exists } => {
                let text = optional(*exists, || call.evaluate(value)).map_err(|why| failed(&why))?;
                set_header(&mut prepared.headers, name, &text, *exists)?;
                check_length(&prepared.headers).map_err(failed)?;
            }
            Action::Query { name, value, exists } => {
                let text = optional(*exists, || call.evaluate(value)).map_err(|why| failed(&why))?;
                set_query(&mut prepared.query, name, &text, *exists);
                if prepared.query.len() > TARGET_CHARS_MAX {
                    return Err(failed(&format!("makes a query of more than {TARGET_CHARS_MAX} characters")));
                }
            }
            Action::ValueFromUrl(wanted) => match facts.fetched.get(&policy.at) {
                Some(text) => set_fetched(prepared, &wanted.target, text).map_err(|why| failed(&why))?,
                None => {
                    let of_the_call = final_destination(&call, policy)?;
                    return values_from_urls::request(facts, token, policy, wanted, &of_the_call).map(Some);
                }
            },
            // A request without content has no members.
            Action::Property { .. } | Action::Transform { .. } if content.is_empty() => {}
            Action::Property { .. } | Action::Transform { .. } if content.json().is_none() => {
                return Err(failed(&"changes the content, which is not JSON, too long or too deeply nested"));
            }
            Action::Property { parent, name, value } => {
                let text =
                    text_for_content(value, || value.evaluate(CONTENT_BYTES_MAX, |source| call.read(source)))
                        .map_err(|why| failed(&why))?;
                set_property(&mut content, (parent, name), value, text).map_err(|why| failed(&why))?;
            }
            Action::Transform { parent, name, target, transform } => {
                content.convert((parent, name), target, transform).map_err(|why| failed(&why))?;
            }
            Action::NextLink { .. }
            | Action::Unauthenticate { .. }
            | Action::Nothing
            | Action::Unsupported(_) => {}
        }
        content.check().map_err(|why| failed(&why))?;
    }
    prepared.body = content.into_bytes();
    Ok(None)
}

/// Sets a header or query parameter to a value of another request.
fn set_fetched(prepared: &mut Prepared, target: &Target, text: &str) -> Result<(), &'static str> {
    match target {
        Target::Header(name) => {
            let value = header_value(text).ok_or("got a value that cannot be in a header")?;
            prepared.headers.insert(name, sensitive(value));
            check_length(&prepared.headers).map_err(|_| "makes headers of more than 64 KiB")
        }
        Target::Query(name) => {
            set_query(&mut prepared.query, name, text, Exists::Override);
            let fits = prepared.query.len() <= TARGET_CHARS_MAX;
            fits.then_some(()).ok_or("makes a query that is too long")
        }
    }
}

/// Returns the policies that apply to the operation of a call.
fn of_section<'a>(facts: &Facts<'a>, section: Section) -> impl Iterator<Item = &'a Policy> {
    let operation = facts.operation.id.as_str();
    let policies = facts.connector.properties.policies.iter();
    policies.filter(move |policy| policy.section == section && policy.applies_to(operation))
}

fn optional(
    exists: Exists,
    value: impl FnOnce() -> Result<String, Uncomputable>,
) -> Result<String, Uncomputable> {
    if exists == Exists::Delete { Ok(String::new()) } else { value() }
}

/// Checks the headers that a policy made.
pub(super) fn check_length(headers: &HeaderMap) -> Result<(), &'static dyn Display> {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if length > HEADERS_BYTES_MAX { Err(&"makes headers of more than 64 KiB") } else { Ok(()) }
}

/// A call that a policy changes.
struct Call<'a> {
    facts: &'a Facts<'a>,
    prepared: &'a Prepared,
    content: &'a Content,
}

impl Call<'_> {
    /// Computes a value for anything but the content.
    fn evaluate(&self, value: &PolicyValue) -> Result<String, Uncomputable> {
        value.evaluate(TEXT_BYTES_MAX, |source| self.read(source))
    }

    /// Returns what an expression reads of the call.
    fn read(&self, source: &Source) -> Option<Cow<'_, str>> {
        match source {
            Source::ConnectionParameter(name) => {
                self.facts.values.text(&self.facts.connector.properties.parameters, name).map(Cow::from)
            }
            Source::Header(name) => header(&self.prepared.headers, name),
            Source::Query(name) => self.prepared.query.get(name),
            Source::Body(members) => self.content.text(members).map(Cow::from),
            Source::Method => Some(Cow::from(self.prepared.method.as_str())),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// Returns where a policy sends a call that goes to `before` without it.
fn destination(
    call: &Call<'_>,
    policy: &Policy,
    value: &PolicyValue,
    before: &Destination,
) -> Result<Destination, RuntimeRefusal> {
    let destination = Destination::of_policy(value, &before.scheme, |source| call.read(source))
        .map_err(|why| refuse(policy, StatusCode::BAD_REQUEST, &why))?;
    Ok(Destination { is_public: !value.reads(|source| call.facts.is_secret(source)), ..destination })
}

/// Returns where a call is sent in the end, for a policy that needs a value of another request: a
/// later policy may choose another host, which then is the one that may get the credential.
fn final_destination(call: &Call<'_>, fetching: &Policy) -> Result<Destination, RuntimeRefusal> {
    let mut found = call.prepared.destination.clone();
    let policies = of_section(call.facts, Section::Request);
    for policy in policies.skip_while(|policy| !std::ptr::eq(*policy, fetching)).skip(1) {
        let Action::Host(value) = &policy.action else { continue };
        // What policies between them set is not known yet, and may be the value itself.
        if value.reads(|source| !matches!(source, Source::ConnectionParameter(_))) {
            let why = format!(
                "needs a value of another request before the policy {} chooses the host by what the call contains; put it \
                 after that one",
                policy.at
            );
            return Err(refuse(fetching, StatusCode::BAD_REQUEST, &why));
        }
        found = destination(call, policy, value, &found)?;
    }
    Ok(found)
}

/// Returns the method, path and query of a call that is sent to another path.
fn route(
    call: &Call<'_>,
    policy: &Policy,
    (path, method): (&PolicyValue, &PolicyValue),
) -> Result<(Method, String, Query), RuntimeRefusal> {
    let failed = |why: &dyn Display| refuse(policy, StatusCode::BAD_REQUEST, why);
    let method = call.evaluate(method).map_err(|why| failed(&why))?;
    // What a caller gives is one segment, whatever it contains.
    let path = path
        .evaluate(TEXT_BYTES_MAX, |source| {
            let text = call.read(source)?;
            let by_owner = matches!(source, Source::ConnectionParameter(_));
            Some(if by_owner { text } else { Cow::from(encoded(&text)) })
        })
        .map_err(|why| failed(&why))?;
    let mut query = call.prepared.query.clone();
    let path = fill(&path, |name| {
        if let Some(text) = captured(call.facts, name) {
            return Some(text);
        }
        let text = query.get(name).map(|text| encoded(&text))?;
        query.remove(name);
        Some(text)
    })
    .map_err(|why| failed(&why))?;
    let (path, more) = path.split_once('?').unwrap_or((&path, ""));
    query.append_raw(more);
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .ok()
        .filter(|method| !matches!(*method, Method::CONNECT | Method::TRACE))
        .ok_or_else(|| failed(&"does not give an HTTP method that can be forwarded"))?;
    Ok((method, path.trim_start_matches('/').to_owned(), query))
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

/// Computes the text of a property. `None` if it is a member of the content, or if what it needs is
/// missing.
pub(super) fn text_for_content(
    value: &PolicyValue,
    text: impl FnOnce() -> Result<String, Uncomputable>,
) -> Result<Option<String>, Uncomputable> {
    match value.single() {
        Some(Source::Body(_)) => Ok(None),
        _ => match text() {
            Ok(text) => Ok(Some(text)),
            Err(Uncomputable::Missing(_)) => Ok(None),
            Err(too_long) => Err(too_long),
        },
    }
}

/// Sets a property: to a member of the content with its type, or to a text.
pub(super) fn set_property(
    content: &mut Content,
    place: (&[String], &[String]),
    value: &PolicyValue,
    text: Option<String>,
) -> Result<(), TooLarge> {
    match (value.single(), text) {
        (Some(Source::Body(from)), _) => content.copy_member(place, from),
        (_, Some(text)) => content.set_member(place, Value::String(text)),
        (_, None) => Ok(()),
    }
}
