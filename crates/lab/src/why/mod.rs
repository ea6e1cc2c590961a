//! Explains why a token, code, cookie, connection or run works or does not.
//!
//! The identity provider returns the facts about a credential at this instant. The rules are
//! evaluated on them here: as they are, and with each fact changed. The origin of the credential
//! and the decisions about it come from the journals.

mod after;
mod connection;
mod credential;
pub(crate) mod lines;
mod run;
mod text;

use outlive_clock::{Instant, TenantId};
use outlive_rules::{Question, Verdict, WhatIf, ends_by_itself, prospects, what_if};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::after::After;
pub(crate) use self::after::Possible;
use crate::http::CallError;
use crate::services::LabSurface;

/// An explanation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Why {
    /// `refresh_token`, `access_token`, `code`, `cookie`, `connection` or `run`.
    pub kind: String,
    /// Its id: never the credential itself.
    pub name: String,
    /// A description, in one sentence.
    pub what: String,
    /// The events that led to it, in order.
    pub lineage: Vec<Moment>,
    /// The latest decisions about it and uses of it, in order.
    pub decisions: Vec<Moment>,
    /// The verdict on it at this instant; for a connection or a run, on its refresh token.
    pub verdict: Option<Verdict>,
    /// When it expires (virtual time).
    pub ends_by_itself: Option<Instant>,
    /// Events that would end it.
    pub would_end_it: Vec<String>,
    /// Events that would not.
    pub would_not_end_it: Vec<String>,
    /// If it is refused: the smallest changes of facts with which it would be accepted.
    pub what_if: Vec<WhatIf>,
    /// The verdict after an event, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// The question about the credential.
    #[serde(skip)]
    question: Option<Question>,
}

/// A journal event, summarized.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moment {
    /// When it happened (virtual time).
    pub at: Instant,
    /// The service that recorded it.
    pub service: String,
    pub kind: String,
    /// Its summary.
    pub words: String,
    /// Its trace id.
    pub trace: String,
}

/// Explains the credential, connection or run with this id, and what an event would do to it. A
/// credential can be given itself. Returns `None` if it is unknown.
pub(crate) async fn explain(
    surface: &LabSurface,
    tenant: TenantId,
    id: &str,
    event: Option<Possible>,
) -> Result<Option<Why>, CallError> {
    let mut why = find(surface, tenant, id).await?;
    if let Some(why) = &mut why {
        why.after = event.zip(why.question.as_ref()).map(|(event, question)| event.then(question));
    }
    Ok(why)
}

async fn find(surface: &LabSurface, tenant: TenantId, id: &str) -> Result<Option<Why>, CallError> {
    let inquiry = Inquiry { surface, tenant };
    let id = id.trim();
    if let Some(why) = inquiry.credential(id).await? {
        return Ok(Some(why));
    }
    let bare = |kind: &str| id.strip_prefix(kind).unwrap_or(id).to_owned();
    if let Some(why) = inquiry.connection(&bare("connection:")).await? {
        return Ok(Some(why));
    }
    inquiry.run(&bare("run:")).await
}

/// The services to query, and the tenant.
pub(crate) struct Inquiry<'a> {
    pub(crate) surface: &'a LabSurface,
    pub(crate) tenant: TenantId,
}

/// The identity provider's facts about a credential.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    kind: String,
    pub(crate) name: String,
    session: Option<String>,
    pub(crate) family: Option<String>,
    user: Option<Value>,
    client: Option<Value>,
    pub(crate) question: Question,
}

impl Known {
    /// The object id of the user.
    pub(crate) fn user_id(&self) -> Option<&str> {
        self.user.as_ref()?.get("id")?.as_str()
    }
}

impl Why {
    fn of(kind: &str, name: &str, what: String) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            what,
            lineage: Vec::new(),
            decisions: Vec::new(),
            verdict: None,
            ends_by_itself: None,
            would_end_it: Vec::new(),
            would_not_end_it: Vec::new(),
            what_if: Vec::new(),
            after: None,
            question: None,
        }
    }

    /// Takes over the verdict and the lineage of the credential that this depends on.
    fn depend_on(&mut self, other: Self) {
        let Self {
            lineage, verdict, ends_by_itself, would_end_it, would_not_end_it, what_if, question, ..
        } = other;
        *self = Self {
            lineage,
            verdict,
            ends_by_itself,
            would_end_it,
            would_not_end_it,
            what_if,
            question,
            after: None,
            kind: std::mem::take(&mut self.kind),
            name: std::mem::take(&mut self.name),
            what: std::mem::take(&mut self.what),
            decisions: std::mem::take(&mut self.decisions),
        };
    }

    /// Evaluates the rules.
    fn evaluate(&mut self, question: &Question) {
        let verdict = question.decide();
        if verdict.is_accepted() {
            self.ends_by_itself = ends_by_itself(question);
            for prospect in prospects(question) {
                let words =
                    if prospect.ends_it { &mut self.would_end_it } else { &mut self.would_not_end_it };
                words.push(prospect.what);
            }
        } else {
            self.what_if = what_if(question);
        }
        self.verdict = Some(verdict);
        self.question = Some(question.clone());
    }
}
