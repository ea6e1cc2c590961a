//! JSON request bodies, in which clients may add `@odata.type` and other annotations anywhere.

use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::GraphError;
use crate::idp::Idp;

/// A parsed body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Idp> for Body<T> {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self, GraphError> {
        let Json(mut value) = Json::<Value>::from_request(request, idp).await?;
        // Serde would accept an array of the members in order.
        if !value.is_object() {
            return Err(GraphError::bad_request("Invalid request body: it is not an object."));
        }
        without_annotations(&mut value);
        parse_body(value).map(Self)
    }
}

/// Parses a body without its annotations.
pub(super) fn parse_body<T: DeserializeOwned>(value: Value) -> Result<T, GraphError> {
    serde_json::from_value(value)
        .map_err(|error| GraphError::bad_request(format!("Invalid request body: {error}.")))
}

/// A parsed body in which annotations are members like others.
#[derive(Debug)]
pub(super) struct PlainBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Idp> for PlainBody<T> {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self, GraphError> {
        let Json(body) = Json::from_request(request, idp).await?;
        Ok(Self(body))
    }
}

/// Deserializes a member that may be absent but not null.
pub(super) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Deserializes a nullable member: `Some(None)` for null, `None` if it is absent.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Removes OData annotations.
fn without_annotations(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !name.starts_with("@odata."));
            members.values_mut().for_each(without_annotations);
        }
        Value::Array(values) => values.iter_mut().for_each(without_annotations),
        _ => {}
    }
}
