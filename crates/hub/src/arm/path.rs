//! The parameters of paths.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::ArmRefusal;

/// The parameters of a path. Those that are not valid get a JSON error.
#[derive(Debug)]
pub(crate) struct ArmPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ArmPath<T> {
    type Rejection = ArmRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ArmRefusal> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|rejection| {
            let why: String = rejection.body_text().escape_debug().collect();
            ArmRefusal::invalid(format!("The path of the request is not valid: {why}."))
        })
    }
}
