//! What the service did since the start of its process.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use outlive_store::{StoreCounts, counts_of_process};
use outlive_wire::{Counts, DatabaseCounts, ProcessCounts};

use super::surface::Surface;
use crate::{Service, allocations, exchanges};

pub(crate) async fn show<S: Service>(State(surface): State<Arc<Surface<S>>>) -> Json<Counts> {
    let chassis = &surface.chassis;
    Json(Counts {
        exchanges: chassis.exchanges.all(),
        lab_exchanges: chassis.exchanges.lab(),
        database: database_counts(chassis.store.counts()),
        process: ProcessCounts {
            calls: exchanges::calls(),
            signatures: outlive_tokens::signatures(),
            verifications: outlive_tokens::verifications(),
            allocations: allocations::count(),
            database: database_counts(counts_of_process()),
        },
    })
}

const fn database_counts(counts: StoreCounts) -> DatabaseCounts {
    let StoreCounts { changes, commits, statements, bytes, deferred, flushes, reads } = counts;
    DatabaseCounts { changes, commits, statements, bytes, deferred, flushes, reads }
}
