//! The addresses of the services can be other ones after a start (`--share`, another port). Then
//! the redirect URIs of the hub that applications have registered follow, and so do the endpoint
//! at which the orders API receives security events, and the addresses in the tenant credentials.

use outlive_clock::TenantId;
use outlive_wire::MovedOrigin;
use outlive_wire::lab_api::{TenantCredentials, Urls};
use serde_json::Value;

use super::{TenantError, Tenants};

impl Tenants {
    /// Makes all tenants follow the present addresses.
    ///
    /// # Errors
    /// The first tenant that cannot follow yet; the others do.
    pub(super) async fn follow_addresses(&self) -> Result<(), TenantError> {
        let present = self.surface().origins().urls();
        let mut failed = None;
        for (tenant, _) in self.list().await? {
            match self.follow_address(tenant, &present).await {
                // Deleted meanwhile.
                Ok(()) | Err(TenantError::Unknown(_)) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Makes a tenant that was put back follow the present addresses. Returns its credentials with
    /// them. `resource` was the address of the orders API inside; by default, its public one.
    pub(super) async fn follow_from(
        &self,
        before: &TenantCredentials,
        resource: Option<&str>,
    ) -> Result<TenantCredentials, TenantError> {
        let present = self.surface().origins().urls();
        let resource = resource.unwrap_or(&before.urls.resource);
        self.move_registrations(before.tenant_id, (&before.urls.hub, resource), &present).await?;
        Ok(at_present(before, &present).unwrap_or_else(|| before.clone()))
    }

    /// Moves what applications have registered at the hub, and what the orders API has: events are
    /// sent to its address inside, which was `resource`.
    async fn move_registrations(
        &self,
        tenant: TenantId,
        (hub, resource): (&str, &str),
        present: &Urls,
    ) -> Result<(), TenantError> {
        let surface = self.surface();
        if hub != present.hub {
            let moved = MovedOrigin { from: hub.to_owned(), to: present.hub.clone() };
            surface.follow_origin(tenant, &moved).await?;
        }
        let inside = &surface.origins().resource.server;
        if resource != inside {
            let moved = MovedOrigin { from: resource.to_owned(), to: inside.clone() };
            surface.follow_event_streams(tenant, &moved).await?;
        }
        Ok(())
    }

    async fn follow_address(&self, tenant: TenantId, present: &Urls) -> Result<(), TenantError> {
        let before = self.credentials(tenant).await?.urls;
        if before == *present {
            return Ok(());
        }
        // First the registrations: a failure is noticed by the credentials, which are still old.
        self.move_registrations(tenant, (&before.hub, &before.resource), present).await?;
        tracing::info!(%tenant, hub = %present.hub, "a tenant follows the addresses of the services");
        self.update_credentials(tenant, |credentials| {
            *credentials = at_present(credentials, present)?;
            Some(())
        })
        .await
    }
}

/// Returns the tenant credentials with the present addresses, wherever they name an earlier one.
fn at_present(credentials: &TenantCredentials, present: &Urls) -> Option<TenantCredentials> {
    let origin = |from: Option<&String>, to: Option<&String>| {
        let (from, to) = (from?.clone(), to?.clone());
        (from != to).then_some(MovedOrigin { from, to })
    };
    let before = &credentials.urls;
    let moved: Vec<_> = [
        origin(Some(&before.idp), Some(&present.idp)),
        origin(before.idp_tls.as_ref(), present.idp_tls.as_ref()),
        origin(Some(&before.hub), Some(&present.hub)),
        origin(Some(&before.resource), Some(&present.resource)),
        origin(before.resource_tls.as_ref(), present.resource_tls.as_ref()),
        origin(Some(&before.flow), Some(&present.flow)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut document = serde_json::to_value(credentials).ok()?;
    replace(&mut document, &moved);
    let mut after: TenantCredentials = serde_json::from_value(document).ok()?;
    after.urls = present.clone();
    Some(after)
}

fn replace(value: &mut Value, moved: &[MovedOrigin]) {
    match value {
        Value::String(text) => {
            if let Some(new) = moved.iter().find_map(|moved| moved.replaced(text)) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, moved)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, moved)),
        _ => {}
    }
}
