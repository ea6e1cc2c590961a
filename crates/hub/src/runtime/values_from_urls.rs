//! The requests for values that policies set in a call (`setvaluefromurl`). Pure.
//!
//! The credential of the connection goes only to the scheme and host of the call itself. Another
//! host learns no secret: neither one of the connection nor what the hub added to the call.

use std::borrow::Cow;
use std::fmt::Display;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::content::Content;
use super::headers;
use super::outgoing::{Destination, Facts, Fetch, Prepared, TEXT_BYTES_MAX};
use super::path_parameters::{captured, fill};
use super::query::{Query, encoded};
use super::refusal::{RuntimeRefusal, refuse};
use crate::connector::{Policy, Source, ValueFromUrl};
use crate::credential::SourceToken;

/// Makes the request that a policy needs, for a call that is sent to `of_the_call` in the end.
pub(super) fn request(
    facts: &Facts<'_>,
    token: Option<&SourceToken>,
    policy: &Policy,
    wanted: &ValueFromUrl,
    of_the_call: &Destination,
) -> Result<Fetch, RuntimeRefusal> {
    let failed = |why: &dyn Display| refuse(policy, StatusCode::BAD_REQUEST, why);
    let destination = match &wanted.url.origin {
        None => of_the_call.clone(),
        Some(origin) => Destination::parse(origin, "https").ok_or_else(|| failed(&"has no valid URL"))?,
    };
    let of_call = (&destination.scheme, &destination.host) == (&of_the_call.scheme, &of_the_call.host);
    let is_secret =
        |source: &Source| matches!(source, Source::ConnectionParameter(_)) && facts.is_secret(source);
    if !of_call && wanted.url.path.reads(is_secret) {
        return Err(failed(&"would send a secret of the connection to another host"));
    }
    // What the caller gave, without what the hub added.
    let (given, query, content) = (
        headers::to_back_end(&facts.outgoing.headers, &facts.connector.swagger.header_parameters),
        Query::new(facts.outgoing.query.as_deref()),
        Content::new(facts.outgoing.body.clone()),
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
