//! Statuses of runs and actions.

/// Statuses by which runs can be selected.
pub(super) const STATUSES: [&str; 5] = ["Succeeded", "Failed", "Running", "Waiting", "Cancelled"];

/// The style and icon of a status.
pub(crate) fn style_of(status: &str) -> (&'static str, &'static str) {
    match status {
        "Succeeded" => ("is-alive", "i-check"),
        "Failed" | "TimedOut" => ("is-revoked", "i-cross"),
        "Waiting" | "Running" => ("is-idle", "i-clock"),
        _ => ("is-idle", "i-idle"),
    }
}
