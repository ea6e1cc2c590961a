//! Bodies of calls: JSON, in which clients may write `@odata.type` and the like anywhere.

use axum::Json;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::GraphError;
use crate::idp::Idp;

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Idp> for Body<T> {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self, GraphError> {
        let Json(mut value) = Json::<Value>::from_request(request, idp).await?;
        // Serde would read an array as the members in their order.
        if !value.is_object() {
            return Err(GraphError::bad_request("Invalid request body: it is not an object."));
        }
        without_annotations(&mut value);
        Self::of(value)
    }
}

impl<T: DeserializeOwned> Body<T> {
    /// A body without annotations as what the call takes.
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
    /// Never used: a handler takes the result and answers with what it knows of the call.
    fn into_response(self) -> axum::response::Response {
        StatusCode::BAD_REQUEST.into_response()
    }
}

/// Reads a member that may be absent, but not null.
pub(super) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a member that null empties: `Some(None)`, whereas `None` means that it is absent.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Leaves out what OData writes about values instead of in them.
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
