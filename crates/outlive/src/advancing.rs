//! Shows the progress of an advance while it is awaited: on standard error, if that is a terminal.

use std::convert::Infallible;
use std::time::Duration;

use outlive_chassis::pause;
use outlive_clock::{Span, TenantId};
use outlive_lab::scenario::run::LabClient;
use outlive_wire::lab_api::OperationDetails;

use crate::progress::Progress;

/// How often the progress is read (wall time).
const EVERY: Duration = Duration::from_millis(200);

/// Awaits an advance, and shows its progress.
pub(crate) async fn advancing<T>(lab: &LabClient, tenant: TenantId, moving: impl Future<Output = T>) -> T {
    let progress = Progress::part();
    tokio::select! {
        moved = moving => moved,
        never = show(lab, tenant, &progress) => match never {},
    }
}

async fn show(lab: &LabClient, tenant: TenantId, progress: &Progress) -> Infallible {
    loop {
        pause(EVERY).await;
        let clock = lab.clock(tenant).await;
        let Some(shown) = clock.ok().and_then(|clock| clock.operation).as_ref().and_then(Shown::of) else {
            continue;
        };
        progress.set(shown.covered, shown.all, &shown.words);
    }
}

/// The progress of an advance.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    /// "1,204 of 2,136 runs, now 2026-02-24T08:00:00Z".
    words: String,
    /// The seconds of virtual time that it has moved, and those that it is going to.
    covered: u64,
    all: u64,
}

impl Shown {
    fn of(operation: &OperationDetails) -> Option<Self> {
        let (from, target, reached) = (operation.from?, operation.target?, operation.reached?);
        let runs = operation.runs_in_words().map(|runs| format!("{runs}, ")).unwrap_or_default();
        let seconds = |span: Span| u64::try_from(span.as_seconds()).unwrap_or(0);
        Some(Self {
            words: format!("{runs}now {}", reached.whole_second()),
            covered: seconds(reached - from),
            all: seconds(target - from),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_progress_has_the_runs_of_all_and_the_time() {
        let operation = |details: serde_json::Value| serde_json::from_value(details).expect("an operation");
        let mut details = json!({
            "kind": "advance", "started": "2026-11-23T12:00:00Z", "from": "2026-01-05T08:00:00Z",
            "target": "2026-04-04T08:00:00Z", "reached": "2026-02-24T12:00:00Z", "done": 1210, "runs": 1204,
            "expected": {"runs": 2136, "is_exact": true},
        });
        let shown = |words: &str| Some(Shown { words: words.to_owned(), covered: 4_334_400, all: 7_689_600 });
        let found = Shown::of(&operation(details.clone()));
        assert_eq!(found, shown("1,204 of 2,136 runs, now 2026-02-24T12:00:00Z"));
        details["expected"] = json!(null);
        assert_eq!(Shown::of(&operation(details)), shown("now 2026-02-24T12:00:00Z"));
        let speed = json!({"kind": "run", "started": "2026-11-23T12:00:00Z"});
        assert_eq!(Shown::of(&operation(speed)), None);
    }
}
