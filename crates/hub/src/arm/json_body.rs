//! Request bodies of the control plane.

use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ArmRefusal, Members};

/// The JSON object of a request, whatever its content type. An empty body is an empty object.
pub(crate) struct JsonBody(Map<String, Value>);

impl JsonBody {
    /// Deserializes the body. An error names the member that is not valid.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, ArmRefusal> {
        serde_json::from_value(Value::Object(self.0))
            .map_err(|error| ArmRefusal::invalid(format!("The request's content is not valid: {error}.")))
    }

    /// Returns the members, to be read one by one.
    pub(crate) fn members(self) -> Members {
        Members::new(self.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ArmRefusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, ArmRefusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => ArmRefusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "RequestEntityTooLarge",
                    "The request's content is too large.",
                ),
                _ => ArmRefusal::invalid("The request's content could not be read."),
            }
        })?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(ArmRefusal::invalid("The request's content is not a JSON object.")),
            Err(error) => Err(ArmRefusal::invalid(format!("The request's content is not JSON: {error}."))),
        }
    }
}
