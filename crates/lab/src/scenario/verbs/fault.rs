//! The verb `fault`.

use outlive_chassis::{FaultAbilities, endpoints_of, fault_mistake, scheduled};
use outlive_clock::{Instant, Span};
use outlive_rules::Aadsts;
use outlive_wire::faults::{FaultEffect, FaultSpec};
use outlive_wire::lab_api::Service;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Verb;
use super::verb::lab_refusal;
use crate::diagnostic::{Position, closest};
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

impl Fault {
    /// Checks what the service would reject.
    fn check_spec(&self, checker: &mut Checker<'_>) {
        let mut spec = self.spec();
        let endpoints = endpoints_of(spec.service);
        if let Some(endpoint) = self.endpoint.as_ref().filter(|endpoint| !endpoint.value.starts_with('/'))
            && !endpoints.iter().any(|(name, _)| *name == endpoint.value)
        {
            checker.unknown_endpoint(spec.service, endpoint);
            spec.endpoint = None;
        }
        // The connection is added by its id.
        spec.connection = self.connection.as_ref().map(|_| "id".to_owned());
        let is_issuer = spec.service == Service::Idp;
        let abilities = FaultAbilities {
            endpoints: Some(endpoints),
            issues_tokens: is_issuer,
            has_connections: spec.service == Service::Hub,
            knows_error: if is_issuer { |number| Aadsts::from_number(number).is_some() } else { |_| false },
        };
        let remedy = "correct the fault; docs/faults.md lists what can go wrong";
        if let Some(why) = fault_mistake(&spec, abilities) {
            checker.wrong_within(place_of(&why), &why, remedy);
        }
        // Without a known time, only what no time makes right.
        let now = checker.known.earliest.or(spec.from).unwrap_or(Instant::EPOCH);
        if let Err(why) = scheduled(spec, now) {
            checker.wrong_within(place_of(&why), &why, remedy);
        }
    }
}

/// Returns the path of the field that a mistake begins with.
fn place_of(why: &str) -> impl Iterator<Item = &str> {
    let field = why.split_once(": ").map_or("do", |(field, _)| field);
    std::iter::once("fault").chain(field.split('.'))
}

impl Checker<'_> {
    /// Reports an endpoint that the service does not have.
    fn unknown_endpoint(&mut self, service: Service, endpoint: &Spanned<String>) {
        let names = |service| endpoints_of(service).iter().map(|(name, _)| *name);
        let name = endpoint.value.as_str();
        let message = format!("the service {} has no endpoint '{name}'", service.name());
        let own = names(service).collect::<Vec<_>>().join(", ");
        let others = || Service::ALL.into_iter().find(|other| names(*other).any(|known| known == name));
        let write = match (closest(name, names(service)), others()) {
            (_, Some(other)) => format!("that is an endpoint of {}; write", other.name()),
            (Some(close), None) => format!("did you mean {close}? Write"),
            (None, None) => "write".to_owned(),
        };
        let remedy = format!("{write} one of {own}, or a path such as /orders/**");
        self.wrong_at(Position::of(endpoint), message, remedy);
    }
}

impl Verb for Fault {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must_if(Kind::Application, self.app.as_ref());
        checker.must_if(Kind::Connection, self.connection.as_ref());
        checker.one_of("service", &self.service, &SERVICES);
        if SERVICES.contains(&self.service.value.as_str()) {
            self.check_spec(checker);
        }
        if let Some(name) = &self.name {
            if checker.known.lasting_faults.contains(name.value.as_str()) {
                checker.must_be_new(Kind::Fault, name);
            }
            checker.known.add(Kind::Fault, name);
            let ends = self.lasts.is_some() || self.until.is_some() || self.count.is_some();
            if ends {
                checker.known.lasting_faults.remove(name.value.as_str());
            } else {
                checker.known.lasting_faults.insert(&name.value);
            }
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
        let added = world.lab.add_fault(world.tenant(), &spec).await.map_err(lab_refusal)?;
        let until = added.spec.until.map(|until| format!(", until {until}")).unwrap_or_default();
        recorder.note(format!("fault at {}: {}{until}", added.spec.place(), added.spec.effect.words()));
        if let Some(name) = &self.name {
            world.faults.insert(name.value.clone(), added.id);
        }
        Ok(())
    }
}
