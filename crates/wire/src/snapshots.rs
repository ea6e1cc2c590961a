//! Snapshots of tenants.

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A snapshot to take.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotRequest {
    /// Its name, of at most 100 characters; no other snapshot of the tenant has it.
    #[schema(example = "signed in", max_length = 100)]
    pub name: Option<String>,
}

/// A snapshot of a tenant: its state in all services at one instant.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
pub struct Snapshot {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was taken (wall time).
    #[schema(value_type = String)]
    pub created: Instant,
    /// The tenant's virtual time in it.
    #[schema(value_type = String)]
    pub now: Instant,
    /// The speed of time in it.
    #[schema(value_type = u32)]
    pub speed: Speed,
    /// Its size.
    pub bytes: u64,
}

/// The snapshots of a tenant, the oldest first.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SnapshotList {
    /// At most 20.
    #[schema(max_items = 20)]
    pub snapshots: Vec<Snapshot>,
}
