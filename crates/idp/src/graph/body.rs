//! JSON request bodies, in which clients may add `@odata.type` and other annotations anywhere.

use axum::Json;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
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
        Self::of(value)
    }
}

impl<T: DeserializeOwned> Body<T> {
    /// Parses a body without its annotations.
    pub(crate) fn of(value: Value) -> Result<Self, GraphError> {
        serde_json::from_value(value).map(Self).map_err(|error| {
            GraphError::new(
                StatusCode::BAD_REQUEST,
                "Request_BadRequest",
                format!("Invalid request body: {error}."),
            )
        })
    }
}

impl axum::response::IntoResponse for GraphError {
    /// Not used: handlers take the `Result` and render the error with their own context.
    fn into_response(self) -> axum::response::Response {
        StatusCode::BAD_REQUEST.into_response()
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
