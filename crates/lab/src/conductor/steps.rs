//! What the conductor needs of the services, and what it reports about its work.

use std::future::Future;

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};

use crate::http::CallError;
use crate::services::{ClockChange, ClockState, DueWork, Service};

/// One tenant's clocks, one in every service.
pub trait Timepieces: Send + Sync {
    /// What a service's clock shows.
    fn read(&self, service: Service) -> impl Future<Output = Result<ClockState, CallError>> + Send;
    /// Moves a service's clock, or changes its speed.
    fn set(
        &self,
        service: Service,
        change: ClockChange,
    ) -> impl Future<Output = Result<ClockState, CallError>> + Send;
    /// Has a service do what is due at its clock's time, after a change of its clock if one is
    /// given. A long backlog is done in slices: `next_due` is not later than the clock while more
    /// is due.
    fn run_due(
        &self,
        service: Service,
        change: Option<ClockChange>,
    ) -> impl Future<Output = Result<DueWork, CallError>> + Send;
}

/// How far time has come while it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Virtual time before the move.
    pub from: Instant,
    /// Virtual time now.
    pub now: Instant,
    /// Virtual time after the move.
    pub target: Instant,
    /// The number of executed pieces of due work, including failed ones.
    pub done: u64,
    /// How many of them failed.
    pub failed: u64,
}

/// What happened while time moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Virtual time before.
    pub from: Instant,
    /// Virtual time after.
    pub now: Instant,
    /// Instants at which time stopped because something was due.
    pub steps: u64,
    /// The number of executed pieces of due work (flow runs), including failed ones.
    pub done: u64,
    /// How many of them failed.
    pub failed: u64,
}

/// A tenant's time, from the services that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantTime {
    /// Virtual time: the latest of any service.
    pub now: Instant,
    /// How fast it runs.
    pub speed: Speed,
    /// When something is next due in any service.
    pub next_due: Option<Instant>,
    /// The services that did not answer.
    pub missing: Vec<Service>,
}

/// The clocks of all services, stopped at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Stopped {
    pub(super) states: [ClockState; 4],
    /// The instant that all of them show.
    pub now: Instant,
}

/// Time could not be moved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConductError {
    /// The target lies in the past of the tenant.
    #[error("time only moves forward: it is {now} already, {target} is earlier")]
    Backwards {
        /// Virtual time now.
        now: Instant,
        /// Where it should have gone.
        target: Instant,
    },
    /// The target is further away than one advance goes.
    #[error(
        "one advance moves time by at most 100 years (P36525D), and it is {now} now: go there in smaller parts"
    )]
    TooFar {
        /// Virtual time now.
        now: Instant,
    },
    /// The target is later than any instant that a clock shows.
    #[error("clocks show instants from 1970 to 9999, and it is {now} now: choose an earlier target")]
    EndOfTime {
        /// Virtual time now.
        now: Instant,
    },
    /// A service reports again and again that the same work is due.
    #[error("{service} has not finished what is due at {at} after {rounds} requests")]
    Stuck {
        /// The service.
        service: Service,
        /// The virtual instant.
        at: Instant,
        /// The number of requests.
        rounds: u32,
    },
    /// More due events than one move may hold.
    #[error("more than {limit} due events before {target}; move time in smaller parts")]
    TooManySteps {
        /// The limit.
        limit: u64,
        /// Where it should have gone.
        target: Instant,
    },
    /// A request ends it, the lab shuts down, or the tenant is being deleted.
    #[error("The operation was canceled: time is frozen, the system stops, or the tenant is deleted")]
    Canceled {
        /// The virtual instant that was reached.
        at: Instant,
    },
    /// A service failed, or did not answer.
    #[error("{}", .cause.of_service(*.service))]
    Service {
        /// The service.
        service: Service,
        /// What it answered, or why there is no answer.
        cause: CallError,
    },
}

impl ConductError {
    /// Whether the service may do it later: it did not answer, or answered that it cannot at
    /// present.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Service { cause, .. } if cause.is_temporary())
    }

    /// The service that failed.
    #[must_use]
    pub const fn service(&self) -> Option<Service> {
        match self {
            Self::Service { service, .. } | Self::Stuck { service, .. } => Some(*service),
            _ => None,
        }
    }
}
