//! A tenant's policies: Conditional Access, the places it names, and the lifetimes of tokens. Every token request asks for them, so
//! they are one document that comes with the tenant.

use outlive_clock::{ClientId, Instant, Span, TenantId};
use outlive_rules::conditional_access::{NamedLocation, Policy};
use outlive_rules::lifetimes;
use outlive_store::{Statement, sql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most policies, places or lifetimes of a tenant ("Microsoft Entra service limits and restrictions": 195 locations, 240 policies).
pub(crate) const POLICIES_MAX: usize = 195;

/// Everything of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policies {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditional_access: Vec<Kept<Policy>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) named_locations: Vec<Kept<Location>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) token_lifetimes: Vec<Kept<TokenLifetime>>,
    /// How often they were written: an update is of the revision that was read.
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// One of them, with its id and its times (virtual).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) id: Uuid,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Option<Instant>,
    pub(crate) says: T,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) display_name: String,
    pub(crate) trusted: bool,
    pub(crate) ranges: Vec<String>,
}

/// How long access and ID tokens live (`tokenLifetimePolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenLifetime {
    pub(crate) display_name: String,
    /// As it was written: JSON in a text, as Graph has it.
    pub(crate) definition: String,
    pub(crate) access_token: Span,
    /// Whether it is the whole organisation's.
    pub(crate) organization_default: bool,
    /// The applications that it was assigned to.
    #[serde(default)]
    pub(crate) applications: Vec<ClientId>,
}

impl Policies {
    /// The places, as the rules want them.
    pub(crate) fn places(&self) -> Vec<NamedLocation> {
        let place = |kept: &Kept<Location>| NamedLocation {
            id: kept.id.to_string(),
            trusted: kept.says.trusted,
            ranges: kept.says.ranges.clone(),
        };
        self.named_locations.iter().map(place).collect()
    }

    /// How long tokens for an application live, if a policy says.
    pub(crate) fn access_token_lifetime(&self, application: ClientId) -> Option<Span> {
        let of = |which: &dyn Fn(&TokenLifetime) -> bool| {
            self.token_lifetimes.iter().find(|kept| which(&kept.says)).map(|kept| kept.says.access_token)
        };
        lifetimes::by_policy(
            of(&|says| says.organization_default),
            of(&|says| says.applications.contains(&application)),
        )
    }

    /// Writes them, if none of them changed since they were read.
    pub(crate) fn replace(&self, before: &Self, tenant: TenantId) -> Statement {
        sql!(
            "UPDATE tenants SET policies = $1, policies_revision = policies_revision + 1 \
             WHERE tenant = $2 AND policies_revision = $3",
            serde_json::json!(self),
            tenant,
            before.revision
        )
        .expect_rows(1)
    }
}
