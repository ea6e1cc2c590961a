//! The end of a tenant's journal. A view reads the newest lines and no others, so that it costs the same
//! however long the journal is.

use outlive_clock::TenantId;

use crate::lab::{Lab, LabError, Line};
use crate::runs::{Run, Runs};

/// How many lines of each kind of interest are shown.
const LINES_SHOWN: u32 = 60;
/// How many lines of the flow service are read for the latest runs: each has a few.
const RUN_LINES: u32 = 120;

/// What the page shows of a journal, newest first.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    /// Where the journal was read to.
    pub(crate) cursor: String,
    /// What changed something, or was refused.
    pub(crate) notable: Vec<Line>,
    /// Everything.
    pub(crate) latest: Vec<Line>,
    /// Runs of flows.
    pub(crate) runs: Vec<Run>,
    /// How many runs succeeded and failed since the beginning; unknown if the flow service does not
    /// answer.
    pub(crate) finished: Option<Finished>,
}

/// How runs of flows ended.
#[derive(Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
}

/// Reads what the page shows.
pub(crate) async fn recent(lab: &Lab, tenant: TenantId) -> Result<Recent, LabError> {
    let (latest, notable, of_flows, counts) = tokio::try_join!(
        lab.newest(tenant, LINES_SHOWN, &[]),
        lab.newest(tenant, LINES_SHOWN, &[("notable", "true")]),
        lab.newest(tenant, RUN_LINES, &[("service", "flow")]),
        async { Ok(lab.run_counts(tenant).await.ok()) },
    )?;
    let mut runs = Runs::default();
    for line in of_flows.lines.iter().rev() {
        runs.take(line);
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
