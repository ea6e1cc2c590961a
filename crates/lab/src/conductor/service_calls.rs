//! The conductor's calls to one service, or to all at once.

use std::time::Duration;

use futures::future::join_all;
use outlive_chassis::pause;
use outlive_clock::wall_now;

use super::advance::Conductor;
use super::{ConductError, Timepieces};
use crate::http::CallError;
use crate::services::{ClockChange, ClockState, DueWork, Service};

/// The first wait between two attempts, in wall time; it doubles up to [`WAIT_MAX`].
const WAIT_FIRST: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(1);

impl<T: Timepieces> Conductor<T> {
    /// Repeats a call while the service is temporarily unavailable, within the conductor's
    /// patience.
    async fn call<R, F>(&self, service: Service, call: impl Fn() -> F) -> Result<R, ConductError>
    where
        F: Future<Output = Result<R, CallError>>,
    {
        let started = wall_now();
        let mut wait = WAIT_FIRST;
        loop {
            let cause = match call().await {
                Ok(answer) => return Ok(answer),
                Err(cause) => cause,
            };
            let waited = (wall_now() - started).to_std();
            if !cause.is_temporary() || waited >= self.patience || self.is_canceled() {
                return Err(ConductError::Service { service, cause });
            }
            tracing::debug!(%service, %cause, "a step is repeated until the service answers");
            pause(wait).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    pub(super) async fn read(&self, service: Service) -> Result<ClockState, ConductError> {
        self.call(service, || self.pieces.read(service)).await
    }

    pub(super) async fn set(
        &self,
        service: Service,
        change: ClockChange,
    ) -> Result<ClockState, ConductError> {
        self.call(service, || self.pieces.set(service, change)).await
    }

    pub(super) async fn run_due(
        &self,
        service: Service,
        change: Option<ClockChange>,
    ) -> Result<DueWork, ConductError> {
        self.call(service, || self.pieces.run_due(service, change)).await
    }

    /// Reads each service's clock, without retries.
    pub(super) async fn read_each(&self) -> Vec<Result<ClockState, ConductError>> {
        join_all(Service::ALL.map(|service| async move {
            self.pieces.read(service).await.map_err(|cause| ConductError::Service { service, cause })
        }))
        .await
    }

    pub(super) async fn read_all(&self) -> Result<[ClockState; 4], ConductError> {
        let [idp, hub, resource, flow] = Service::ALL;
        let read = tokio::try_join!(self.read(idp), self.read(hub), self.read(resource), self.read(flow))?;
        Ok(read.into())
    }

    /// Sets all clocks. Returns when all services have responded, also after an error of one: a
    /// change that is still under way could take effect after the next one.
    pub(super) async fn set_all(&self, change: ClockChange) -> Result<[ClockState; 4], ConductError> {
        let [idp, hub, resource, flow] = Service::ALL;
        let (idp, hub, resource, flow) = tokio::join!(
            self.set(idp, change),
            self.set(hub, change),
            self.set(resource, change),
            self.set(flow, change)
        );
        Ok([idp?, hub?, resource?, flow?])
    }

    /// Sets all clocks but one service's.
    pub(super) async fn set_others(
        &self,
        first: Service,
        change: ClockChange,
        states: &mut [ClockState; 4],
    ) -> Result<(), ConductError> {
        let others = Service::ALL.into_iter().filter(|service| *service != first);
        let set = join_all(others.clone().map(|service| self.set(service, change))).await;
        for (service, state) in others.zip(set) {
            states[service.index()] = state?;
        }
        Ok(())
    }
}
