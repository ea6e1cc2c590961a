//! Applies the policies of a connector to the response of its back end.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::content::{CONTENT_BYTES_MAX, Content};
use super::outgoing::Facts;
use super::policies::{
    TEXT_BYTES_MAX, check_length, of_section, refuse, set_header, set_property, text_for_content,
};
use super::refusal::RuntimeRefusal;
use crate::connector::{Action, Policy, Section, Source, Uncomputable};

/// Applies the policies for responses, in their order.
pub(super) async fn apply(facts: &Facts<'_>, response: Response) -> Result<Response, RuntimeRefusal> {
    if of_section(facts, Section::Response).next().is_none() {
        return Ok(response);
    }
    let (mut parts, mut body) = response.into_parts();
    let is_json = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    if is_json && of_section(facts, Section::Response).any(needs_content) {
        let content = change(facts, &mut parts.headers, Content::new(read_content(body).await?))?;
        body = Body::from(content.into_bytes());
    } else {
        change(facts, &mut parts.headers, Content::new(Bytes::new()))?;
    }
    Ok(Response::from_parts(parts, body))
}

/// Whether a policy reads or changes the content.
fn needs_content(policy: &Policy) -> bool {
    match &policy.action {
        Action::Property { .. } => true,
        Action::Header { value, .. } => value.reads(|source| matches!(source, Source::Body(_))),
        _ => false,
    }
}

fn change(
    facts: &Facts<'_>,
    headers: &mut HeaderMap,
    mut content: Content,
) -> Result<Content, RuntimeRefusal> {
    for policy in of_section(facts, Section::Response) {
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
