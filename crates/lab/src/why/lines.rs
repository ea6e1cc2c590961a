//! Lines of the journals, and how they are told.

use outlive_clock::Instant;
use serde::Deserialize;
use serde_json::Value;

use super::{Asking, Moment};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// A line, as far as it is needed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line {
    pub(super) seq: i64,
    pub(super) service: String,
    pub(super) at: Instant,
    pub(super) wall: Instant,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) trace: String,
    pub(super) data: Value,
}

impl Asking<'_> {
    /// Lines of one service.
    pub(super) async fn lines(&self, service: Service, query: JournalQuery) -> Result<Vec<Line>, CallError> {
        let lines = self.surface.journal(service, self.tenant, &query).await?;
        Ok(lines.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect())
    }

    /// The first lines about a credential, or of one kind about it.
    pub(super) async fn about(
        &self,
        service: Service,
        name: &str,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Line>, CallError> {
        let query = JournalQuery {
            about: Some(name.to_owned()),
            kind: kind.map(str::to_owned),
            limit: Some(limit),
            ..JournalQuery::default()
        };
        self.lines(service, query).await
    }
}

impl Line {
    /// A text in the line's data, by JSON pointer; empty if there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.data.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            at: self.at,
            service: self.service.clone(),
            kind: self.kind.clone(),
            words: self.words(),
            trace: self.trace.clone(),
        }
    }

    fn words(&self) -> String {
        let text = |pointer| self.text(pointer);
        match self.kind.as_str() {
            "sign_in.succeeded" => {
                let amr: Vec<_> =
                    self.data["amr"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                format!("{} signed in {}", text("/upn"), methods(&amr))
            }
            "sign_out" => format!("{} signed out of the browser session", text("/upn")),
            "code.issued" => format!("an authorization code was issued to {}", text("/client_name")),
            "token.issued" => match text("/grant_type") {
                "refresh_token" => {
                    format!("{} refreshed: new tokens for {}", text("/client_name"), text("/resource"))
                }
                grant => format!(
                    "{} got tokens for {} by {}, as a {} client",
                    text("/client_name"),
                    text("/resource"),
                    grant.replace('_', " "),
                    text("/client_class")
                ),
            },
            "token.refused" => match text("/verdict/explanation") {
                "" => format!("refused: {}", text("/description")),
                // The row and what else it says stand with the verdict.
                why => format!("{} ({})", until(why, " By the row"), text("/code")),
            },
            "consent.redeemed" => {
                format!("the hub took the tokens of {} into the connection", text("/account"))
            }
            "connection.created" => "the connection was created".to_owned(),
            "connection.connected" => "the connection was connected".to_owned(),
            "connection.refreshed" => "the hub refreshed the connection's tokens".to_owned(),
            "connection.challenged" => {
                "the back end turned the access token away and asked the hub for one issued since".to_owned()
            }
            "connection.broken" => "the hub could not refresh, and the connection is broken".to_owned(),
            "runtime.forwarded" => {
                format!("the hub forwarded {} {}: {}", text("/method"), text("/path"), self.data["status"])
            }
            "runtime.refused" => {
                format!("the hub refused {} {}: {}", text("/method"), text("/path"), text("/why"))
            }
            "request.accepted" => {
                format!("{} {} was answered {}", text("/method"), text("/path"), self.data["status"])
            }
            "request.refused" => match text("/why") {
                "" => format!("{} {} was refused: {}", text("/method"), text("/path"), self.data["status"]),
                why => format!("{} {} was refused: {why}", text("/method"), text("/path")),
            },
            "run.finished" => format!("the run ended: {}", text("/status")),
            other => other.replace(['.', '_'], " "),
        }
    }
}

fn until<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or(text, |(begin, _)| begin)
}

fn methods(amr: &[&str]) -> String {
    let how = if amr.contains(&"pwd") { "with a password" } else { "without a password, with a passkey" };
    let second = if amr.contains(&"pwd") && amr.contains(&"mfa") { " and a second factor" } else { "" };
    format!("{how}{second}")
}

/// In the order in which it happened: by virtual time, then by wall time, then by place.
pub(super) fn in_order(lines: &mut Vec<Line>) {
    lines.sort_by(|a, b| (a.at, a.wall, &a.service, a.seq).cmp(&(b.at, b.wall, &b.service, b.seq)));
    lines.dedup_by(|a, b| (a.seq, &a.service) == (b.seq, &b.service));
}
