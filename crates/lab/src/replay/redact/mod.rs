//! Writes a recording without secrets.
//!
//! The file is written from what was understood, not copied: entries of other hosts, cookies,
//! comments, pages and members that start with `_` have no way into it. Every value that is not a
//! public word of the protocols is replaced by a pseudonym.

mod pseudonyms;
mod scrub;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::pseudonyms::Pseudonyms;
use self::scrub::redact_exchange;
use super::exchange::{Body, Exchange, Recording};

/// Returns a HAR file with the exchanges of a recording, in the order of time.
#[must_use]
pub fn redacted(recording: &Recording) -> String {
    let mut names = Pseudonyms::default();
    // Finds the secrets, which may also be in places that do not say so.
    let hosts = recording.named_hosts();
    for exchange in &recording.exchanges {
        redact_exchange(exchange, &mut names, &hosts);
    }
    let mut names = names.restart();
    let redact = |exchange| entry_of(&redact_exchange(exchange, &mut names, &hosts));
    let entries: Vec<Value> = recording.exchanges.iter().map(redact).collect();
    let har = json!({"log": {
        "version": "1.2",
        "creator": {"name": "outlive replay --redact", "version": env!("CARGO_PKG_VERSION")},
        "entries": entries,
    }});
    // Plain data with text keys: serialization cannot fail.
    serde_json::to_string_pretty(&har).unwrap_or_default()
}

fn entry_of(exchange: &Exchange) -> Value {
    let pairs = |pairs: &[(String, String)]| -> Vec<Value> {
        pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
    };
    let query: Vec<(String, String)> =
        exchange.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let mut request = json!({
        "method": exchange.method,
        "url": exchange.url.as_str(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(&exchange.headers),
        "queryString": pairs(&query),
        "headersSize": -1,
        "bodySize": -1,
    });
    if !exchange.form.is_empty() {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&exchange.form).finish();
        request["postData"] = json!({"mimeType": "application/x-www-form-urlencoded", "text": form});
    }
    let mut content = json!({"size": 0, "mimeType": exchange.response_header("content-type").unwrap_or("")});
    match &exchange.body {
        Body::Json(value) => {
            let text = value.to_string();
            content["size"] = json!(text.len());
            content["text"] = json!(text);
        }
        // Pages have names and tokens in places that no table lists.
        Body::Other => content["text"] = json!("[removed]"),
        Body::Empty => {}
    }
    json!({
        "startedDateTime": exchange.started.to_string(),
        "time": 0,
        "request": request,
        "response": {
            "status": exchange.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": pairs(&exchange.response_headers),
            "content": content,
            "redirectURL": exchange.response_header("location").unwrap_or(""),
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    })
}
