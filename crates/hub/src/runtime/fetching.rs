//! Sends a call, after the requests for values that its policies need.

use http::StatusCode;
use outlive_chassis::Trace;
use serde_json::Value;
use url::Url;

use super::exchange::{Unanswered, exchange, url_of};
use super::outgoing::{Destination, Facts, Fetch, Fetched, Step, TEXT_BYTES_MAX};
use super::refusal::RuntimeRefusal;
use crate::connector::text_of;
use crate::credential::SourceToken;
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

/// Sends a call, after the requests that its policies need. The inner error is that of a back
/// end that does not respond.
pub(super) async fn send(
    hub: &Hub,
    facts: &Facts<'_>,
    token: Option<&SourceToken>,
    trace: &Trace,
) -> Result<Result<Answered, Unanswered>, RuntimeRefusal> {
    let mut fetched = Fetched::new();
    let prepared = loop {
        let fetch = match (Facts { fetched: &fetched, ..*facts }).prepare(token)? {
            Step::Send(prepared) => break prepared,
            Step::Fetch(fetch) => fetch,
        };
        if fetched.len() == FETCHES_MAX {
            return Err(RuntimeRefusal::new(
                StatusCode::BAD_REQUEST,
                format!("The policies of the operation need more than {FETCHES_MAX} other requests."),
            ));
        }
        // Few calls need one, so their futures have no room for it.
        match Box::pin(fetch_value(hub, fetch, trace)).await? {
            Ok((at, value)) => drop(fetched.insert(at, value)),
            Err(unanswered) => return Ok(Err(unanswered)),
        }
    };
    let (destination, url) = (prepared.destination.clone(), url_of(&prepared)?);
    let response = exchange(hub, prepared, &url, trace)?.await?;
    Ok(response.map(|response| Answered { destination, url, response }))
}

/// Makes another request. Returns the value from its response, and the place of the policy that
/// needs it.
async fn fetch_value(
    hub: &Hub,
    Fetch { at, request, path }: Fetch,
    trace: &Trace,
) -> Result<Result<(String, String), Unanswered>, RuntimeRefusal> {
    let url = url_of(&request)?;
    match exchange(hub, request, &url, trace)?.await? {
        Ok(response) => {
            let value = value_of(response, &at, &path).await?;
            Ok(Ok((at, value)))
        }
        Err(unanswered) => Ok(Err(unanswered)),
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
