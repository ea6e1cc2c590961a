//! Explains a connection of the hub, by its refresh token.

use outlive_wire::JournalEvent;

use super::credential::latest;
use super::lines::{Line, sort};
use super::{Inquiry, Why};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// Number of a connection's latest events that are searched for its tokens.
const LINES_MAX: u32 = 200;

impl Inquiry<'_> {
    pub(super) async fn connection(&self, id: &str) -> Result<Option<Why>, CallError> {
        let of_connection = |newest, kind: Option<&str>, limit| JournalQuery {
            subject: Some(format!("connection:{id}")),
            newest,
            kind: kind.map(str::to_owned),
            limit: Some(limit),
            ..JournalQuery::default()
        };
        let first = self.lines(Service::Hub, of_connection(false, None, 1)).await?;
        let Some(created) = first.first() else { return Ok(None) };
        let mut lines = self.lines(Service::Hub, of_connection(true, None, LINES_MAX)).await?;
        let fingerprint = lines.iter().find_map(|line| match &line.event {
            JournalEvent::ConnectionRefreshed(event) => event.refresh_token.clone(),
            JournalEvent::ConnectionBroken(event) => event.refresh_token.clone(),
            JournalEvent::ConsentRedeemed(event) => event.refresh_token.clone(),
            _ => None,
        });
        let status = lines.iter().find_map(|line| match &line.event {
            JournalEvent::ConnectionBroken(_) => Some("it is broken"),
            JournalEvent::ConnectionRefreshed(_) | JournalEvent::ConnectionConnected(_) => {
                Some("it is connected")
            }
            _ => None,
        });
        let name = match &created.event {
            JournalEvent::ConnectionCreated(event) => event.resource.rsplit('/').next().unwrap_or_default(),
            _ => "",
        };
        let what = format!(
            "A connection{} of the hub{}.",
            if name.is_empty() { String::new() } else { format!(" '{name}'") },
            status.map(|status| format!("; {status}")).unwrap_or_default()
        );
        let mut why = Why::of("connection", id, what);
        if let Some(token) = match &fingerprint {
            Some(fingerprint) => self.credential(fingerprint).await?,
            None => None,
        } {
            why.what = format!("{} The token in it: {}", why.what, token.what);
            why.depend_on(token);
        }
        why.lineage.insert(0, created.moment());
        why.lineage.sort_by_key(|moment| moment.at);
        // Why the identity provider refused: from the traces of the hub's token requests.
        let refusals = lines.iter().filter(|line| matches!(line.event, JournalEvent::ConnectionBroken(_)));
        let refusals: Vec<_> = refusals.take(3).cloned().collect();
        for broken in refusals {
            lines.extend(self.refused_in(&broken.line.trace).await?);
        }
        lines
            .retain(|Line { line, .. }| line.seq != created.line.seq || line.service != created.line.service);
        sort(&mut lines);
        why.decisions = latest(&lines);
        Ok(Some(why))
    }

    /// Returns the refusals of the identity provider in a trace.
    pub(super) async fn refused_in(&self, trace: &str) -> Result<Vec<Line>, CallError> {
        let query = JournalQuery {
            trace: Some(trace.to_owned()),
            kind: Some("token.refused".to_owned()),
            limit: Some(10),
            ..JournalQuery::default()
        };
        self.lines(Service::Idp, query).await
    }
}
