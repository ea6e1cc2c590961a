//! The work of a running system, in units that no machine makes faster.

use outlive_wire::{Counts, ProcessCounts};
use reqwest::{Method, StatusCode};

use crate::{Service, System};

/// The services with a lab surface.
const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];

/// What the services of a system did, each since its start or between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work([Counts; 4]);

impl System {
    /// Reads the counts of all services.
    ///
    /// # Panics
    /// When one of them does not return them.
    pub async fn work(&self) -> Work {
        let mut counts = [Counts::default(); 4];
        for (service, counts) in SERVICES.into_iter().zip(&mut counts) {
            let url = format!("{}/_lab/counts", self.url(service));
            let answer = self.lab_surface(Method::GET, &url).send().await.expect("it answers");
            assert_eq!(answer.status(), StatusCode::OK, "{url}");
            *counts = answer.json().await.expect("counts in JSON");
        }
        Work(counts)
    }
}

impl Work {
    /// Returns the work since an earlier reading, without the requests of this one.
    ///
    /// # Panics
    /// When the system was restarted in between.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut work = *self;
        for (counts, before) in work.0.iter_mut().zip(&before.0) {
            let difference = difference(&value_of(counts), &value_of(before));
            *counts = serde_json::from_value(difference).expect("it has the same members");
            counts.exchanges -= 1;
            counts.lab_exchanges -= 1;
        }
        work
    }

    /// The counts of one service.
    ///
    /// # Panics
    /// For the console, which has no lab surface.
    #[must_use]
    pub fn of(&self, service: Service) -> Counts {
        let index = SERVICES.iter().position(|one| *one == service).expect("a service with a lab surface");
        self.0[index]
    }

    /// The counts of the process, if one process runs all services.
    #[must_use]
    pub const fn process(&self) -> ProcessCounts {
        self.0[0].process
    }

    /// The requests that all services received.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.0.iter().map(|counts| counts.exchanges).sum()
    }
}

fn value_of(counts: &Counts) -> serde_json::Value {
    serde_json::to_value(counts).expect("counts are JSON")
}

/// Subtracts all numbers of `before` from those at the same places of `after`.
fn difference(after: &serde_json::Value, before: &serde_json::Value) -> serde_json::Value {
    match (after, before) {
        (serde_json::Value::Object(after), serde_json::Value::Object(before)) => {
            after.iter().map(|(name, value)| (name.clone(), difference(value, &before[name]))).collect()
        }
        (after, before) => {
            let (after, before) = (after.as_u64(), before.as_u64());
            after
                .zip(before)
                .and_then(|(after, before)| after.checked_sub(before))
                .expect("counts grow")
                .into()
        }
    }
}
