//! Health checks: a service is healthy if it can write to its database.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use outlive_clock::{Instant, Span, wall_now};
use outlive_store::{Store, sql};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::Problem;

/// How long, in wall time, a result is reused: callers cannot make the service write more often.
const REUSED_FOR: Span = Span::from_seconds(2);
/// How long, in wall time, a write may take before the database counts as unusable.
const PROBE_MAX: Duration = Duration::from_secs(5);

/// The health of a service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Health {
    store: Store,
    last: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Health {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, last: Arc::default() }
    }

    /// Writes a row and reports whether that was possible. Callers at the same time share one
    /// write.
    pub(crate) async fn check(&self) -> Result<(), Problem> {
        let mut last = self.last.lock().await;
        let now = wall_now();
        let can_write = match *last {
            Some((checked, can_write)) if now < checked + REUSED_FOR => can_write,
            _ => self.probe(now).await,
        };
        *last = Some((now, can_write));
        if can_write {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "DatabaseNotWritable",
            "The service cannot write to its database. Check its disk and its log.",
        ))
    }

    async fn probe(&self, now: Instant) -> bool {
        let write = sql!(
            "INSERT INTO probes (tenant, wall_us) VALUES ($1, $2) \
             ON CONFLICT (tenant) DO UPDATE SET wall_us = $2",
            "",
            now
        );
        match timeout(PROBE_MAX, self.store.commit(write)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "the database cannot be written");
                false
            }
            Err(_) => {
                tracing::error!("the database does not complete a write within {PROBE_MAX:?}");
                false
            }
        }
    }
}
