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

/// A tenant with all its data, in one document, to be sent to `POST /lab/tenants?import` of this or
/// another installation of the same version of Outlive.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantExport {
    /// `outlive-tenant/1`.
    #[schema(example = "outlive-tenant/1")]
    pub format: String,
    /// The SHA-256 of `content` without white space and with sorted members, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// The data, with the secrets of the tenant. Its form is that of the tables of this version.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
}
