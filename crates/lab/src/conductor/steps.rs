//! The interface to the services' clocks, and the results of the conductor.

use std::future::Future;

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};

use crate::http::CallError;
use crate::services::{ClockChange, ClockState, DueWork, Service};

/// The clocks of one tenant, one in every service.
pub(crate) trait Timepieces: Send + Sync {
    fn read(&self, service: Service) -> impl Future<Output = Result<ClockState, CallError>> + Send;
    /// Moves a service's clock, or changes its speed.
    fn set(
        &self,
        service: Service,
        change: ClockChange,
    ) -> impl Future<Output = Result<ClockState, CallError>> + Send;
    /// Makes a service execute its due work, after a change of its clock if one is given. A long
    /// backlog is executed in slices: while more is due, `next_due` is not later than the clock.
    fn run_due(
        &self,
        service: Service,
        change: Option<ClockChange>,
    ) -> impl Future<Output = Result<DueWork, CallError>> + Send;
}

/// The progress of an advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Virtual time before the move.
    pub from: Instant,
    /// Virtual time now.
    pub now: Instant,
    /// Virtual time after the move.
    pub target: Instant,
    /// The number of due work items that were executed, including failed ones.
    pub done: u64,
    /// The number of those that failed.
    pub failed: u64,
    /// The number of runs that recurrences started.
    pub started: u64,
}

/// What happened while time moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Virtual time before.
    pub from: Instant,
    /// Virtual time after.
    pub now: Instant,
    /// The number of instants at which work was due.
    pub steps: u64,
    /// The number of due work items (flow runs) that were executed, including failed ones.
    pub done: u64,
    /// The number of those that failed.
    pub failed: u64,
    /// The number of runs that recurrences started.
    pub started: u64,
}

/// A tenant's time, from the services that responded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantTime {
    /// Virtual time: the latest of any service.
    pub now: Instant,
    pub speed: Speed,
    /// When work is next due in any service.
    pub next_due: Option<Instant>,
    /// The services that did not respond.
    pub missing: Vec<Service>,
}

/// The clocks of all services, stopped at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped {
    pub(super) states: [ClockState; 4],
    /// The instant that all clocks show.
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
        target: Instant,
    },
    /// The target is further away than the maximum of one advance.
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
    /// A service keeps reporting that the same work is due.
    #[error("{service} has not finished what is due at {at} after {rounds} requests")]
    Stuck {
        service: Service,
        /// The virtual instant.
        at: Instant,
        /// The number of requests.
        rounds: u32,
    },
    /// The number of due instants exceeds the limit of one advance.
    #[error("more than {limit} due events before {target}; move time in smaller parts")]
    TooManySteps { limit: u64, target: Instant },
    /// A request canceled the operation, the lab shuts down, or the tenant is being deleted or
    /// started over.
    #[error(
        "The operation was canceled: time is frozen, the system stops, or the tenant is deleted or started over"
    )]
    Canceled {
        /// The virtual instant that was reached.
        at: Instant,
    },
    /// A service failed, or did not answer.
    #[error("{}", .cause.of_service(*.service))]
    Service {
        service: Service,
        /// The error response, or why it is missing.
        cause: CallError,
    },
}

impl ConductError {
    /// Whether the same may succeed later: the service did not respond or is temporarily
    /// unavailable.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Service { cause, .. } if cause.is_temporary())
    }

    /// Whether a service refused because its clock shows a later instant.
    pub(super) const fn is_conflict(&self) -> bool {
        matches!(self, Self::Service { cause: CallError { status: Some(409), .. }, .. })
    }

    /// Whether a service refused because it has other data of the tenant, which was started over.
    pub(crate) const fn is_started_over(&self) -> bool {
        matches!(self, Self::Service { cause: CallError { status: Some(412), .. }, .. })
    }

    /// Returns the service that failed.
    pub const fn service(&self) -> Option<Service> {
        match self {
            Self::Service { service, .. } | Self::Stuck { service, .. } => Some(*service),
            _ => None,
        }
    }
}
