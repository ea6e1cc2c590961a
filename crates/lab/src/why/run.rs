//! Explains a run of a flow, by the events of its trace in every service and by the token that it
//! used, as it was then.

use outlive_clock::{Instant, Span};
use outlive_rules::Question;
use outlive_wire::JournalEvent;

use super::credential::latest;
use super::lines::{Ends, Line, sort};
use super::{Inquiry, Known, Why};
use crate::http::CallError;
use crate::past::{Past, Then};
use crate::services::{JournalQuery, Service};

/// The token that a run used.
pub(super) struct Used {
    name: String,
    /// The question that was decided about it then, if the identity provider was asked.
    question: Option<Question>,
    /// When it was used.
    at: Instant,
    /// When that was recorded, in wall time: later events of the instant do not count.
    wall: Instant,
}

/// Returns the token that a run used, from its events in order: the refresh token that the hub
/// presented last, otherwise the access token that it sent.
fn used_then(lines: &[Line]) -> Option<Used> {
    let presented = |line: &Line| {
        let (name, question) = match &line.event {
            JournalEvent::TokenRefused(refused) => (refused.refresh_token.as_ref()?.id, &refused.question),
            JournalEvent::TokenIssued(issued) => (issued.refresh_token.as_ref()?.parent?, &issued.question),
            _ => return None,
        };
        Some(Used {
            name: name.to_string(),
            question: question.clone(),
            at: line.line.at,
            wall: line.line.wall,
        })
    };
    let sent = |line: &Line| match &line.event {
        JournalEvent::RuntimeForwarded(call) => Some(Used {
            name: call.access_token.clone()?,
            question: None,
            at: line.line.at,
            wall: line.line.wall,
        }),
        _ => None,
    };
    lines.iter().rev().find_map(presented).or_else(|| lines.iter().rev().find_map(sent))
}

impl Why {
    /// Evaluates the rules as of when a run used the token.
    fn evaluate_as_of(&mut self, question: &Question) {
        self.would_end_it.clear();
        self.would_not_end_it.clear();
        self.what_if.clear();
        self.ends_by_itself = None;
        self.evaluate(question);
    }
}

impl Inquiry<'_> {
    pub(super) async fn run(&self, name: &str) -> Result<Option<Why>, CallError> {
        let of_run = JournalQuery { subject: Some(format!("run:{name}")), ..JournalQuery::default() };
        let Ends { mut lines, .. } = self.ends(Service::Flow, of_run).await?;
        let Some(last) = lines.last().cloned() else { return Ok(None) };
        for service in [Service::Idp, Service::Hub, Service::Resource] {
            let of_trace = JournalQuery { trace: Some(last.line.trace.clone()), ..JournalQuery::default() };
            lines.extend(self.ends(service, of_trace).await?.lines);
        }
        let status = match &last.event {
            JournalEvent::RunFinished(run) => format!("ended on {}: {}", last.line.at, run.status),
            _ => "is not finished".to_owned(),
        };
        let mut why = Why::of("run", name, format!("A run of a flow; it {status}."));
        let connection =
            lines.iter().find_map(|line| line.line.subject.strip_prefix("connection:").map(str::to_owned));
        sort(&mut lines);
        if let Some(used) = used_then(&lines)
            && let Some(mut token) = self.credential(&used.name).await?
        {
            let then = self.as_of(used).await?;
            let mut what = format!("{} The token that it used: {}", why.what, token.what);
            if let Some(then) = then {
                token.evaluate_as_of(&then.question);
                what = then.caveat(what);
            }
            why.what = what;
            why.depend_on(token);
        } else if let Some(connection) = connection
            && let Some(behind) = self.connection(&connection).await?
        {
            why.what = format!("{} Its connection: {}", why.what, behind.what);
            why.depend_on(behind);
        }
        why.decisions = latest(&lines);
        Ok(Some(why))
    }

    /// The question about a token as it was when a run used it: the one that was decided, otherwise
    /// with the facts of that instant.
    async fn as_of(&self, used: Used) -> Result<Option<Then>, CallError> {
        if let Some(question) = used.question {
            let question = Question { at: used.at, ..question };
            return Ok(Some(Then { question, knows_requirements: true }));
        }
        let Some(known) = self.surface.question::<Known>(self.tenant, &used.name).await? else {
            return Ok(None);
        };
        let user = known.user_id().unwrap_or_default();
        let past = Past::read(self, user, used.at + Span::from_micros(1)).await?;
        let observed = past.observations(self, known.family.as_deref(), [used.at]).await?;
        Ok(Some(past.question_after(&known.question, &observed, (used.at, Some(used.wall)))))
    }
}
