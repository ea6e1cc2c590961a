//! The tenant itself and its signing keys.

use outlive_clock::{Instant, Span, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryTenant {
    /// Tenant id.
    #[schema(value_type = String)]
    pub id: TenantId,
    /// Its domain.
    pub domain: String,
    /// Display name.
    pub display_name: String,
    /// The edition of the rules, with overrides.
    pub rules: String,
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// Whether MFA is required of all users.
    pub require_mfa: bool,
    /// After how many days passwords expire; they do not if absent.
    pub password_validity_days: Option<u32>,
    /// The token lifetime policies, at most 195.
    pub lifetimes: Vec<DirectoryLifetime>,
    /// Until when the token endpoint is down or throttled (virtual time), if it is.
    #[schema(value_type = Option<String>)]
    pub outage_until: Option<Instant>,
}

/// A token lifetime policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryLifetime {
    /// Its name.
    pub name: String,
    /// The lifetime of access and ID tokens.
    #[schema(value_type = String)]
    pub access_token: Span,
    /// Whether it applies to all applications.
    pub is_default: bool,
}

/// The signing keys of a tenant: the published ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryKeys {
    /// The next key, the active one, and the retired ones, the latest first.
    pub keys: Vec<DirectoryKey>,
    /// The interval at which the key is rotated, if there is one.
    #[schema(value_type = Option<String>)]
    pub every: Option<Span>,
    /// When it is rotated next (virtual time), if there is an interval.
    #[schema(value_type = Option<String>)]
    pub next_rotation: Option<Instant>,
}

/// A signing key, without its private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryKey {
    /// Key id.
    pub kid: String,
    /// Whether it signs, is going to, or did.
    pub state: DirectoryKeyState,
    /// Since when it signs, or signed, for the tenant (virtual time); absent if that was with the
    /// creation of the tenant, or long ago.
    #[schema(value_type = Option<String>)]
    pub since: Option<Instant>,
}

/// What a signing key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryKeyState {
    /// Published, so that validators know it before it signs.
    Next,
    /// Signs.
    Active,
    /// No longer signs; published for tokens that it signed.
    Retired,
}
