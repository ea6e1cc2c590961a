//! Which applications have a token lifetime policy: `/applications/{id}/tokenLifetimePolicies`.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_wire::events::{TokenLifetimeAssigned, TokenLifetimeUnassigned};
use serde::Deserialize;
use uuid::Uuid;

use super::collection::resource;
use super::token_lifetimes::TokenLifetimes;
use super::{Kind, find, replace};
use crate::directory::Application;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::whole_collection;
use crate::graph::permissions::{READ_POLICIES, WRITE_TOKEN_LIFETIMES};

async fn application(caller: &Caller, object_id: &str) -> Result<Application, GraphError> {
    let unknown = || GraphError::no_such(object_id);
    let id = object_id.parse::<Uuid>().map_err(|_| unknown())?;
    let found = caller.idp.directory.application_of_object(caller.tenant.id, id).await?;
    found.ok_or_else(unknown)
}

/// `GET /applications/{id}/tokenLifetimePolicies`.
pub(super) async fn list(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_POLICIES)?;
        let client = application(&caller, &id).await?.client_id;
        let all = &caller.tenant.policies.token_lifetimes;
        let assigned = all.iter().filter(|policy| policy.says.applications.contains(&client));
        let assigned = assigned.map(resource::<TokenLifetimes>).collect();
        whole_collection(&caller, TokenLifetimes::ENTITY, assigned)
    };
    caller.answer(result.await)
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "@odata.id")]
    id: String,
}

/// `POST /applications/{id}/tokenLifetimePolicies/$ref`: an application has one at most.
pub(super) async fn assign(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<Reference>, JsonRejection>,
) -> Response {
    let result = async {
        let Json(reference) = body?;
        caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
        let client = application(&caller, &id).await?.client_id;
        let name = reference.id.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let policy = find(&caller.tenant.policies.token_lifetimes, name)?;
        if caller
            .tenant
            .policies
            .token_lifetimes
            .iter()
            .any(|policy| policy.says.applications.contains(&client))
        {
            return Err(GraphError::bad_request("The application has a token lifetime policy."));
        }
        let id = policy.id;
        let event = TokenLifetimeAssigned { policy: id, client_id: client, actor: caller.actor() };
        replace(&caller, event, |all| {
            let policies = all.token_lifetimes.iter_mut().filter(|policy| policy.id == id);
            policies.for_each(|policy| policy.says.applications.push(client));
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// `DELETE /applications/{id}/tokenLifetimePolicies/{policy}/$ref`.
pub(super) async fn unassign(caller: Caller, Path((id, policy)): Path<(String, String)>) -> Response {
    let result = async {
        caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
        let client = application(&caller, &id).await?.client_id;
        let found = find(&caller.tenant.policies.token_lifetimes, &policy)?;
        if !found.says.applications.contains(&client) {
            return Err(GraphError::no_such(policy));
        }
        let id = found.id;
        let event = TokenLifetimeUnassigned { policy: id, client_id: client, actor: caller.actor() };
        replace(&caller, event, |all| {
            let policies = all.token_lifetimes.iter_mut().filter(|policy| policy.id == id);
            policies.for_each(|policy| policy.says.applications.retain(|other| *other != client));
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
