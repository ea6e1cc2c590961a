//! Applies the policies of a connector to the response of its back end.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::content::{CONTENT_BYTES_MAX, Content};
use super::outgoing::{Destination, Facts, TEXT_BYTES_MAX};
use super::policies::{check_length, set_header, set_property, text_for_content};
use super::query::Query;
use super::refusal::{RuntimeRefusal, refuse};
use crate::connector::{Action, Policy, Section, Source, Uncomputable};
use crate::path::{decodings, has_traversal};

/// How a link to the next page leads through the hub.
pub(super) struct Links<'a> {
    /// Where the call was sent.
    pub(super) destination: &'a Destination,
    /// The URL at which the connection is called.
    pub(super) at: &'a str,
    /// What the hub added to the call, and adds to the next one.
    pub(super) secrets: &'a [Cow<'a, str>],
}

impl Links<'_> {
    /// Returns the URL at the hub for a link to the back end; `None` if it leads elsewhere.
    fn through_hub(&self, link: &str) -> Option<String> {
        let origin = format!("{}://{}", self.destination.scheme, self.destination.host);
        let base = Url::parse(&origin).ok()?;
        let url = base.join(link).ok().filter(|url| url.origin() == base.origin())?;
        let path = url.path().strip_prefix(&self.destination.base_path)?;
        if !path.starts_with('/') || decodings(path).any(|reading| has_traversal(&reading)) {
            return None;
        }
        let mut query = Query::new(url.query());
        query.remove_values(self.secrets);
        let query = query.text().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{}{path}{query}", self.at))
    }
}

/// Returns the policy that ends the sign-in when the back end responds with this status.
pub(super) fn ends_sign_in<'a>(facts: &Facts<'a>, status: StatusCode) -> Option<&'a Policy> {
    let operation = &facts.operation.id;
    let policies = facts.connector.properties.policies.iter();
    policies.filter(|policy| policy.applies_to(operation)).find(
        |policy| matches!(policy.action, Action::Unauthenticate { status: ending } if ending == status.as_u16()),
    )
}

/// Returns the policies for responses: those of the section, and those that are for nothing else.
fn of_responses<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Policy> {
    let operation = facts.operation.id.as_str();
    let is_of_responses = |policy: &&Policy| {
        policy.section == Section::Response || matches!(policy.action, Action::NextLink { .. })
    };
    let policies = facts.connector.properties.policies.iter().filter(is_of_responses);
    policies.filter(move |policy| policy.applies_to(operation))
}

/// Applies the policies for responses, in their order.
pub(super) async fn apply(
    facts: &Facts<'_>,
    links: &Links<'_>,
    response: Response,
) -> Result<Response, RuntimeRefusal> {
    if of_responses(facts).next().is_none() {
        return Ok(response);
    }
    let (mut parts, mut body) = response.into_parts();
    let is_json = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    if is_json && of_responses(facts).any(needs_content) {
        let content = Content::new(read_content(body).await?);
        let content = change(facts, links, &mut parts.headers, content)?;
        body = Body::from(content.into_bytes());
    } else {
        change(facts, links, &mut parts.headers, Content::new(Bytes::new()))?;
    }
    Ok(Response::from_parts(parts, body))
}

/// Whether a policy reads or changes the content.
fn needs_content(policy: &Policy) -> bool {
    match &policy.action {
        Action::Property { .. } | Action::Transform { .. } | Action::NextLink { .. } => true,
        Action::Header { value, .. } => value.reads(|source| matches!(source, Source::Body(_))),
        _ => false,
    }
}

fn change(
    facts: &Facts<'_>,
    links: &Links<'_>,
    headers: &mut HeaderMap,
    mut content: Content,
) -> Result<Content, RuntimeRefusal> {
    for policy in of_responses(facts) {
        let failed = |why: &dyn std::fmt::Display| refuse(policy, StatusCode::BAD_GATEWAY, why);
        match &policy.action {
            Action::Header { name, value, exists } => {
                match value.evaluate(TEXT_BYTES_MAX, |source| read(source, facts, headers, &content)) {
                    Ok(text) => set_header(headers, name, &text, *exists)?,
                    Err(Uncomputable::Missing(_)) => {}
                    Err(too_long) => return Err(failed(&too_long)),
                }
                check_length(headers).map_err(failed)?;
            }
            Action::Property { parent, name, value } => {
                let evaluate =
                    || value.evaluate(CONTENT_BYTES_MAX, |source| read(source, facts, headers, &content));
                let text = text_for_content(value, evaluate).map_err(|why| failed(&why))?;
                set_property(&mut content, (parent, name), value, text).map_err(|why| failed(&why))?;
            }
            Action::Transform { parent, name, target, transform } => {
                content.convert((parent, name), target, transform).map_err(|why| failed(&why))?;
            }
            Action::NextLink { parent, name } => {
                let changed = content.replace_text((parent, name), |link| links.through_hub(link));
                changed.map_err(|why| failed(&why))?;
            }
            _ => {}
        }
        content.check().map_err(|why| failed(&why))?;
    }
    Ok(content)
}

/// Returns what an expression reads of a response.
fn read<'a>(
    source: &Source,
    facts: &'a Facts<'_>,
    headers: &'a HeaderMap,
    content: &Content,
) -> Option<Cow<'a, str>> {
    match source {
        // Of a connection, a response shows only what may be read.
        Source::ConnectionParameter(_) if facts.is_secret(source) => None,
        Source::ConnectionParameter(name) => {
            facts.values.text(&facts.connector.properties.parameters, name).map(Into::into)
        }
        Source::Header(name) => headers.get(name).and_then(|value| value.to_str().ok()).map(Into::into),
        Source::Query(_) => None,
        Source::Body(members) => content.text(members).map(Into::into),
        Source::Method => Some(facts.outgoing.method.as_str().into()),
    }
}

async fn read_content(body: Body) -> Result<Bytes, RuntimeRefusal> {
    axum::body::to_bytes(body, CONTENT_BYTES_MAX).await.map_err(|error| {
        RuntimeRefusal::new(
            StatusCode::BAD_GATEWAY,
            "The response of the back end is too long to be changed.",
        )
        .caused_by(error)
    })
}
