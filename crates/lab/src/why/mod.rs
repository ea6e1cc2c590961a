//! Why something works, or does not: a token, code, cookie, connection or run explained from what the services remember.
//!
//! The identity provider says what the rules would be asked about a credential now; the rules answer here, once as it is and once
//! for every fact that could have been otherwise. Where it came from and what was decided about it stands in the journals.

mod connection;
mod credential;
mod lines;
mod run;
mod told;

use outlive_clock::{Instant, TenantId};
use outlive_rules::{Question, Verdict, WhatIf, ends_by_itself, prospects, what_if};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::CallError;
use crate::services::LabSurface;

/// An explanation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Why {
    /// `refresh_token`, `access_token`, `code`, `cookie`, `connection` or `run`.
    pub kind: String,
    /// Its name: never the credential itself.
    pub name: String,
    /// What it is, in a sentence.
    pub what: String,
    /// Where it came from, in order.
    pub lineage: Vec<Moment>,
    /// What was decided about it, or done with it, in order; the latest ones.
    pub decisions: Vec<Moment>,
    /// Whether it works at this instant, by which rule; of a connection or a run, whether the refresh token behind it does.
    pub verdict: Option<Verdict>,
    /// When it ends by itself (virtual).
    pub ends_by_itself: Option<Instant>,
    /// What would end it from here on, in words.
    pub would_end_it: Vec<String>,
    /// What would not.
    pub would_not_end_it: Vec<String>,
    /// If it is refused: the smallest changes of facts under which it would be accepted.
    pub what_if: Vec<WhatIf>,
}

/// A line of a journal, in words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moment {
    /// When (virtual).
    pub at: Instant,
    /// Whose journal.
    pub service: String,
    /// The kind of line.
    pub kind: String,
    /// What happened, in words.
    pub words: String,
    /// The trace it belongs to.
    pub trace: String,
}

/// Explains what `id` names in the tenant, or is; `None` if nothing of that name is known.
///
/// # Errors
/// A service did not answer.
pub async fn explain(surface: &LabSurface, tenant: TenantId, id: &str) -> Result<Option<Why>, CallError> {
    let asking = Asking { surface, tenant };
    let id = id.trim();
    if let Some(why) = asking.credential(id).await? {
        return Ok(Some(why));
    }
    let bare = |kind: &str| id.strip_prefix(kind).unwrap_or(id).to_owned();
    if let Some(why) = asking.connection(&bare("connection:")).await? {
        return Ok(Some(why));
    }
    asking.run(&bare("run:")).await
}

/// Whom to ask, about which tenant.
struct Asking<'a> {
    surface: &'a LabSurface,
    tenant: TenantId,
}

/// What the identity provider knows of a credential.
#[derive(Debug, Deserialize)]
struct Known {
    kind: String,
    name: String,
    session: Option<String>,
    family: Option<String>,
    user: Option<Value>,
    client: Option<Value>,
    question: Question,
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
        }
    }

    /// Is worth what something else is worth, and came from where that came from.
    fn rest_on(&mut self, other: Self) {
        let Self { lineage, verdict, ends_by_itself, would_end_it, would_not_end_it, what_if, .. } = other;
        *self = Self {
            lineage,
            verdict,
            ends_by_itself,
            would_end_it,
            would_not_end_it,
            what_if,
            kind: std::mem::take(&mut self.kind),
            name: std::mem::take(&mut self.name),
            what: std::mem::take(&mut self.what),
            decisions: std::mem::take(&mut self.decisions),
        };
    }

    /// Asks the rules.
    fn judge(&mut self, question: &Question) {
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
    }
}
