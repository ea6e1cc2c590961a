//! Objects in the path of a request.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use super::error::{GraphError, Result};
use crate::idp::Idp;

/// The user in a path: `/me` or `/users/{id}`.
#[derive(Debug)]
pub(super) enum UserName {
    Me,
    Named(String),
}

impl FromRequestParts<Idp> for UserName {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self> {
        Ok(parameter(parts, idp, "id").await?.map_or(Self::Me, Self::Named))
    }
}

/// An object by its alternate key: `applications(appId='…')`, `servicePrincipals(appId='…')` or
/// `directoryRoles(…)`.
#[derive(Debug)]
pub(super) enum Named {
    Application(ApplicationName),
    ServicePrincipal(ApplicationName),
    Role(String),
}

impl Named {
    pub(super) fn of_segment(segment: &str) -> Option<Self> {
        let app_id = |collection: &str| {
            let key = segment.strip_prefix(collection)?.strip_prefix("(appId='")?.strip_suffix("')")?;
            Some(ApplicationName::AppId(key.to_owned()))
        };
        app_id("applications")
            .map(Self::Application)
            .or_else(|| app_id("servicePrincipals").map(Self::ServicePrincipal))
            .or_else(|| segment.starts_with(NAMED_ROLE).then(|| Self::Role(segment.to_owned())))
    }
}

/// The beginning of a segment that names a role by an alternate key.
pub(super) const NAMED_ROLE: &str = "directoryRoles(";

impl FromRequestParts<Idp> for Named {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self> {
        let segment = parameter(parts, idp, "named").await?;
        segment.and_then(|segment| Self::of_segment(&segment)).ok_or_else(GraphError::unknown_path)
    }
}

/// The application in a path: `applications/{id}` or `applications(appId='{appId}')`.
#[derive(Debug, Clone)]
pub(super) enum ApplicationName {
    Object(String),
    AppId(String),
}

impl FromRequestParts<Idp> for ApplicationName {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, idp: &Idp) -> Result<Self> {
        if let Some(id) = parameter(parts, idp, "id").await? {
            return Ok(Self::Object(id));
        }
        match Named::from_request_parts(parts, idp).await? {
            Named::Application(name) => Ok(name),
            _ => Err(GraphError::unknown_path()),
        }
    }
}

async fn parameter(parts: &mut Parts, idp: &Idp, name: &str) -> Result<Option<String>> {
    let parameters = RawPathParams::from_request_parts(parts, idp).await;
    let parameters = parameters.map_err(|error| GraphError::bad_request(error.body_text()))?;
    Ok(parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()))
}

/// Parses the id of an object. No object has an id that is malformed.
pub(super) fn parse_id<T: FromStr>(id: &str) -> Result<T> {
    id.parse().ok().ok_or_else(|| GraphError::not_found(id))
}
