//! `dynamicInvoke`: makes one call through a connection, described in the body, and returns its
//! response in the body.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::BASE64;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::access::{self, Right};
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, Members, Mistakes, NAME_CHARS_MAX};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::runtime::{Loaded, OutgoingRequest, call_for, to_back_end};

/// The maximum length of a response that is returned in a body.
const RESPONSE_BYTES_MAX: usize = 8 << 20;

pub(super) async fn invoke(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Use).await?;
    let connector = hub.connector_of(&connection).await?;
    let outgoing = outgoing(body, &connector)?;
    let loaded = load(&hub, &connection).await?;
    let response = match call_for(&hub, loaded, &call, outgoing).await {
        Ok(response) => response,
        // What the runtime answers is in the body, like the response of a back end.
        Err(refusal) => refusal.into_response(),
    };
    Ok(Json(json!({ "response": read_response(response).await? })))
}

/// Reads a connection with its credential.
pub(super) async fn load(hub: &Hub, connection: &Connection) -> Result<Arc<Loaded>, ArmRefusal> {
    hub.load(connection.tenant, connection.id).await?.ok_or_else(|| {
        ArmRefusal::not_found("ResourceNotFound", "The connection was deleted at the same time.")
    })
}

/// Reads the description of the call.
fn outgoing(body: JsonBody, connector: &Connector) -> Result<OutgoingRequest, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let request = members.required_object("request", &mut mistakes);
    members.end(&mut mistakes);
    let outgoing = request.and_then(|request| read_request(request, connector, &mut mistakes));
    mistakes.into_result()?;
    outgoing.ok_or_else(|| ArmRefusal::invalid("request: it is not valid."))
}

fn read_request(
    mut request: Members,
    connector: &Connector,
    mistakes: &mut Mistakes,
) -> Option<OutgoingRequest> {
    let method = request.required_text("method", mistakes).and_then(|text| {
        let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).ok();
        if method.is_none() {
            mistakes.add(&request.path("method"), "it is not an HTTP method");
        }
        method
    });
    let path = request.required_text("path", mistakes);
    let queries = request.object("queries", mistakes).map(|queries| query_of(queries, mistakes));
    let mut headers = match request.object("headers", mistakes) {
        Some(headers) => headers_of(headers, connector, mistakes),
        None => HeaderMap::new(),
    };
    let body = match request.value("body") {
        None => Bytes::new(),
        // A text is sent as it is if the request says what it is.
        Some(Value::String(text)) if headers.contains_key(CONTENT_TYPE) => text.into(),
        Some(value) => {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            value.to_string().into()
        }
    };
    request.end(mistakes);
    let (path, in_path) = match path.as_deref()?.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (path?, None),
    };
    let query: Vec<_> = [in_path, queries].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    Some(OutgoingRequest {
        method: method?,
        path: path.strip_prefix('/').unwrap_or(&path).to_owned(),
        query: (!query.is_empty()).then(|| query.join("&")),
        headers,
        body,
    })
}

/// Returns a number, a boolean or a text as it is written in a query or a header.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn query_of(queries: Members, mistakes: &mut Mistakes) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let at = queries.path("");
    for (name, value) in queries.rest() {
        match scalar(&value) {
            Some(text) => {
                query.append_pair(&name, &text);
            }
            None => mistakes.add(&format!("{at}{name}"), "it must be a string, a number or a boolean"),
        }
    }
    query.finish()
}

fn headers_of(headers: Members, connector: &Connector, mistakes: &mut Mistakes) -> HeaderMap {
    let mut read = HeaderMap::new();
    let at = headers.path("");
    for (name, value) in headers.rest() {
        let at = format!("{at}{}", name.chars().take(NAME_CHARS_MAX).collect::<String>());
        let header = name.parse::<HeaderName>().ok();
        let value = scalar(&value).and_then(|text| HeaderValue::from_str(&text).ok());
        let (Some(header), Some(value)) = (header, value) else {
            mistakes.add(&at, "it is not a valid header");
            continue;
        };
        let alone = HeaderMap::from_iter([(header.clone(), value.clone())]);
        if to_back_end(&alone, &connector.swagger.header_parameters).is_empty() {
            mistakes.add(&at, "the connector does not declare this header, so it is not forwarded");
        } else {
            read.insert(header, value);
        }
    }
    read
}

/// Returns a response as a JSON object: `statusCode`, `headers` and `body`.
async fn read_response(response: Response) -> Result<Value, ArmRefusal> {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, RESPONSE_BYTES_MAX).await.map_err(|error| {
        ArmRefusal::new(
            StatusCode::BAD_GATEWAY,
            "BadGateway",
            format!(
                "The response of the back end could not be read, or has more than {RESPONSE_BYTES_MAX} bytes."
            ),
        )
        .caused_by(error)
    })?;
    let headers: Map<String, Value> = parts
        .headers
        .keys()
        .map(|name| {
            let values: Vec<_> = parts
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect();
            (name.to_string(), Value::String(values.join(", ")))
        })
        .collect();
    let content_type = headers.get("content-type").and_then(Value::as_str).unwrap_or_default();
    let body = content(&bytes, content_type);
    Ok(json!({"statusCode": status_name(parts.status), "headers": headers, "body": body}))
}

/// Returns a body as an action's output has it: JSON, text, or base64 with its type.
fn content(bytes: &[u8], content_type: &str) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let json = content_type.to_ascii_lowercase().contains("json");
    if let Some(value) = json.then(|| serde_json::from_slice(bytes).ok()).flatten() {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({"$content-type": content_type, "$content": BASE64.encode(bytes)}),
    }
}

/// Returns the name of a status as clients of `dynamicInvoke` compare it (`OK`, `NotFound`).
fn status_name(status: StatusCode) -> Value {
    let name = match status {
        StatusCode::NON_AUTHORITATIVE_INFORMATION => "NonAuthoritativeInformation",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLarge",
        StatusCode::URI_TOO_LONG => "RequestUriTooLong",
        StatusCode::RANGE_NOT_SATISFIABLE => "RequestedRangeNotSatisfiable",
        StatusCode::HTTP_VERSION_NOT_SUPPORTED => "HttpVersionNotSupported",
        _ => status.canonical_reason().unwrap_or_default(),
    };
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if name.is_empty() { json!(status.as_u16()) } else { json!(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_names() {
        for (status, name) in
            [(200, json!("OK")), (404, json!("NotFound")), (429, json!("TooManyRequests")), (599, json!(599))]
        {
            assert_eq!(status_name(StatusCode::from_u16(status).expect("a status")), name);
        }
    }

    #[test]
    fn bodies_are_json_text_or_base64() {
        for (bytes, content_type, expected) in [
            (&b""[..], "application/json", Value::Null),
            (b"{\"a\":1}", "application/json; charset=utf-8", json!({"a": 1})),
            (b"{", "application/json", json!("{")),
            (b"a", "text/plain", json!("a")),
            (b"\xff", "image/png", json!({"$content-type": "image/png", "$content": "/w=="})),
        ] {
            assert_eq!(content(bytes, content_type), expected);
        }
    }
}
