//! Counts per unit of work.

use outlive_tests::{Service, Work};
use serde_json::{Value, json};

use crate::cost::number;

/// Divides the counts of all services by a number of operations.
pub(crate) fn each(work: &Work, operations: u64) -> Value {
    let process = work.process();
    let value = |count: u64| ratio(count, operations);
    json!({
        "exchanges": value(work.exchanges()),
        "calls": value(process.calls),
        "changes": value(process.database.changes),
        "commits": value(process.database.commits + process.database.flushes),
        "statements": value(process.database.statements + process.database.deferred),
        "reads": value(process.database.reads),
        "bytes": value(process.database.bytes),
        "signatures": value(process.signatures),
        "verifications": value(process.verifications),
        "allocations": process.allocations.map(value),
        "reads_by_service": {
            "idp": value(work.of(Service::Idp).database.reads),
            "hub": value(work.of(Service::Hub).database.reads),
            "resource": value(work.of(Service::Resource).database.reads),
            "flow": value(work.of(Service::Flow).database.reads),
        },
    })
}

/// The bytes of an average change.
///
/// # Panics
/// When nothing was changed.
pub(crate) fn bytes_per_change(work: &Work) -> usize {
    let database = work.process().database;
    assert!(database.changes > 0, "nothing was written");
    usize::try_from(database.bytes / database.changes).expect("few bytes")
}

fn ratio(count: u64, of: u64) -> f64 {
    let [count, of] = [count, of].map(|value| number(i64::try_from(value).expect("small numbers")));
    count / of
}
