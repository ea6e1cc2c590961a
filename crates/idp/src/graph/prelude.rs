//! The vocabulary in which collections are written.

pub(super) use axum::Router;
pub(super) use axum::extract::Path;
pub(super) use axum::response::Response;
pub(super) use axum::routing::{delete, get, post};
pub(super) use http::StatusCode;
pub(super) use outlive_wire::Subject;
pub(super) use serde::Deserialize;
pub(super) use serde_json::{Value, json};
pub(super) use uuid::Uuid;

pub(super) use super::body::{Body, Given, PlainBody};
pub(super) use super::caller::{Caller, require};
pub(super) use super::error::{Answer, GraphError, Result};
pub(super) use super::odata::Use::{Filterable, FilterableMember, Shown, ShownIfDeleted};
pub(super) use super::odata::{
    CollectionRoutes, EntityType, Options, Page, collection, context, entity_type, whole_collection,
};
pub(super) use super::path::{ApplicationName, UserName, parse_id};
pub(super) use crate::idp::Idp;
