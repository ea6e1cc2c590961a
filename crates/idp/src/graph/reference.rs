//! Object references (`@odata.id`), used to add members.

use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde_json::Value;

use super::caller::Caller;
use super::error::{GraphError, Result};
use crate::directory::User;
use crate::idp::Idp;

/// The URL of an object: `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, or
/// `/users/{id}`. The host is ignored, since programs write Microsoft's.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Reference(String);

impl Reference {
    pub(crate) async fn user(&self, caller: &Caller) -> Result<User> {
        let path = self.0.split_once("://").map_or(&*self.0, |(_, rest)| rest);
        let mut parts = path.rsplit('/');
        let id = parts.next().unwrap_or_default();
        let invalid = || {
            GraphError::bad_request(
                "Invalid object identifier in the reference: it is the address of a user.",
            )
        };
        let set = parts.next().unwrap_or_default();
        if !["directoryObjects", "users"].contains(&set) || id.is_empty() {
            return Err(invalid());
        }
        caller.target(id).await
    }
}

/// The request body that adds a reference: `{"@odata.id": "…"}`.
impl FromRequest<Idp> for Reference {
    type Rejection = GraphError;

    async fn from_request(request: Request, idp: &Idp) -> Result<Self> {
        let Json(body) = Json::<Value>::from_request(request, idp).await?;
        let id = body["@odata.id"].as_str();
        id.map(|id| Self(id.to_owned())).ok_or_else(|| {
            GraphError::bad_request("Invalid request body: a reference has the member '@odata.id'.")
        })
    }
}
