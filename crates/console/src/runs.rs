//! Runs of flows, as the flow service's journal tells of them.

use std::collections::VecDeque;

use outlive_clock::Instant;
use serde_json::Value;

use crate::lab::Line;

/// The most runs kept.
const RUNS_KEPT: usize = 24;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    fn named(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "running" | "started" | "waiting" => Some(Self::Running),
            "succeeded" => Some(Self::Succeeded),
            "failed" | "timedout" | "aborted" => Some(Self::Failed),
            "cancelled" | "skipped" => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) name: String,
    /// The flow's id, where the journal says.
    pub(crate) flow: Option<String>,
    /// When it was last heard of (virtual).
    pub(crate) at: Instant,
    pub(crate) status: Status,
    /// Why, when it failed.
    pub(crate) reason: Option<String>,
}

/// The latest runs.
#[derive(Default)]
pub(crate) struct Runs {
    latest: VecDeque<Run>,
}

impl Runs {
    /// Takes note of a line, if it is about a run.
    pub(crate) fn take(&mut self, line: &Line) {
        let Some((status, name)) =
            status(line).zip(line.subject.strip_prefix("run:").or(text(&line.data, "run")))
        else {
            return;
        };
        let flow = text(&line.data, "flow").or(text(&line.data, "flow_id")).map(without_prefix);
        if let Some(run) = self.latest.iter_mut().rev().find(|run| run.name == name) {
            run.status = status;
            run.at = line.at;
            run.flow = flow.or(run.flow.take());
            run.reason = reason(&line.data).or(run.reason.take());
            return;
        }
        if self.latest.len() == RUNS_KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(Run {
            name: name.to_owned(),
            flow,
            at: line.at,
            status,
            reason: reason(&line.data),
        });
    }

    pub(crate) fn newest_first(&self) -> Vec<Run> {
        self.latest.iter().rev().cloned().collect()
    }
}

/// The status a line gives a run: in its particulars, or in its kind (`run.succeeded`).
fn status(line: &Line) -> Option<Status> {
    let ending = line.kind.strip_prefix("run.")?;
    text(&line.data, "status").and_then(Status::named).or_else(|| Status::named(ending))
}

fn text<'v>(data: &'v Value, name: &str) -> Option<&'v str> {
    data[name].as_str()
}

fn without_prefix(flow: &str) -> String {
    flow.strip_prefix("flow:").unwrap_or(flow).to_owned()
}

/// Why a run failed, in the words of whoever refused.
fn reason(data: &Value) -> Option<String> {
    let error = &data["error"];
    error["message"]
        .as_str()
        .or(error.as_str())
        .or(text(data, "reason"))
        .or(text(data, "message"))
        .or(error["code"].as_str())
        .or(text(data, "code"))
        .map(|reason| reason.chars().take(600).collect())
}
