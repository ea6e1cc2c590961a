//! Compares the tenants of each service with those that the lab created.

use std::collections::{BTreeMap, HashSet};

use outlive_clock::TenantId;

use super::lost_data::{LostData, recovery_of};
use super::{TenantError, Tenants};
use crate::conductor::ConductError;
use crate::http::CallError;
use crate::services::Service;

/// The tenants of this lab in each service, or why they cannot be listed.
pub(super) type Lists = Vec<(Service, Result<Vec<TenantId>, CallError>)>;

impl Tenants {
    /// Lists this lab's tenants in every service.
    pub(super) async fn lists(&self) -> Result<Lists, TenantError> {
        let lab = self.installation().await?;
        let mut lists = Vec::new();
        for service in Service::ALL {
            lists.push((service, self.surface().tenants(service, Some(&lab)).await));
        }
        Ok(lists)
    }

    /// Finds services that respond and lack tenants of this lab.
    ///
    /// # Errors
    /// A failing database.
    pub async fn lost_data(&self) -> Result<Vec<LostData>, TenantError> {
        let known = self.list().await?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let lists = self.lists().await?;
        self.lost_data_by(&known, &lists).await
    }

    /// [`Tenants::lost_data`], from lists that were read after `known`.
    pub(super) async fn lost_data_by(
        &self,
        known: &[(TenantId, String)],
        lists: &Lists,
    ) -> Result<Vec<LostData>, TenantError> {
        let mut found = Vec::new();
        for (service, listed) in lists {
            let Ok(listed) = listed else { continue };
            let listed: HashSet<_> = listed.iter().copied().collect();
            if known.iter().all(|(tenant, _)| listed.contains(tenant)) {
                continue;
            }
            // Tenants that an earlier version created are not marked with a lab.
            let Ok(all) = self.surface().tenants(*service, None).await else { continue };
            let all: HashSet<_> = all.into_iter().collect();
            let lost: Vec<_> = known.iter().filter(|(tenant, _)| !all.contains(tenant)).cloned().collect();
            if !lost.is_empty() {
                let is_everything = lost.len() == known.len();
                found.push(LostData { service: *service, tenants: lost, is_everything });
            }
        }
        if found.is_empty() {
            return Ok(found);
        }
        // A tenant that is being deleted is removed from the lab's list first; one that is being
        // started over is recorded first.
        let mut still: HashSet<_> = self.list().await?.into_iter().map(|(tenant, _)| tenant).collect();
        for tenant in self.resets().await? {
            still.remove(&tenant);
        }
        for lost in &mut found {
            lost.tenants.retain(|(tenant, _)| still.contains(tenant));
        }
        found.retain(|lost| !lost.tenants.is_empty());
        Ok(found)
    }

    /// Updates the lost data, which the list of tenants shows, and logs each change once.
    pub(super) async fn note_lost_data(
        &self,
        known: &[(TenantId, String)],
        lists: &Lists,
    ) -> Result<(), TenantError> {
        let found = self.lost_data_by(known, lists).await?;
        let before = self.lost().clone();
        let mut now: BTreeMap<_, _> = found.into_iter().map(|lost| (lost.service, lost)).collect();
        for (service, listed) in lists {
            match (before.get(service), now.get(service)) {
                // While a service does not respond, its last known state is kept.
                (Some(known), None) if listed.is_err() => {
                    now.insert(*service, known.clone());
                }
                (Some(_), None) => tracing::info!(%service, "the service has all tenants of this lab again"),
                (known, Some(lost)) if known != Some(lost) => {
                    tracing::error!("{lost}. {}.", recovery_of(*service));
                }
                _ => {}
            }
        }
        *self.lost() = now;
        Ok(())
    }

    /// Returns the services that are known to lack this tenant.
    pub(crate) fn services_without(&self, tenant: TenantId) -> Vec<Service> {
        let lost = self.lost();
        let without = lost.values().filter(|lost| lost.tenants.iter().any(|(known, _)| *known == tenant));
        without.map(|lost| lost.service).collect()
    }

    /// Converts an error: a service's 404 means that it lost the tenant.
    pub(super) async fn explain(&self, tenant: TenantId, error: ConductError) -> TenantError {
        match error {
            ConductError::Service { service, cause } if cause.status == Some(404) => {
                match self.credentials(tenant).await {
                    Ok(_) => TenantError::Incomplete { tenant, service },
                    Err(unknown) => unknown,
                }
            }
            error => error.into(),
        }
    }
}
