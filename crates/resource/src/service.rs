//! The tenants of the resource, as the lab creates and deletes them.

use http::request::Parts;
use outlive_chassis::{Endpoint, Problem, Resealed, Service, SpecMistake, Trace, endpoints_of};
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use outlive_tokens::Certificate;
use outlive_wire::{ApiCertificateSpec, ApiKeySpec, ResourceSpec, lab_api};

use crate::api::Api;
use crate::audiences::Audiences;
use crate::{api_certificates, api_keys, domains, evaluation, fault_place, orders, spec};

impl Service for Api {
    type TenantSpec = ResourceSpec;
    const TENANT_TABLES: &'static [&'static str] = &[
        "orders",
        "audiences",
        "domains",
        "api_keys",
        "api_certificates",
        evaluation::TABLES[0],
        evaluation::TABLES[1],
    ];

    // An id that is no text is that of no order.
    const RAW_PATHS: &'static [&'static str] = &["/orders/"];

    const ENDPOINTS: &'static [Endpoint] = endpoints_of(lab_api::Service::Resource);

    fn spec_mistakes(spec: &ResourceSpec) -> Vec<SpecMistake> {
        spec::mistakes(spec)
    }

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: ResourceSpec,
        now: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        let mut change = Change::from(Audiences::insert(tenant, &spec.audiences));
        if let Some(domain) = &spec.domain {
            change.add(domains::insert(tenant, domain));
        }
        for ApiKeySpec { name, key } in &spec.keys {
            change.add(api_keys::insert(tenant, name, key));
        }
        for ApiCertificateSpec { name, certificate } in &spec.certificates {
            let read = Certificate::from_pem(certificate).map_err(|refusal| {
                Problem::bad_request(format!("The certificate '{name}' cannot be used: {refusal}."))
            })?;
            change.append(api_certificates::register(tenant, name, &read));
        }
        let orders = spec::orders(spec, now);
        for order in &orders {
            change.add(orders::insert(tenant, order));
        }
        Ok(change)
    }

    async fn tenant_of(&self, request: &Parts, _: Option<&str>) -> Option<TenantId> {
        fault_place::tenant_of(self, request).await
    }

    /// Nothing is sealed: of keys there are hashes, and passwords are not kept.
    async fn reseal(&self) -> Result<Option<Resealed>, Problem> {
        Ok(Some(Resealed::default()))
    }

    fn forget_tenant(&self, tenant: TenantId) {
        self.audiences.forget(tenant);
        self.verifier.forget(tenant);
    }
}
