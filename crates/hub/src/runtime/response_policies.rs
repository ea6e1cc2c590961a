//! Applies the policies of a connector to the response of its back end.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::outgoing::Facts;
use super::policies::{json_of, of_section, property, set_header, set_property};
use super::refusal::RuntimeRefusal;
use crate::connector::{Action, PolicyValue, Section, Source, text_of};

/// The maximum length of a response whose content is changed.
const CONTENT_BYTES_MAX: usize = 8 << 20;

/// Applies the policies for responses, in their order.
pub(super) async fn apply(facts: &Facts<'_>, response: Response) -> Result<Response, RuntimeRefusal> {
    if of_section(facts, Section::Response).next().is_none() {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let is_json = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    let changes_content =
        of_section(facts, Section::Response).any(|policy| matches!(policy.action, Action::Property { .. }));
    let (mut content, mut body) = (None, body);
    if is_json && changes_content {
        let bytes = read_content(body).await?;
        content = json_of(&bytes);
        body = Body::from(bytes);
    }
    for policy in of_section(facts, Section::Response) {
        let text = |value: &PolicyValue| {
            let text = value.evaluate(|source| match source {
                // Of a connection, a response shows only what may be read.
                Source::ConnectionParameter(_) if facts.is_secret(source) => None,
                Source::ConnectionParameter(name) => {
                    facts.values.text(&facts.connector.properties.parameters, name).map(Into::into)
                }
                Source::Header(name) => {
                    parts.headers.get(name).and_then(|value| value.to_str().ok()).map(Into::into)
                }
                Source::Query(_) => None,
                Source::Body(members) => {
                    super::policies::member(content.as_ref()?, members).map(text_of).map(Into::into)
                }
                Source::Method => Some(facts.outgoing.method.as_str().into()),
            });
            text.ok()
        };
        match &policy.action {
            Action::Header { name, value, exists } => {
                if let Some(text) = text(value) {
                    set_header(&mut parts.headers, name, &text, *exists)?;
                }
            }
            Action::Property { parent, name, value } => {
                let value = content.as_ref().and_then(|content| property(value, content, text));
                if let (Some(content), Some(value)) = (&mut content, value) {
                    set_property(content, parent, name, value);
                    body = Body::from(content.to_string());
                }
            }
            _ => {}
        }
    }
    Ok(Response::from_parts(parts, body))
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
