//! `/identity/conditionalAccess/namedLocations`: locations by IP ranges. Countries are not
//! supported.

use outlive_rules::conditional_access::parsed_range;
use outlive_wire::JournalEvent;
use outlive_wire::events::{Actor, LocationChanged, LocationCreated, LocationDeleted};

use super::kind::{Kind, PolicyChange};
use crate::directory::{Kept, Location, Policies};
use crate::graph::permissions::{Permission, WRITE_CONDITIONAL_ACCESS};
use crate::graph::prelude::*;

entity_type! {
    /// "ipNamedLocation resource type".
    LOCATION = "microsoft.graph.ipNamedLocation" in "identity/conditionalAccess/namedLocations",
    fn resource(location: &Kept<Location>) {
        "id" [Filterable] => location.id,
        "displayName" [Filterable] => location.says.display_name,
        "isTrusted" => location.says.trusted,
        "ipRanges" => ranges(&location.says),
        "createdDateTime" => location.created_at,
        "modifiedDateTime" => location.modified_at,
    }
}

fn ranges(location: &Location) -> Vec<Value> {
    location.ranges.iter().map(|range| json!({"cidrAddress": range})).collect()
}

/// The maximum number of ranges ("Using the location condition": 2,000).
const RANGES_MAX: usize = 2_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewLocation {
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

pub(super) struct NamedLocations;

impl Kind for NamedLocations {
    type Says = Location;
    type Written = NewLocation;

    const ENTITY: &'static EntityType = &LOCATION;
    const WRITE: &'static Permission = &WRITE_CONDITIONAL_ACCESS;
    const RESOURCE: fn(&Kept<Location>) -> Value = resource;

    fn all(policies: &Policies) -> &Vec<Kept<Location>> {
        &policies.named_locations
    }

    fn all_mut(policies: &mut Policies) -> &mut Vec<Kept<Location>> {
        &mut policies.named_locations
    }

    fn checked(new: NewLocation, _before: Option<&Location>) -> Result<Location> {
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

    fn event(change: PolicyChange, kept: &Kept<Location>, actor: Option<Actor>) -> JournalEvent {
        let (location, name) = (kept.id, kept.says.display_name.clone());
        match change {
            PolicyChange::Created => LocationCreated { location, name, actor }.into(),
            PolicyChange::Changed => LocationChanged { location, name, actor }.into(),
            PolicyChange::Deleted => LocationDeleted { location, name, actor }.into(),
        }
    }

    /// A location that a policy refers to cannot be deleted.
    fn may_go(location: &Kept<Location>, policies: &Policies) -> Result<()> {
        let name = location.id.to_string();
        let places =
            policies.conditional_access.iter().filter_map(|policy| policy.says.conditions.locations.as_ref());
        let mut named =
            places.flat_map(|places| places.include_locations.iter().chain(&places.exclude_locations));
        if named.any(|named| *named == name) {
            return Err(GraphError::bad_request("A policy names this location."));
        }
        Ok(())
    }
}
