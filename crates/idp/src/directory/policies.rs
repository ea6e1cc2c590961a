//! A tenant's policies: Conditional Access, named locations and token lifetimes. Every token
//! request needs them, so they are one document in the tenant's row.

use outlive_clock::{ClientId, Instant, Span, TenantId};
use outlive_rules::conditional_access::{NamedLocation, Policy};
use outlive_rules::lifetimes;
use outlive_store::{Statement, sql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::outage::Outage;
use crate::directory::spec::PolicySpec;

/// Policies of each kind per tenant ("Microsoft Entra service limits and restrictions": 195
/// locations, 240 policies).
pub(crate) const POLICIES_MAX: usize = 195;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policies {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditional_access: Vec<Kept<Policy>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) named_locations: Vec<Kept<Location>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) token_lifetimes: Vec<Kept<TokenLifetime>>,
    /// Set by the lab. No policy, but like them part of what every token request reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outage: Option<Outage>,
    /// The revision that was read; an update fails if it is outdated.
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// A policy with its id and its (virtual) times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) id: Uuid,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Option<Instant>,
    pub(crate) says: T,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) display_name: String,
    pub(crate) trusted: bool,
    pub(crate) ranges: Vec<String>,
}

/// The lifetime of access and ID tokens (`tokenLifetimePolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenLifetime {
    pub(crate) display_name: String,
    /// The definition as it was written: JSON in a string, as in Graph.
    pub(crate) definition: String,
    pub(crate) access_token: Span,
    pub(crate) organization_default: bool,
    /// Assigned applications.
    #[serde(default)]
    pub(crate) applications: Vec<ClientId>,
}

impl Policies {
    /// The policies with which a tenant begins.
    pub(super) fn created(conditional_access: Vec<PolicySpec>, now: Instant) -> Self {
        let kept = |PolicySpec { id, policy }| Kept { id, created_at: now, modified_at: None, says: policy };
        Self { conditional_access: conditional_access.into_iter().map(kept).collect(), ..Self::default() }
    }

    /// Returns the named locations as the rules need them.
    pub(crate) fn places(&self) -> Vec<NamedLocation> {
        let place = |kept: &Kept<Location>| NamedLocation {
            id: kept.id.to_string(),
            trusted: kept.says.trusted,
            ranges: kept.says.ranges.clone(),
        };
        self.named_locations.iter().map(place).collect()
    }

    pub(crate) fn access_token_lifetime(&self, application: ClientId) -> Option<Span> {
        let of = |which: &dyn Fn(&TokenLifetime) -> bool| {
            self.token_lifetimes.iter().find(|kept| which(&kept.says)).map(|kept| kept.says.access_token)
        };
        lifetimes::by_policy(
            of(&|says| says.organization_default),
            of(&|says| says.applications.contains(&application)),
        )
    }

    /// Updates the policies; conflicts if they have changed since they were read.
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
