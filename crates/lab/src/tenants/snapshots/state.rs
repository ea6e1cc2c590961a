//! The state of a tenant: copies of its data in all services and in the lab, at one instant.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use outlive_chassis::{pause, table_versions};
use outlive_clock::{Instant, Speed, TenantId};
use outlive_wire::{COPY_BYTES_MAX, CopyState};
use serde_json::value::RawValue;

use super::SnapshotError;
use super::lab_rows::LabRows;
use crate::services::Service;
use crate::tenants::{TenantError, Tenants};

/// How often the copies are read before the tenant counts as busy.
const ATTEMPTS_MAX: u32 = 5;
/// The wait between two attempts (wall time).
const WAIT: Duration = Duration::from_millis(50);

/// The versions of the tables of one database, by set of migrations.
pub(in crate::tenants) type TableVersions = Vec<(String, i64)>;

/// The name of the lab's part.
pub(super) const LAB: &str = "lab";

/// The state of a tenant. Contains its secrets: no `Debug`.
pub(in crate::tenants) struct TenantState {
    /// Virtual time.
    pub(in crate::tenants) now: Instant,
    pub(in crate::tenants) speed: Speed,
    /// The versions of the tables, by part.
    pub(in crate::tenants) versions: BTreeMap<String, TableVersions>,
    /// What each service copied, in the order of [`Service::ALL`].
    pub(in crate::tenants) copies: Vec<Box<RawValue>>,
    pub(in crate::tenants) lab: LabRows,
    /// Whether the identity provider has keys for this tenant alone.
    pub(in crate::tenants) has_own_keys: bool,
}

impl Tenants {
    /// Copies the state of a tenant. The services are read one after the other; if nothing has
    /// changed in any of them until all are read, that is the state at one instant.
    ///
    /// # Errors
    /// [`SnapshotError::Changing`], an unknown tenant, or a service that did not answer or has too
    /// much data.
    pub(in crate::tenants) async fn copy_state(&self, tenant: TenantId) -> Result<TenantState, TenantError> {
        let surface = self.surface();
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 {
                pause(WAIT).await;
            }
            let of_service = |service, cause| TenantError::Service { service, cause };
            let reads = Service::ALL.map(|service| async move {
                surface.copy(service, tenant).await.map_err(|cause| of_service(service, cause))
            });
            let read = try_join_all(reads).await?;
            let lab = self.copy_lab_rows(tenant).await?;
            // What is minted from now on belongs to another generation, so a restore forgets it.
            // What was minted since the copy changed the state, and is in the next attempt.
            let begun = surface.begin_generation(tenant).await;
            let begun = begun.map_err(|cause| of_service(Service::Idp, cause))?;
            let again = Service::ALL.map(|service| async move {
                surface.copy_state(service, tenant).await.map_err(|cause| of_service(service, cause))
            });
            let states: Vec<CopyState> = try_join_all(again).await?;
            let is_same = read.iter().zip(&states).all(|(copied, state)| copied.state == *state);
            if !is_same || !self.has_lab_rows(tenant, &lab).await? {
                continue;
            }
            let mut versions: BTreeMap<_, _> = Service::ALL
                .into_iter()
                .zip(&states)
                .map(|(service, state)| (service.to_string(), state.versions.clone()))
                .collect();
            versions.insert(LAB.to_owned(), table_versions(&self.chassis().store).await?);
            return Ok(TenantState {
                now: read.iter().map(|copied| copied.now).max().unwrap_or(Instant::EPOCH),
                speed: states.first().map_or(Speed::FROZEN, |state| state.speed),
                versions,
                copies: read.into_iter().map(|copied| copied.copy).collect(),
                lab,
                has_own_keys: begun.has_own_keys,
            });
        }
        Err(SnapshotError::Changing(tenant).into())
    }

    /// Checks that all services and the lab have the tables of a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError::OtherVersion`], or a service that did not answer.
    pub(super) async fn check_versions(
        &self,
        tenant: TenantId,
        versions: &BTreeMap<String, TableVersions>,
    ) -> Result<(), TenantError> {
        let states = Service::ALL.map(|service| async move {
            let state = self.surface().copy_state(service, tenant).await;
            state.map_err(|cause| TenantError::Service { service, cause })
        });
        let states: Vec<CopyState> = try_join_all(states).await?;
        for (service, state) in Service::ALL.into_iter().zip(states) {
            if versions.get(&service.to_string()) != Some(&state.versions) {
                return Err(SnapshotError::of_other_version(Some(service)).into());
            }
        }
        if !self.has_lab_tables(versions).await? {
            return Err(SnapshotError::of_other_version(None).into());
        }
        Ok(())
    }

    /// Whether the lab's own tables have these versions.
    pub(in crate::tenants) async fn has_lab_tables(
        &self,
        versions: &BTreeMap<String, TableVersions>,
    ) -> Result<bool, TenantError> {
        Ok(versions.get(LAB) == Some(&table_versions(&self.chassis().store).await?))
    }
}

impl TenantState {
    /// Returns what is stored, by part.
    ///
    /// # Errors
    /// [`SnapshotError::TooLarge`].
    pub(in crate::tenants) fn parts(&self) -> Result<Vec<(String, String)>, SnapshotError> {
        // Plain data with text keys: serialization cannot fail.
        let lab = serde_json::to_string(&self.lab).unwrap_or_default();
        if lab.len() > COPY_BYTES_MAX {
            return Err(SnapshotError::TooLarge(lab.len()));
        }
        let copies = Service::ALL.into_iter().zip(&self.copies);
        let mut parts: Vec<_> =
            copies.map(|(service, copy)| (service.to_string(), copy.get().to_owned())).collect();
        parts.push((LAB.to_owned(), lab));
        Ok(parts)
    }

    /// Returns the state from what was stored.
    pub(in crate::tenants) fn from_parts(
        (now, speed): (Instant, Speed),
        versions: BTreeMap<String, TableVersions>,
        mut parts: BTreeMap<String, String>,
    ) -> Option<Self> {
        let lab = serde_json::from_str(&parts.remove(LAB)?).ok()?;
        let copies = Service::ALL
            .into_iter()
            .map(|service| RawValue::from_string(parts.remove(&service.to_string())?).ok())
            .collect::<Option<_>>()?;
        Some(Self { now, speed, versions, copies, lab, has_own_keys: true })
    }
}
