//! The identity provider as a service of the lab.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use outlive_chassis::{
    DueWork, Endpoint, Problem, SealedColumn, Service, SpecMistake, Trace, Turn, endpoints_of,
};
use outlive_clock::{Instant, TenantId};
use outlive_rules::Aadsts;
use outlive_store::{Change, sql};
use outlive_wire::lab_api;

use crate::directory::spec::TenantSpec;
use crate::directory::user_removals;
use crate::idp::Idp;
use crate::keys::{signing_key_turns, signing_keys};
use crate::lab::{faults, generations, registration};
use crate::protocol::response_headers::{named_for_graph, with_charset};
use crate::routes::is_of_graph;
use crate::{directory, graph, security_events};

/// Every table that contains rows of a tenant.
const TABLES: &[&str] = &[
    "tenants",
    "users",
    "applications",
    "managed_identities",
    "identity_endpoints",
    "resource_names",
    "redirect_uris",
    "client_secrets",
    "permission_grants",
    "app_role_assignments",
    "directory_groups",
    "group_members",
    "sessions",
    "redeemed_codes",
    "password_resets",
    "password_reset_limits",
    "outbox",
    "signing_key_turns",
    "signing_key_schedules",
    "device_codes",
    "passkeys",
    "answered_challenges",
    "phone_requests",
    "event_streams",
    "security_events",
    "refresh_token_families",
    "session_applications",
];

pub(crate) struct IdpService {
    idp: Idp,
}

impl IdpService {
    pub(crate) const fn new(idp: Idp) -> Self {
        Self { idp }
    }
}

impl Service for IdpService {
    type TenantSpec = TenantSpec;

    const TENANT_TABLES: &'static [&'static str] = TABLES;
    const SEALED_COLUMNS: &'static [SealedColumn] = &[directory::KEYS_COLUMN];

    const INSTALLATION_TABLES: &'static [&'static str] = &["signing_keys", "installation_keys"];

    // Its errors are in the shapes of the protocols.
    const RAW_PATHS: &'static [&'static str] = &["/"];

    const ENDPOINTS: &'static [Endpoint] = endpoints_of(lab_api::Service::Idp);
    const ISSUES_TOKENS: bool = true;

    fn spec_mistakes(spec: &TenantSpec) -> Vec<SpecMistake> {
        registration::spec_mistakes(spec)
    }

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: TenantSpec,
        now: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        // A deleted tenant with the same id may still be cached.
        self.idp.directory.forget(tenant);
        let random = self.idp.chassis.random.of(tenant);
        let sealer = &self.idp.chassis.sealer;
        let mut change = directory::create(tenant, spec, now, &random, sealer, signing_keys::FIRST)?;
        change.append(generations::first(tenant, &self.idp.chassis.random));
        Ok(change)
    }

    async fn refuse(&self, problem: Problem, request: &Parts) -> Response {
        let response = match Trace::from_request_parts(&mut request.clone(), &()).await {
            Ok(trace) if is_of_graph(request.uri.path()) => {
                let response = graph::refuse(&self.idp, problem, &request.headers, &trace).await;
                named_for_graph(response, &trace)
            }
            Ok(_) => problem.into_response(),
        };
        with_charset(response)
    }

    async fn tenant_of(&self, request: &Parts, client: Option<&str>) -> Option<TenantId> {
        faults::tenant_of(&self.idp, request, client).await
    }

    fn knows_error(number: u32) -> bool {
        Aadsts::from_number(number).is_some()
    }

    async fn error_response(
        &self,
        number: u32,
        tenant: TenantId,
        request: &Parts,
        client: Option<&str>,
    ) -> Option<Response> {
        faults::error_response(&self.idp, number, tenant, request, client).await
    }

    fn state_replaced(&self, tenant: TenantId) -> Change {
        generations::next(tenant, &self.idp.chassis.random)
    }

    fn state_imported(&self, tenant: TenantId, _: Instant) -> Change {
        let mut change = signing_key_turns::begin_again(tenant);
        // A page finds them by a hash with the key of the installation.
        change.add(sql!("DELETE FROM device_codes WHERE tenant = $1", tenant));
        change
    }

    fn forget_tenant(&self, tenant: TenantId) {
        self.idp.directory.forget(tenant);
        self.idp.verifier.forget(tenant);
        self.idp.deliveries.turns.forget(tenant);
        self.idp.next_due.forget(&tenant);
    }

    async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, Problem> {
        let store = &self.idp.chassis.store;
        let read = async {
            let key = signing_key_turns::next_due(store, tenant).await?;
            let removal = self.idp.directory.next_removal(tenant).await?;
            let event = security_events::next_due(store, tenant).await?;
            Ok([key, removal, event].into_iter().flatten().min())
        };
        self.idp.next_due.or_read(store, tenant, read).await
    }

    async fn run_due(&self, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
        let keys = self.idp.keys.run_due(&self.idp.directory, tenant, turn).await?;
        let removals = user_removals::run_due(&self.idp.chassis, &self.idp.directory, tenant, turn).await?;
        let events = security_events::run_due(&self.idp, tenant, turn).await?;
        Ok(DueWork {
            done: keys.done + removals.done + events.done,
            failed: keys.failed + removals.failed + events.failed,
            ..DueWork::default()
        })
    }
}
