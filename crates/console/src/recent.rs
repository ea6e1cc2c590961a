//! The newest events of a tenant's journal. Only they are read, so that the cost of a page does not
//! depend on the length of the journal.

use outlive_clock::TenantId;
use outlive_wire::JournalLine;

use crate::lab::{Lab, LabError};
use crate::runs::{Run, Runs};

/// Number of events shown in each list.
const LINES_SHOWN: u32 = 60;
/// Number of events of the flow service that are read for the latest runs.
const RUN_LINES: u32 = 120;

/// The events of a page, newest first.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    /// The cursor at the end of the journals.
    pub(crate) cursor: String,
    /// Notable events.
    pub(crate) notable: Vec<JournalLine>,
    /// All events.
    pub(crate) latest: Vec<JournalLine>,
    /// Runs of flows.
    pub(crate) runs: Vec<Run>,
    /// The number of runs that succeeded and failed; `None` if the flow service does not answer.
    pub(crate) finished: Option<Finished>,
}

/// Number of finished runs.
#[derive(Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
}

/// Reads the events of a page.
pub(crate) async fn recent(lab: &Lab, tenant: TenantId) -> Result<Recent, LabError> {
    let (latest, notable, of_flows, counts) = tokio::try_join!(
        lab.newest(tenant, LINES_SHOWN, &[]),
        lab.newest(tenant, LINES_SHOWN, &[("notable", "true")]),
        lab.newest(tenant, RUN_LINES, &[("service", "flow")]),
        async { Ok(lab.run_counts(tenant).await.ok()) },
    )?;
    let mut runs = Runs::default();
    for line in of_flows.lines.iter().rev() {
        runs.add(line);
    }
    let finished = counts.map(|counts| {
        let count = |status| counts.get(status).copied().unwrap_or(0);
        Finished { succeeded: count("Succeeded"), failed: count("Failed") }
    });
    Ok(Recent {
        cursor: latest.next,
        notable: notable.lines,
        latest: latest.lines,
        runs: runs.newest_first(),
        finished,
    })
}
