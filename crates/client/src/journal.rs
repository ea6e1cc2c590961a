//! The journal: what the services decided, in order.

use std::fmt;
use std::future::IntoFuture;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::tenant_api::{Pending, TenantApi};

/// Number of lines per page.
const PAGE: usize = 1_000;

/// Maximum number of pages that are read.
const PAGES_MAX: usize = 10_000;

/// A query of the journal, see [`Tenant::journal`](crate::Tenant::journal). Await it for the lines.
#[must_use = "nothing is read until it is awaited"]
pub struct Journal<'a> {
    tenant: &'a TenantApi,
    selection: Vec<(&'static str, String)>,
}

impl<'a> Journal<'a> {
    pub(crate) const fn new(tenant: &'a TenantApi) -> Self {
        Self { tenant, selection: Vec::new() }
    }

    /// Only events of this kind (`token.refused`), or with this prefix if it ends in a dot.
    pub fn kind(self, kind: &str) -> Self {
        self.with("kind", kind)
    }

    /// Only events of this subject (`connection:ID`).
    pub fn subject(self, subject: &str) -> Self {
        self.with("subject", subject)
    }

    /// Only events of this trace.
    pub fn trace(self, trace: &str) -> Self {
        self.with("trace", trace)
    }

    /// Only events about the credential of this id or fingerprint.
    pub fn about(self, credential: &str) -> Self {
        self.with("about", credential)
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.selection.push((name, value.to_owned()));
        self
    }

    async fn read(self) -> Result<Vec<JournalLine>, Error> {
        let (mut lines, mut after) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let request = self.tenant.request(Method::GET, "/journal").query(&self.selection);
            let request = request.query(&[("after", after.as_str()), ("limit", &PAGE.to_string())]);
            let page = self.tenant.send::<Page>(request).await?.complete()?;
            let is_last = page.lines.len() < PAGE;
            lines.extend(page.lines);
            if is_last {
                break;
            }
            after = page.next;
        }
        Ok(lines)
    }
}

impl<'a> IntoFuture for Journal<'a> {
    type Output = Result<Vec<JournalLine>, Error>;
    type IntoFuture = Pending<'a, Vec<JournalLine>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.read())
    }
}

#[derive(Deserialize)]
struct Page {
    lines: Vec<JournalLine>,
    next: String,
    /// The services that did not answer.
    #[serde(default)]
    missing: Vec<String>,
}

impl Page {
    fn complete(self) -> Result<Self, Error> {
        if self.missing.is_empty() {
            return Ok(self);
        }
        Err(Error::IncompleteJournal { missing: self.missing })
    }
}

/// An event of the journal.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct JournalLine {
    /// The service that recorded it.
    pub service: String,
    /// When it happened (virtual time, RFC 3339).
    pub at: String,
    /// What happened (`token.refused`).
    pub kind: String,
    /// What it happened to (`connection:ID`).
    pub subject: String,
    /// The trace (W3C trace id) that it belongs to.
    pub trace: String,
    /// What happened, in one sentence.
    #[serde(default)]
    pub words: String,
    /// The payload, whose form its kind determines.
    pub data: Value,
}

/// A line for people: when, which service, and what happened.
impl fmt::Display for JournalLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<8} {}", self.at, self.service, self.words)
    }
}

impl fmt::Debug for Journal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("selection", &self.selection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_without_the_events_of_a_service_is_an_error() {
        let read = |text: &str| serde_json::from_str::<Page>(text).unwrap().complete();
        assert!(read(r#"{"lines": [], "next": "1", "missing": []}"#).is_ok());
        let error = read(r#"{"lines": [], "next": "1", "missing": ["hub", "flow"]}"#).err().unwrap();
        assert!(error.to_string().contains("hub, flow did not answer"), "{error}");
    }
}
