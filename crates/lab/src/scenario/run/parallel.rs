//! Steps that run at the same time, each with a copy of the scenario's state.

use std::collections::HashMap;

use futures::future::join_all;
use serde_saphyr::Spanned;

use super::observer::Observer;
use super::step::{StepLocation, run_step};
use super::world::World;
use crate::scenario::result::StepResult;
use crate::scenario::verbs::Step;

/// Runs steps at the same time. Their results, and what they store, have the order of the file.
pub(super) async fn run_parallel<'a>(
    world: &mut World,
    steps: &[(&'a Spanned<Step>, StepLocation<'a>)],
    observer: &dyn Observer,
    panics_at: Option<usize>,
) -> Vec<StepResult> {
    let base = world.fork("base");
    let forks: Vec<World> = (0..steps.len()).map(|index| world.fork(&format!("parallel {index}"))).collect();
    let running =
        forks.into_iter().zip(steps).enumerate().map(|(index, (mut fork, (step, location)))| async move {
            let result = run_step(&mut fork, &step.value, location, observer, panics_at == Some(index)).await;
            (fork, result)
        });
    let finished = join_all(running).await;
    let mut results = Vec::new();
    for (fork, result) in finished {
        world.adopt(&base, fork);
        results.push(result);
    }
    results
}

impl World {
    /// Copies the state, for a step that runs at the same time as others or for a snapshot. The
    /// copy has a random stream of its own; its users sign in to the portal again, and have no
    /// authenticators.
    pub(super) fn fork(&self, label: &str) -> Self {
        Self {
            http: self.http.clone(),
            lab: self.lab.clone(),
            credentials: self.credentials.clone(),
            random: self.random.of(label),
            now: self.now,
            started: self.started,
            passwords: self.passwords.clone(),
            makers: HashMap::new(),
            authenticators: HashMap::new(),
            browsers: self.browsers.clone(),
            tokens: self.tokens.clone(),
            marks: self.marks.clone(),
            connections: self.connections.clone(),
            certificates: self.certificates.clone(),
            flows: self.flows.clone(),
            faults: self.faults.clone(),
            objects: self.objects.clone(),
            created: self.created.clone(),
            captured: self.captured.clone(),
            snapshots: HashMap::new(),
        }
    }

    /// Adopts what a copy has changed since `base`.
    fn adopt(&mut self, base: &Self, fork: Self) {
        // An event takes time to the next whole second.
        self.now = self.now.max(fork.now);
        for (role, (password, _)) in fork.passwords {
            if base.passwords.get(&role).is_none_or(|(known, _)| *known != password) {
                self.update_password(&role, &password);
            }
        }
        for application in fork.credentials.applications {
            let known = base.credentials.application(&application.name);
            if let Some(secret) = application.secret
                && known.and_then(|known| known.secret.as_ref()) != Some(&secret)
            {
                self.set_secret(&application.name, secret);
            }
        }
        adopt(&mut self.browsers, &base.browsers, fork.browsers, |one, other| one.has_same_cookies(other));
        adopt(&mut self.tokens, &base.tokens, fork.tokens, |one, other| {
            one.tokens.access_token == other.tokens.access_token
                && one.tokens.refresh_token == other.tokens.refresh_token
        });
        adopt(&mut self.marks, &base.marks, fork.marks, |one, other| one == other);
        adopt(&mut self.connections, &base.connections, fork.connections, |one, other| one.id == other.id);
        adopt(&mut self.certificates, &base.certificates, fork.certificates, |one, other| {
            one.key == other.key
        });
        adopt(&mut self.flows, &base.flows, fork.flows, |one, other| one.id == other.id);
        adopt(&mut self.faults, &base.faults, fork.faults, |one, other| one == other);
        adopt(&mut self.objects, &base.objects, fork.objects, |one, other| one == other);
        adopt(&mut self.captured, &base.captured, fork.captured, |one, other| one == other);
        let (all, base, fork) = (&mut self.created, &base.created, fork.created);
        adopt(&mut all.devices, &base.devices, fork.devices, |one, other| {
            one.codes.device_code == other.codes.device_code
        });
        adopt(
            &mut all.authenticator_apps,
            &base.authenticator_apps,
            fork.authenticator_apps,
            |one, other| one.used == other.used,
        );
        adopt(&mut all.secrets, &base.secrets, fork.secrets, |one, other| one.key_id == other.key_id);
        adopt(&mut all.connectors, &base.connectors, fork.connectors, |one, other| one == other);
        adopt(&mut all.policies, &base.policies, fork.policies, |one, other| one == other);
        adopt(&mut all.groups, &base.groups, fork.groups, |one, other| one == other);
    }
}

fn adopt<V>(
    all: &mut HashMap<String, V>,
    base: &HashMap<String, V>,
    fork: HashMap<String, V>,
    is_same: impl Fn(&V, &V) -> bool,
) {
    let is_new = |(name, value): &(String, V)| base.get(name).is_none_or(|known| !is_same(known, value));
    all.extend(fork.into_iter().filter(is_new));
}
