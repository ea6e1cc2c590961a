//! What the conductor needs of the services, and what it tells about its work.

use std::future::Future;

use outlive_clock::Instant;
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
    /// Has a service do all that is due at its clock's time, after a change of its clock if one is given; answers when it is finished.
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
    /// Pieces of due work done so far, whatever came of them.
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
    /// Pieces of due work done (flow runs), whatever came of them.
    pub done: u64,
    /// How many of them failed.
    pub failed: u64,
}

/// Time could not be moved as asked.
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
    /// A service says again and again that the same work is due.
    #[error("{service} has not finished what is due at {at} after being asked {rounds} times")]
    Stuck {
        /// The service.
        service: Service,
        /// The virtual instant.
        at: Instant,
        /// How often it was asked.
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
    /// A service did not do its part.
    #[error(transparent)]
    Call(#[from] CallError),
}
