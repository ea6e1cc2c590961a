//! The interface between a service and the lab surface.

use std::future::Future;

use axum::response::{IntoResponse, Response};
use http::Uri;
use http::request::Parts;
use outlive_clock::{Instant, TenantId};
use outlive_store::Change;
use outlive_wire::{DueWork, ServiceClientSpec};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    BODY_BYTES_MAX, Endpoint, NamedConnection, Problem, Resealed, SealedColumn, SpecMistake, Trace, Turn,
};

/// A service with tenants and possibly due work.
pub trait Service: Send + Sync + 'static {
    /// The specification of a new tenant, without its clock.
    type TenantSpec: DeserializeOwned + Send;

    /// The tables whose rows are deleted with their tenant.
    const TENANT_TABLES: &'static [&'static str];

    /// The tables whose rows have a tenant column and belong to the installation.
    const INSTALLATION_TABLES: &'static [&'static str] = &[];

    /// The columns with texts that the service sealed. Copies of a tenant contain them opened.
    const SEALED_COLUMNS: &'static [SealedColumn] = &[];

    /// Prefixes of the paths whose escapes the service reads itself, whatever they are; those of
    /// other paths have to be UTF-8.
    const RAW_PATHS: &'static [&'static str] = &[];

    /// The endpoints that faults name, with patterns of their paths: `*` is one segment, `**` any
    /// rest.
    const ENDPOINTS: &'static [Endpoint] = &[];

    /// Whether the service issues tokens, which faults can change
    /// ([`token_fault`](crate::token_fault)).
    const ISSUES_TOKENS: bool = false;

    /// Whether the service has connections, which faults can name.
    const HAS_CONNECTIONS: bool = false;

    /// Returns the maximum size, in bytes, of the body of a request with this target.
    fn body_bytes_max(target: &Uri) -> usize {
        let _ = target;
        BODY_BYTES_MAX
    }

    /// Returns everything invalid in the specification of a new tenant. Pure.
    fn spec_mistakes(spec: &Self::TenantSpec) -> Vec<SpecMistake> {
        let _ = spec;
        Vec::new()
    }

    /// Returns the change that creates a tenant from a valid specification. It is committed
    /// together with the tenant's clock and its first journal event.
    fn create_tenant(
        &self,
        tenant: TenantId,
        spec: Self::TenantSpec,
        now: Instant,
        trace: &Trace,
    ) -> impl Future<Output = Result<Change, Problem>> + Send;

    /// The response to a request that the shell rejects before it reaches the service's routes.
    fn refuse(&self, problem: Problem, request: &Parts) -> impl Future<Output = Response> + Send {
        let _ = request;
        async { problem.into_response() }
    }

    /// Returns the tenant of a request that names it in a way that only the service knows, for
    /// faults. `client` is the client id of the request, not authenticated.
    fn tenant_of(
        &self,
        request: &Parts,
        client: Option<&str>,
    ) -> impl Future<Output = Option<TenantId>> + Send {
        let _ = (request, client);
        async { None }
    }

    /// Returns the connection that a request is about, for faults of one connection. Asked only
    /// where the tenant has such faults.
    fn connection_of(
        &self,
        tenant: TenantId,
        request: &Parts,
    ) -> impl Future<Output = Option<NamedConnection>> + Send {
        let _ = (tenant, request);
        async { None }
    }

    /// Whether the service has an error with this number, which a fault can return.
    fn knows_error(number: u32) -> bool {
        let _ = number;
        false
    }

    /// Returns the response with the error of this number.
    fn error_response(
        &self,
        number: u32,
        tenant: TenantId,
        request: &Parts,
        client: Option<&str>,
    ) -> impl Future<Output = Option<Response>> + Send {
        let _ = (number, tenant, request, client);
        async { None }
    }

    /// Returns the change that replaces the application with which the service signs in by itself
    /// in a tenant, or only its secret. `None`: it has none.
    fn replace_client(&self, tenant: TenantId, client: &ServiceClientSpec) -> Option<Change> {
        let _ = (tenant, client);
        None
    }

    /// Returns what is changed in addition when the data of a tenant is replaced by a copy.
    fn state_replaced(&self, tenant: TenantId) -> Change {
        let _ = tenant;
        Change::new()
    }

    /// Returns what is changed in addition when a tenant is created from a copy, which may be of
    /// another installation with other addresses and other signing keys.
    fn state_imported(&self, tenant: TenantId, now: Instant) -> Change {
        let _ = (tenant, now);
        Change::new()
    }

    /// Drops cached data of a deleted tenant, or of one whose application was replaced.
    fn forget_tenant(&self, tenant: TenantId) {
        let _ = tenant;
    }

    /// Seals again everything that is not sealed with the key of now. `None` if the service cannot:
    /// clients hold values that it sealed.
    fn reseal(&self) -> impl Future<Output = Result<Option<Resealed>, Problem>> + Send {
        async { Ok(None) }
    }

    /// Returns when the tenant's next work is due (virtual time), possibly in the past.
    fn next_due(&self, tenant: TenantId) -> impl Future<Output = Result<Option<Instant>, Problem>> + Send {
        let _ = tenant;
        async { Ok(None) }
    }

    /// Runs the tenant's due work of this turn, in order. At least one item is done if any is due;
    /// the rest stays due.
    fn run_due(&self, tenant: TenantId, turn: Turn) -> impl Future<Output = Result<DueWork, Problem>> + Send {
        let _ = (tenant, turn);
        async { Ok(DueWork::default()) }
    }
}

/// Returns every mistake that service `S` finds in the specification of a tenant.
#[must_use]
pub fn description_mistakes<S: Service>(description: Value) -> Vec<SpecMistake> {
    match serde_json::from_value::<S::TenantSpec>(description) {
        Ok(spec) => S::spec_mistakes(&spec),
        Err(error) => vec![SpecMistake::new(
            "",
            format!("the description of the tenant has another form than the service reads: {error}"),
            "correct the value",
        )],
    }
}
