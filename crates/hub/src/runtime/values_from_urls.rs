//! Values of other requests, which policies set in a call (`setvaluefromurl`).
//!
//! The credential of the connection goes only to the scheme and host of the call itself. Another
//! host learns no secret: neither one of the connection nor what the hub added to the call.

use std::borrow::Cow;
use std::fmt::Display;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode};
use outlive_chassis::Trace;
use outlive_tokens::Secret;
use serde_json::Value;
use url::Url;

use super::content::Content;
use super::forward::{exchange, url_of};
use super::headers;
use super::outgoing::{Destination, Facts, Fetch, Fetched, Prepared, Step, TEXT_BYTES_MAX};
use super::policies::{captured, fill, refuse};
use super::query::{Query, encoded};
use super::refusal::RuntimeRefusal;
use crate::connector::{Policy, Source, ValueFromUrl, text_of};
use crate::{Hub, read_body};

/// The maximum number of other requests for a call.
const FETCHES_MAX: usize = 5;
/// The maximum length of their responses.
const RESPONSE_BYTES_MAX: usize = 1 << 20;

/// The response of a back end, and where the call was sent.
pub(super) struct Answered {
    pub(super) destination: Destination,
    pub(super) url: Url,
    pub(super) response: reqwest::Response,
}

/// Makes the request that a policy needs.
pub(super) fn request(
    facts: &Facts<'_>,
    token: Option<&Secret>,
    policy: &Policy,
    wanted: &ValueFromUrl,
    call: &Prepared,
    content: &Content,
) -> Result<Fetch, RuntimeRefusal> {
    let failed = |why: &dyn Display| refuse(policy, StatusCode::BAD_REQUEST, why);
    let destination = match &wanted.url.origin {
        None => call.destination.clone(),
        Some(origin) => Destination::parse(origin, "https").ok_or_else(|| failed(&"has no valid URL"))?,
    };
    let of_call =
        (&destination.scheme, &destination.host) == (&call.destination.scheme, &call.destination.host);
    let is_secret =
        |source: &Source| matches!(source, Source::ConnectionParameter(_)) && facts.is_secret(source);
    if !of_call && wanted.url.path.reads(is_secret) {
        return Err(failed(&"would send a secret of the connection to another host"));
    }
    // What the caller gave, without what the hub added.
    let (given, query) = (
        headers::to_back_end(&facts.outgoing.headers, &facts.connector.swagger.header_parameters),
        Query::new(facts.outgoing.query.as_deref()),
    );
    let read = |source: &Source| match source {
        Source::ConnectionParameter(name) => {
            facts.values.text(&facts.connector.properties.parameters, name).map(Cow::from)
        }
        Source::Header(name) => {
            let value = given.get(name)?;
            Some(Cow::from(encoded(&String::from_utf8_lossy(value.as_bytes()))))
        }
        Source::Query(name) => query.get(name).map(|text| Cow::from(encoded(&text))),
        Source::Body(members) => content.text(members).map(|text| Cow::from(encoded(&text))),
        Source::Method => Some(Cow::from(facts.outgoing.method.as_str())),
    };
    let path = wanted.url.path.evaluate(TEXT_BYTES_MAX, read).map_err(|why| failed(&why))?;
    let path =
        fill(&path, |name| captured(facts, name).or_else(|| query.get(name).map(|text| encoded(&text))))
            .map_err(|why| failed(&why))?;
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut request = Prepared {
        method: wanted.method.clone(),
        destination,
        path: path.trim_start_matches('/').to_owned(),
        query: Query::new(Some(query)),
        headers,
        body: bytes::Bytes::new(),
    };
    if of_call {
        facts.authenticate(token, &mut request)?;
    }
    Ok(Fetch { at: policy.at.clone(), request, path: wanted.path.clone() })
}

/// Sends a call, after the requests that its policies need. The inner error is the response if the
/// back end does not respond.
pub(super) async fn send(
    hub: &Hub,
    facts: &Facts<'_>,
    token: Option<&Secret>,
    trace: &Trace,
) -> Result<Result<Answered, axum::response::Response>, RuntimeRefusal> {
    let mut fetched = Fetched::new();
    loop {
        let step = Facts { fetched: &fetched, ..*facts }.prepare(token)?;
        let fetch = match step {
            Step::Send(prepared) => {
                let (destination, url) = (prepared.destination.clone(), url_of(&prepared)?);
                let response = exchange(hub, prepared, &url, trace).await?;
                return Ok(response.map(|response| Answered { destination, url, response }));
            }
            Step::Fetch(fetch) => fetch,
        };
        if fetched.len() == FETCHES_MAX {
            return Err(RuntimeRefusal::new(
                StatusCode::BAD_REQUEST,
                format!("The policies of the operation need more than {FETCHES_MAX} other requests."),
            ));
        }
        let url = url_of(&fetch.request)?;
        let value = match exchange(hub, fetch.request, &url, trace).await? {
            Ok(response) => value_of(response, &fetch.at, &fetch.path).await?,
            Err(response) => return Ok(Err(response)),
        };
        fetched.insert(fetch.at, value);
    }
}

/// Reads the value from a response.
async fn value_of(response: reqwest::Response, at: &str, path: &[String]) -> Result<String, RuntimeRefusal> {
    let failed = |why: String| {
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, format!("The policy {at} did not get its value: {why}."))
    };
    let status = response.status();
    if !status.is_success() {
        return Err(failed(format!("the back end responded {}", status.as_u16())));
    }
    let body = read_body(response, RESPONSE_BYTES_MAX).await;
    let body = body.map_err(|_| failed("the response was not received, or is too long".to_owned()))?;
    let json: Value =
        serde_json::from_slice(&body).map_err(|_| failed("the response is not JSON".to_owned()))?;
    let found = path.iter().try_fold(&json, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    });
    match found {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => {
            Err(failed(format!("the response has no text at '{}'", path.join("."))))
        }
        Some(value) => {
            let text = text_of(value);
            if text.len() > TEXT_BYTES_MAX { Err(failed("it is too long".to_owned())) } else { Ok(text) }
        }
    }
}
