//! Functions that return a part of a URI.

use serde_json::Value;
use url::Url;

use super::super::arguments::Arguments;
use super::super::error::EvaluationError;
use super::super::function::Row;

pub(super) static ROWS: [Row; 6] = [
    Row::make("uriHost", (1, 1), |given| part(given, |uri| uri.host_str().unwrap_or_default().to_owned())),
    Row::make("uriPath", (1, 1), |given| part(given, |uri| path(uri).to_owned())),
    Row::make("uriPathAndQuery", (1, 1), |given| part(given, |uri| format!("{}{}", path(uri), query(uri)))),
    Row::make("uriPort", (1, 1), |given| {
        Ok(parsed(given)?.port_or_known_default().map_or(Value::from(-1), Value::from))
    }),
    Row::make("uriQuery", (1, 1), |given| part(given, query)),
    Row::make("uriScheme", (1, 1), |given| part(given, |uri| uri.scheme().to_owned())),
];

fn parsed(given: &Arguments<'_, '_>) -> Result<Url, EvaluationError> {
    let text = given.text(0)?;
    // Percent-encoding makes a byte three.
    given.charge(text.len().saturating_mul(3))?;
    Url::parse(text).or_else(|_| {
        given.refuse("was invoked with a parameter that is not valid. The value is not an absolute URI")
    })
}

fn part(given: &Arguments<'_, '_>, of: fn(&Url) -> String) -> Result<Value, EvaluationError> {
    parsed(given).map(|uri| Value::String(of(&uri)))
}

fn path(uri: &Url) -> &str {
    if uri.path().is_empty() { "/" } else { uri.path() }
}

fn query(uri: &Url) -> String {
    uri.query().map(|query| format!("?{query}")).unwrap_or_default()
}
