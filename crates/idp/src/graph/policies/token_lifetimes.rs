//! `/policies/tokenLifetimePolicies`, and which applications have one ("Configurable token lifetimes"). Of its properties only
//! `AccessTokenLifetime` is still alive.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::Span;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{add, change, find, kept, listed, patched, read, replace, shown};
use crate::directory::{Application, Kept, TokenLifetime};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity};
use crate::graph::permissions::{READ_POLICIES, WRITE_TOKEN_LIFETIMES};

const POLICY: EntityType = EntityType {
    name: "microsoft.graph.tokenLifetimePolicy",
    set: "policies/tokenLifetimePolicies",
    properties: &[
        "id",
        "displayName",
        "definition",
        "isOrganizationDefault",
        "createdDateTime",
        "modifiedDateTime",
    ],
    shown: &["id", "displayName", "definition", "isOrganizationDefault"],
    filterable: &["id", "displayName", "isOrganizationDefault"],
    order: None,
};

/// The bounds of `AccessTokenLifetime`.
const SHORTEST: Span = Span::from_minutes(10);
const LONGEST: Span = Span::from_days(1);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPolicy {
    display_name: String,
    definition: Vec<String>,
    #[serde(default)]
    is_organization_default: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    #[serde(rename = "TokenLifetimePolicy")]
    policy: Lifetimes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Lifetimes {
    version: u8,
    access_token_lifetime: String,
}

fn resource(policy: &Kept<TokenLifetime>) -> Value {
    let says = json!({
        "displayName": policy.says.display_name,
        "definition": [policy.says.definition],
        "isOrganizationDefault": policy.says.organization_default,
    });
    shown(policy, says)
}

fn checked(new: NewPolicy, before: Option<&TokenLifetime>) -> Result<TokenLifetime, GraphError> {
    let wrong = |why: String| Err(GraphError::bad_request(why));
    let [definition] = <[String; 1]>::try_from(new.definition)
        .map_err(|_| GraphError::bad_request("definition is a list of one text."))?;
    if new.display_name.is_empty() || new.display_name.len() > 256 || definition.len() > 1_000 {
        return wrong("displayName has 1 to 256 characters, a definition at most 1000.".to_owned());
    }
    let lifetimes = match serde_json::from_str::<Definition>(&definition) {
        Ok(Definition { policy }) => policy,
        Err(error) => return wrong(format!("The definition is not what it should be: {error}.")),
    };
    let access_token = dotnet(&lifetimes.access_token_lifetime);
    let Some(access_token) = access_token.filter(|span| (SHORTEST..=LONGEST).contains(span)) else {
        return wrong("AccessTokenLifetime is between 00:10:00 and 1.00:00:00.".to_owned());
    };
    if lifetimes.version != 1 {
        return wrong("The version of a definition is 1.".to_owned());
    }
    Ok(TokenLifetime {
        display_name: new.display_name,
        definition,
        access_token,
        organization_default: new.is_organization_default,
        applications: before.map(|before| before.applications.clone()).unwrap_or_default(),
    })
}

/// `D.HH:MM:SS` or `HH:MM:SS`, as .NET writes spans.
fn dotnet(text: &str) -> Option<Span> {
    let (days, time) = text.split_once('.').unwrap_or(("0", text));
    let mut parts = time.splitn(3, ':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let days = days.parse::<u16>().ok()?;
    (hours <= 24 && minutes < 60 && seconds < 60).then(|| {
        Span::from_seconds(
            i64::from(days) * 86_400
                + i64::from(hours) * 3_600
                + i64::from(minutes) * 60
                + i64::from(seconds),
        )
    })
}

pub(super) async fn list(caller: Caller) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        listed(&caller, &POLICY, caller.tenant.policies.token_lifetimes.iter().map(resource).collect())
    });
    caller.answer(result)
}

pub(super) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        let policy = find(&caller.tenant.policies.token_lifetimes, &id)?;
        Ok(entity(&POLICY, StatusCode::OK, &resource(policy), &caller.entity_options(&POLICY)?))
    });
    caller.answer(result)
}

pub(super) async fn create(caller: Caller, body: Result<Body<Value>, GraphError>) -> Response {
    let result = async {
        let Body(body) = body?;
        caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
        let options = caller.entity_options(&POLICY)?;
        let policy = kept(&caller, checked(read(&body)?, None)?);
        let object = resource(&policy);
        let data = json!({"policy": policy.id, "name": policy.says.display_name});
        replace(&caller, "token_lifetime.created", data, |all| {
            if policy.says.organization_default {
                all.token_lifetimes.iter_mut().for_each(|other| other.says.organization_default = false);
            }
            add(&mut all.token_lifetimes, policy)
        })
        .await?;
        Ok(entity(&POLICY, StatusCode::CREATED, &object, &options))
    };
    caller.answer(result.await)
}

pub(super) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<Value>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
        let before = find(&caller.tenant.policies.token_lifetimes, &id)?;
        let says = checked(read(&patched(resource(before), &patch)?)?, Some(&before.says))?;
        let data = json!({"policy": before.id, "name": says.display_name});
        let (id, now) = (before.id, caller.now);
        replace(&caller, "token_lifetime.changed", data, |all| {
            if says.organization_default {
                all.token_lifetimes.iter_mut().for_each(|other| other.says.organization_default = false);
            }
            change(&mut all.token_lifetimes, id, says, now);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

pub(super) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&WRITE_TOKEN_LIFETIMES)?;
        let policy = find(&caller.tenant.policies.token_lifetimes, &id)?;
        let (id, data) = (policy.id, json!({"policy": policy.id, "name": policy.says.display_name}));
        replace(&caller, "token_lifetime.deleted", data, |all| {
            all.token_lifetimes.retain(|policy| policy.id != id);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

async fn application(caller: &Caller, object_id: &str) -> Result<Application, GraphError> {
    let unknown = || GraphError::no_such(object_id);
    let id = object_id.parse::<Uuid>().map_err(|_| unknown())?;
    let found = caller.idp.directory.application_of_object(caller.tenant.id, id).await?;
    found.ok_or_else(unknown)
}

/// `GET /applications/{id}/tokenLifetimePolicies`.
pub(super) async fn list_assigned(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&READ_POLICIES)?;
        let client = application(&caller, &id).await?.client_id;
        let all = &caller.tenant.policies.token_lifetimes;
        let assigned = all.iter().filter(|policy| policy.says.applications.contains(&client));
        listed(&caller, &POLICY, assigned.map(resource).collect())
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
        let (id, data) = (policy.id, json!({"policy": policy.id, "client_id": client}));
        replace(&caller, "token_lifetime.assigned", data, |all| {
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
        let (id, data) = (found.id, json!({"policy": found.id, "client_id": client}));
        replace(&caller, "token_lifetime.unassigned", data, |all| {
            let policies = all.token_lifetimes.iter_mut().filter(|policy| policy.id == id);
            policies.for_each(|policy| policy.says.applications.retain(|other| *other != client));
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
