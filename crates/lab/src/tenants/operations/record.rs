//! The record of an operation.

use outlive_clock::{Instant, Span, wall_now};
use outlive_wire::lab_api::{OperationDetails, OperationKind, Service};

const MICROSECOND: Span = Span::from_micros(1);

/// Returns the details of an operation that begins now.
pub(super) fn begun(kind: OperationKind) -> OperationDetails {
    OperationDetails {
        kind,
        started: wall_now(),
        from: None,
        target: None,
        reached: None,
        speed: None,
        done: 0,
        failed: 0,
        runs: 0,
        expected: None,
        frozen: false,
        ending: false,
        waits_for: None,
        problem: None,
        snapshot: None,
        spared: Vec::new(),
        attempt: None,
    }
}

/// Names another attempt to create or delete a tenant's data, after `earlier` ones: what those do
/// too late is rejected.
pub(super) fn attempt_again(details: &mut OperationDetails, earlier: Instant) {
    if !matches!(details.kind, OperationKind::Advance | OperationKind::Run) {
        // Clocks of replicas may differ.
        details.attempt = Some(wall_now().max(earlier + MICROSECOND));
    }
}

/// Records that an operation was interrupted: what remains is to end it.
pub(super) fn interrupt(details: &mut OperationDetails, waits_for: Option<Service>, problem: String) {
    details.ending = true;
    details.waits_for = waits_for;
    details.problem = Some(problem);
}

/// Describes how an operation continues that cannot be ended yet.
pub(in crate::tenants) fn outlook(kind: OperationKind, reached: Option<Instant>) -> String {
    let at = reached.map_or_else(String::new, |at| format!(" at {at}"));
    match kind {
        OperationKind::Advance => {
            format!("Time stands still{at}; it runs on as before when all services answer")
        }
        OperationKind::Run => "The speed is set when all services answer".to_owned(),
        OperationKind::Create => "What was created is deleted when all services answer".to_owned(),
        OperationKind::Reset | OperationKind::Restore | OperationKind::Delete => {
            "It is completed when all services answer".to_owned()
        }
    }
}

/// Describes an operation in progress and how to end it, for the response to a request that has to
/// wait for it.
pub(in crate::tenants) fn in_progress(operation: &OperationDetails) -> String {
    let OperationDetails { kind, started, from, target, reached, done, .. } = operation;
    let what = match kind {
        OperationKind::Advance => "An advance",
        OperationKind::Run => "A change of the clock's speed",
        OperationKind::Create => "The creation of the tenant",
        OperationKind::Reset => "The reset of the tenant",
        OperationKind::Restore => "The restore of a snapshot",
        OperationKind::Delete => "The deletion of the tenant",
    };
    let mut text = format!("{what} is in progress, begun at {started} (wall time)");
    if let (Some(from), Some(target), Some(reached)) = (from, target, reached) {
        text += &format!(": from {from} to {target}, now at {reached}, {done} pieces of due work done");
    }
    if let Some(problem) = &operation.problem {
        return format!("{text}. It was interrupted and is being ended: {}.", problem.trim_end_matches('.'));
    }
    text += ". Repeat the request when it has ended";
    if *kind == OperationKind::Advance {
        text += ", or end it after its present step with {\"run\": 0}";
    }
    text + "; GET …/clock shows its progress."
}
