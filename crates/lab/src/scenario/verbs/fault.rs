//! The verb `fault`.

use outlive_chassis::{FaultAbilities, fault_mistake};
use outlive_clock::{Instant, Span};
use outlive_rules::Aadsts;
use outlive_wire::faults::{FaultEffect, FaultSpec};
use outlive_wire::lab_api::Service;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// Something goes wrong at a service from now on, on purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// A name, with which `end_fault` refers to it.
    name: Option<Spanned<String>>,
    /// The service: `idp`, `hub`, `resource` or `flow`.
    service: Spanned<String>,
    /// The endpoint, by name (`token`) or path (`/orders/**`).
    endpoint: Option<Spanned<String>>,
    /// Only requests of this application.
    app: Option<Spanned<String>>,
    /// Only calls through this connection, at the hub.
    connection: Option<Spanned<String>>,
    /// What happens to such requests.
    #[serde(rename = "do")]
    effect: Spanned<FaultEffect>,
    /// The probability that a request meets the fault.
    probability: Option<f64>,
    /// After how many hits it ends.
    count: Option<u32>,
    /// When it begins.
    from: Option<Spanned<Instant>>,
    /// When it ends.
    until: Option<Spanned<Instant>>,
    /// How long it lasts.
    #[serde(rename = "for")]
    lasts: Option<Spanned<Span>>,
}

const SERVICES: [&str; 4] = ["idp", "hub", "resource", "flow"];

impl Fault {
    /// The fault, without the names of the scenario.
    fn spec(&self) -> FaultSpec {
        let service = Service::ALL.into_iter().find(|service| service.name() == self.service.value);
        FaultSpec {
            service: service.unwrap_or(Service::Idp),
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.value.clone()),
            client: None,
            connection: self.connection.as_ref().map(|connection| connection.value.clone()),
            effect: self.effect.value.clone(),
            probability: self.probability,
            count: self.count,
            from: self.from.as_ref().map(|from| from.value),
            until: self.until.as_ref().map(|until| until.value),
            lasts: self.lasts.as_ref().map(|lasts| lasts.value),
        }
    }
}

impl Verb for Fault {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must_if(Kind::Application, self.app.as_ref());
        checker.must_if(Kind::Connection, self.connection.as_ref());
        checker.one_of("service", &self.service, &SERVICES);
        let is_issuer = self.service.value == "idp";
        let abilities = FaultAbilities {
            // Each service knows its own.
            endpoints: None,
            issues_tokens: is_issuer,
            has_connections: self.service.value == "hub",
            knows_error: if is_issuer { |number| Aadsts::from_number(number).is_some() } else { |_| false },
        };
        if SERVICES.contains(&self.service.value.as_str())
            && let Some(why) = fault_mistake(&self.spec(), abilities)
        {
            checker.wrong_at(
                Position::of(&self.effect),
                why,
                "correct the fault; docs/faults.md lists what can go wrong",
            );
        }
        if let (Some(_), Some(lasts)) = (&self.until, &self.lasts) {
            checker.wrong_at(
                Position::of(lasts),
                "a fault ends once: it has for and until",
                "give one of them",
            );
        }
        if let Some(lasts) = &self.lasts
            && lasts.value <= Span::ZERO
        {
            let message = format!("a fault cannot last {}", lasts.value);
            checker.wrong_at(Position::of(lasts), message, "write a positive duration, such as PT1H");
        }
        if let Some(name) = &self.name {
            checker.known.add(Kind::Fault, name);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let mut spec = self.spec();
        if let Some(app) = &self.app {
            spec.client = Some(world.application(&app.value)?.client_id.clone());
        }
        if let Some(connection) = &self.connection {
            spec.connection = Some(world.connection(&connection.value)?.id.clone());
        }
        let added = world.lab.add_fault(world.tenant(), &spec).await?;
        let until = added.spec.until.map(|until| format!(", until {until}")).unwrap_or_default();
        recorder.note(format!("fault at {}: {}{until}", added.spec.place(), added.spec.effect.words()));
        if let Some(name) = &self.name {
            world.faults.insert(name.value.clone(), added.id);
        }
        Ok(())
    }
}
