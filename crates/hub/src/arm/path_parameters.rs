//! The parameters of paths of the control plane.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::ArmRefusal;

/// The parameters of a path. Invalid ones are an error in the form of the API, which says why.
#[derive(Debug)]
pub(crate) struct PathParameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParameters<T> {
    type Rejection = ArmRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ArmRefusal> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(parameters)) => Ok(Self(parameters)),
            Err(rejection) => {
                let text = rejection.body_text();
                let why = text.trim_start_matches("Invalid URL: ");
                Err(ArmRefusal::invalid(format!("The path is not valid: {why}.")))
            }
        }
    }
}
