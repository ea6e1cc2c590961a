//! `applications(appId='…')` and `servicePrincipals(appId='…')`: objects by client id.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::change::ApplicationChange;
use super::proven_keys::{AddKey, RemoveKey, add_certificate, remove_certificate};
use super::read::{ApplicationName, show_application};
use super::secrets::{AddPassword, RemovePassword, create_secret, delete_secret};
use super::write::{delete_application, update_application};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::directory_roles;
use crate::graph::error::GraphError;
use crate::graph::service_principals;

/// Returns whether a path segment may contain an alternate key.
pub(crate) fn has_alternate_key(segment: &str) -> bool {
    app_id(segment, "applications").or_else(|| app_id(segment, "servicePrincipals")).is_some()
        || segment.starts_with(directory_roles::NAMED)
}

/// Returns the client id in `collection(appId='…')`.
fn app_id<'a>(segment: &'a str, collection: &str) -> Option<&'a str> {
    segment.strip_prefix(collection)?.strip_prefix("(appId='")?.strip_suffix("')")
}

pub(super) fn application(segment: &str) -> Result<ApplicationName, GraphError> {
    let app_id = app_id(segment, "applications").ok_or_else(GraphError::unknown_path)?;
    Ok(ApplicationName::AppId(app_id.to_owned()))
}

pub(crate) async fn show_by_app_id(caller: Caller, Path(segment): Path<String>) -> Response {
    let result = async {
        if let Some(app_id) = app_id(&segment, "servicePrincipals") {
            return service_principals::show_principal(&caller, &ApplicationName::AppId(app_id.to_owned()))
                .await;
        }
        if segment.starts_with(directory_roles::NAMED) {
            return directory_roles::shown(&caller, &segment);
        }
        show_application(&caller, &application(&segment)?).await
    };
    caller.answer(result.await)
}

pub(crate) async fn update_by_app_id(
    caller: Caller,
    Path(segment): Path<String>,
    body: Result<Body<Value>, GraphError>,
) -> Response {
    let result = async {
        if let Some(app_id) = app_id(&segment, "servicePrincipals") {
            let body = body.and_then(|Body(value)| Body::of(value));
            return service_principals::update_principal(
                &caller,
                &ApplicationName::AppId(app_id.to_owned()),
                body,
            )
            .await;
        }
        let body = body.and_then(|Body(value)| Body::<ApplicationChange>::of(value));
        update_application(&caller, &application(&segment)?, body).await
    };
    caller.answer(result.await)
}

pub(crate) async fn delete_by_app_id(caller: Caller, Path(segment): Path<String>) -> Response {
    let result = async { delete_application(&caller, &application(&segment)?).await };
    caller.answer(result.await)
}

pub(crate) async fn add_password_by_app_id(
    caller: Caller,
    Path(segment): Path<String>,
    body: Result<Body<AddPassword>, GraphError>,
) -> Response {
    let result = async { create_secret(&caller, &application(&segment)?, body).await };
    caller.answer(result.await)
}

pub(crate) async fn remove_password_by_app_id(
    caller: Caller,
    Path(segment): Path<String>,
    body: Result<Body<RemovePassword>, GraphError>,
) -> Response {
    let result = async { delete_secret(&caller, &application(&segment)?, body).await };
    caller.answer(result.await)
}

pub(crate) async fn add_key_by_app_id(
    caller: Caller,
    Path(segment): Path<String>,
    body: Result<Body<AddKey>, GraphError>,
) -> Response {
    let result = async { add_certificate(&caller, &application(&segment)?, body).await };
    caller.answer(result.await)
}

pub(crate) async fn remove_key_by_app_id(
    caller: Caller,
    Path(segment): Path<String>,
    body: Result<Body<RemoveKey>, GraphError>,
) -> Response {
    let result = async { remove_certificate(&caller, &application(&segment)?, body).await };
    caller.answer(result.await)
}
