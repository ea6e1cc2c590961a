//! `/identity/conditionalAccess/namedLocations`: places by their ranges of addresses. Countries are not known here.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_rules::conditional_access::parsed_range;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{add, change, find, kept, listed, patched, read, replace, shown};
use crate::directory::{Kept, Location};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity};
use crate::graph::permissions::{READ_POLICIES, WRITE_CONDITIONAL_ACCESS};

const LOCATION: EntityType = EntityType {
    name: "microsoft.graph.ipNamedLocation",
    set: "identity/conditionalAccess/namedLocations",
    properties: &["id", "displayName", "isTrusted", "ipRanges", "createdDateTime", "modifiedDateTime"],
    shown: &[],
    filterable: &["id", "displayName"],
    order: None,
};

/// Most ranges of a place ("Using the location condition": 2,000).
const RANGES_MAX: usize = 2_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLocation {
    display_name: String,
    #[serde(default)]
    is_trusted: bool,
    ip_ranges: Vec<Range>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Range {
    cidr_address: String,
}

fn resource(location: &Kept<Location>) -> Value {
    let ranges: Vec<_> = location.says.ranges.iter().map(|range| json!({"cidrAddress": range})).collect();
    let says = json!({
        "displayName": location.says.display_name, "isTrusted": location.says.trusted, "ipRanges": ranges,
    });
    shown(location, says)
}

fn checked(new: NewLocation) -> Result<Location, GraphError> {
    if new.display_name.is_empty() || new.display_name.len() > 256 || new.ip_ranges.len() > RANGES_MAX {
        return Err(GraphError::bad_request(
            "A location has a displayName of 256 characters and 2000 ipRanges at most.",
        ));
    }
    let ranges: Vec<_> = new.ip_ranges.into_iter().map(|range| range.cidr_address).collect();
    if let Some(wrong) = ranges.iter().find(|range| parsed_range(range).is_none()) {
        let wrong: String = wrong.chars().take(60).collect();
        return Err(GraphError::bad_request(format!(
            "'{wrong}' is no range; write 192.0.2.0/24 or 2001:db8::/32."
        )));
    }
    Ok(Location { display_name: new.display_name, trusted: new.is_trusted, ranges })
}

pub(super) async fn list(caller: Caller) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        listed(&caller, &LOCATION, caller.tenant.policies.named_locations.iter().map(resource).collect())
    });
    caller.answer(result)
}

pub(super) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        let location = find(&caller.tenant.policies.named_locations, &id)?;
        Ok(entity(&LOCATION, StatusCode::OK, &resource(location), &caller.entity_options(&LOCATION)?))
    });
    caller.answer(result)
}

pub(super) async fn create(caller: Caller, body: Result<Body<Value>, GraphError>) -> Response {
    let result = async {
        let Body(body) = body?;
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let options = caller.entity_options(&LOCATION)?;
        let location = kept(&caller, checked(read(&body)?)?);
        let object = resource(&location);
        let data = json!({"location": location.id, "name": location.says.display_name});
        replace(&caller, "location.created", data, |all| add(&mut all.named_locations, location)).await?;
        Ok(entity(&LOCATION, StatusCode::CREATED, &object, &options))
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
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let before = find(&caller.tenant.policies.named_locations, &id)?;
        let says = checked(read(&patched(resource(before), &patch)?)?)?;
        let data = json!({"location": before.id, "name": says.display_name});
        let (id, now) = (before.id, caller.now);
        replace(&caller, "location.changed", data, |all| {
            change(&mut all.named_locations, id, says, now);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// A place that a policy names stays.
pub(super) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let location = find(&caller.tenant.policies.named_locations, &id)?;
        let (id, name) = (location.id, location.id.to_string());
        let is_named = caller.tenant.policies.conditional_access.iter().any(|policy| {
            policy.says.conditions.locations.iter().any(|places| {
                places.include_locations.iter().chain(&places.exclude_locations).any(|named| *named == name)
            })
        });
        if is_named {
            return Err(GraphError::bad_request("A policy names this location."));
        }
        let data = json!({"location": id, "name": location.says.display_name});
        replace(&caller, "location.deleted", data, |all| {
            all.named_locations.retain(|location| location.id != id);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
