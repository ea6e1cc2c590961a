//! A run of a flow: every service's part in it, by its trace, and the connection behind it.

use outlive_wire::JournalEvent;

use super::credential::latest;
use super::lines::in_order;
use super::{Asking, Why};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// Most lines of one run.
const LINES_MAX: u32 = 100;

impl Asking<'_> {
    pub(super) async fn run(&self, name: &str) -> Result<Option<Why>, CallError> {
        let of_run = JournalQuery {
            subject: Some(format!("run:{name}")),
            limit: Some(LINES_MAX),
            ..JournalQuery::default()
        };
        let mut lines = self.lines(Service::Flow, of_run).await?;
        let Some(last) = lines.last().cloned() else { return Ok(None) };
        for service in [Service::Idp, Service::Hub, Service::Resource] {
            let of_trace = JournalQuery {
                trace: Some(last.line.trace.clone()),
                limit: Some(LINES_MAX),
                ..JournalQuery::default()
            };
            lines.extend(self.lines(service, of_trace).await?);
        }
        let status = match &last.event {
            JournalEvent::RunFinished(run) => format!("ended on {}: {}", last.line.at, run.status),
            _ => "is not finished".to_owned(),
        };
        let mut why = Why::of("run", name, format!("A run of a flow; it {status}."));
        let connection =
            lines.iter().find_map(|line| line.line.subject.strip_prefix("connection:").map(str::to_owned));
        if let Some(connection) = connection
            && let Some(behind) = self.connection(&connection).await?
        {
            why.what = format!("{} Behind it: {}", why.what, behind.what);
            why.rest_on(behind);
        }
        in_order(&mut lines);
        why.decisions = latest(&lines);
        Ok(Some(why))
    }
}
