//! The hub's part of the lab surface: creating and deleting tenants.

use std::collections::HashSet;

use http::request::Parts;
use outlive_chassis::{
    Endpoint, NamedConnection, Problem, Resealed, SealedColumn, Service, SpecMistake, Trace, endpoints_of,
};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::events::ConnectorCreated;
use outlive_wire::{ConnectorSpec, HubSpec, ServiceClientSpec, Subject, lab_api};

use crate::Hub;
use crate::client_key::ClientKeys;
use crate::connector::storage::{self, Registration};
use crate::connector::{
    ApiProperties, ConnectorName, Draft, Home, client_secret_fault, connector_faults, takes_certificate,
};
use crate::credential::storage::expire_access_tokens;
use crate::fault_place;
use crate::hub_client;
use crate::key_renewal::renew_keys;

/// The maximum number of connectors of a new tenant.
const CONNECTORS_MAX: usize = 100;

/// Records what is wrong with a connector of a new tenant.
fn check(connector: &ConnectorSpec, at: &str, names: &mut HashSet<String>, mistakes: &mut Vec<SpecMistake>) {
    match connector.name.parse::<ConnectorName>() {
        Err(error) => mistakes.push(SpecMistake::new(
            format!("{at}/name"),
            format!("'{}' cannot be the name of a connector: {error}", connector.name.escape_debug()),
            "write another name",
        )),
        Ok(name) if !names.insert(name.to_string()) => mistakes.push(SpecMistake::new(
            format!("{at}/name"),
            format!("the connector '{name}' is given twice (names are case-insensitive)"),
            "give every connector a unique name",
        )),
        Ok(_) => {}
    }
    let display_name = connector.display_name.as_ref().unwrap_or(&connector.name);
    if let (Some(secret), Ok(properties)) =
        (&connector.client_secret, ApiProperties::parse(&connector.api_properties))
        && let Some(why) = client_secret_fault(secret, &properties)
    {
        mistakes.push(SpecMistake::new(format!("{at}/client_secret"), why, "remove the client secret"));
    }
    for (property, fault) in connector_faults(display_name, &connector.api_properties, &connector.swagger) {
        let remedy = "correct the document of the connector";
        mistakes.push(SpecMistake::new(format!("{at}/{property}"), fault.to_string(), remedy));
    }
}
impl Service for Hub {
    type TenantSpec = HubSpec;

    const TENANT_TABLES: &'static [&'static str] = &[
        "connectors",
        "connections",
        "access_policies",
        "workflow_owners",
        "credentials",
        "consent_attempts",
        "hub_clients",
    ];
    const SEALED_COLUMNS: &'static [SealedColumn] = crate::reseal::COLUMNS;

    // What is below a connection goes to its back end as it is.
    const RAW_PATHS: &'static [&'static str] = &["/apim/"];

    const ENDPOINTS: &'static [Endpoint] = endpoints_of(lab_api::Service::Hub);
    const HAS_CONNECTIONS: bool = true;

    fn spec_mistakes(spec: &HubSpec) -> Vec<SpecMistake> {
        let mut mistakes = Vec::new();
        if spec.connectors.len() > CONNECTORS_MAX {
            let message = format!("a tenant begins with at most {CONNECTORS_MAX} connectors");
            mistakes.push(SpecMistake::new("/connectors", message, "remove some"));
        }
        let mut names = HashSet::new();
        for (index, connector) in spec.connectors.iter().enumerate() {
            check(connector, &format!("/connectors/{index}"), &mut names, &mut mistakes);
        }
        mistakes
    }

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: HubSpec,
        now: Instant,
        trace: &Trace,
    ) -> Result<Change, Problem> {
        let mut change = Change::new();
        if let Some(client) = &spec.client {
            change.add(hub_client::put(self, tenant, client));
        }
        for (index, connector) in spec.connectors.into_iter().enumerate() {
            let broken =
                |why: &dyn std::fmt::Display| Problem::bad_request(format!("connectors[{index}]: {why}."));
            let name: ConnectorName = connector.name.parse().map_err(|error| broken(&error))?;
            let draft = Draft {
                display_name: connector.display_name.unwrap_or_else(|| connector.name.clone()),
                api_properties: connector.api_properties,
                swagger: connector.swagger,
                client_secret: connector.client_secret,
            };
            let draft = draft.check().map_err(|fault| broken(&fault))?;
            let client_key_sealed = if takes_certificate(&draft.api_properties) {
                renew_keys(self, tenant, &name, &ClientKeys::default(), now).await?.current
            } else {
                None
            };
            let registration = Registration {
                tenant,
                name: &name,
                home: &Home::Managed,
                owner: None,
                version: self.random(tenant, "connector-version").uuid().to_string(),
                client_secret_sealed: storage::seal_secret(
                    &self.chassis.sealer,
                    tenant,
                    &name,
                    draft.client_secret.as_ref(),
                    &mut self.random(tenant, "seal-client-secret"),
                ),
                client_key_sealed,
            };
            let confidential = draft.client_secret.is_some() || registration.client_key_sealed.is_some();
            change.add(storage::insert(registration, &draft));
            let payload = ConnectorCreated { confidential, caller: None };
            let event = Event::new(tenant, now, Subject::connector(&name), trace, payload);
            change.append(self.chassis.journal.entry(&event));
        }
        Ok(change)
    }

    async fn tenant_of(&self, request: &Parts, _: Option<&str>) -> Option<TenantId> {
        fault_place::tenant_of(self, request)
    }

    async fn connection_of(&self, tenant: TenantId, request: &Parts) -> Option<NamedConnection> {
        fault_place::connection_of(self, tenant, request).await
    }

    async fn reseal(&self) -> Result<Option<Resealed>, Problem> {
        crate::reseal::reseal(self).await.map(Some)
    }

    fn replace_client(&self, tenant: TenantId, client: &ServiceClientSpec) -> Option<Change> {
        Some(Change::from(hub_client::put(self, tenant, client)))
    }

    /// The installation's signing keys are other ones than those of the access tokens.
    fn state_imported(&self, tenant: TenantId, now: Instant) -> Change {
        expire_access_tokens(tenant, now)
    }

    fn forget_tenant(&self, tenant: TenantId) {
        self.connectors.retain(|(of, _, _), _| *of != tenant);
        self.loaded.retain(|(of, ..)| *of != tenant);
        self.verifier.forget(tenant);
    }
}
