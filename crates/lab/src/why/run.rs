//! Explains a run of a flow, by the events of its trace in every service and by its connection.

use outlive_wire::JournalEvent;

use super::credential::latest;
use super::lines::sort;
use super::{Inquiry, Why};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// Maximum number of events of a run.
const LINES_MAX: u32 = 100;

impl Inquiry<'_> {
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
            why.what = format!("{} Its connection: {}", why.what, behind.what);
            why.depend_on(behind);
        }
        sort(&mut lines);
        why.decisions = latest(&lines);
        Ok(Some(why))
    }
}
