//! JSON request bodies, in which clients may add `@odata.type` and other annotations anywhere.

use std::ops::Deref;

use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::{GraphError, Result};
use crate::idp::Idp;

#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Idp> for Body<T> {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self> {
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
pub(super) fn parse_body<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|error| GraphError::bad_request(format!("Invalid request body: {error}.")))
}

/// A parsed body in which annotations are members like others.
#[derive(Debug)]
pub(super) struct PlainBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Idp> for PlainBody<T> {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self> {
        let Json(body) = Json::from_request(request, idp).await?;
        Ok(Self(body))
    }
}

/// A member that may be absent, unlike null: `Given<Option<T>>` may be either.
#[derive(Debug)]
pub(super) struct Given<T>(pub(super) Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Given<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self(Some(value)))
    }
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
