//! A tenant to create, and what a tenant was created from.

use outlive_clock::{Instant, Speed, TenantId};
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::overlay::Overlay;
use serde::{Deserialize, Serialize};

use super::temporary::Temporary;

/// A tenant to create.
#[derive(Clone, Debug, Default)]
pub struct NewTenant {
    /// Its id; generated if absent.
    pub id: Option<TenantId>,
    /// Its display name; the seed's if absent.
    pub name: Option<String>,
    /// The seed's name; the default seed if absent.
    pub seed: Option<String>,
    /// Its revocation table; the lab's default if absent.
    pub rules: Option<String>,
    /// When its time starts; wall time if absent.
    pub now: Option<Instant>,
    /// The speed of its time; that of wall time if absent.
    pub speed: Option<Speed>,
    /// What it has in addition to its seed.
    pub overlay: Option<Overlay>,
    /// Whether to leave out the seed's connections and flows.
    pub bare: bool,
    /// Whether to include what the seed has only for its own tenant.
    pub complete: bool,
    /// When and with what it is deleted.
    pub temporary: Temporary,
    /// Whether a seat of a class is reserved for it; without the seat it is not created.
    pub reserved: bool,
}

/// What a tenant was created from, beside its id, name and rules: enough to start it over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct CreatedFrom {
    /// The seed's name; the lab's default seed if absent, in tenants of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<String>,
    /// The hash of the seed that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kept: Option<String>,
    /// The virtual time at which it started, if it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<Instant>,
    /// The speed of its time, if it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) speed: Option<Speed>,
    /// What it has in addition to its seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) overlay: Option<Overlay>,
    /// Whether the seed's connections and flows were left out.
    #[serde(default)]
    pub(super) bare: bool,
    /// Whether it has what the seed has only for its own tenant.
    #[serde(default)]
    pub(super) complete: bool,
}

impl CreatedFrom {
    /// Reads what [`Self::to_text`] wrote.
    ///
    /// Tenants of earlier versions have no such text. They are of the default seed, and those
    /// without flows and connections were created bare.
    pub(super) fn read(text: &str, credentials: &TenantCredentials) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self {
            bare: credentials.flows.is_empty() && credentials.connections.is_empty(),
            ..Self::default()
        })
    }

    pub(super) fn to_text(&self) -> String {
        // Plain data with text keys: serialization cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the tenant to create again.
    pub(super) fn again(self, before: &TenantCredentials) -> NewTenant {
        let Self { seed, now, speed, overlay, bare, complete, kept: _ } = self;
        NewTenant {
            id: Some(before.tenant_id),
            name: Some(before.name.clone()),
            seed,
            rules: Some(before.rules.clone()),
            now,
            speed,
            overlay,
            bare,
            complete,
            temporary: Temporary::default(),
            reserved: false,
        }
    }
}

impl From<&NewTenant> for CreatedFrom {
    fn from(new: &NewTenant) -> Self {
        Self {
            seed: new.seed.clone(),
            kept: None,
            now: new.now,
            speed: new.speed,
            overlay: new.overlay.clone(),
            bare: new.bare,
            complete: new.complete,
        }
    }
}
