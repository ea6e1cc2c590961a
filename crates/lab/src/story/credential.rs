//! A credential of the identity provider, with its verdict.

use outlive_clock::Instant;
use outlive_rules::{
    Credential, Event, FactValue, Presented, Question, Rule, Ruleset, Verdict, ends_by_itself, prospects,
};
use outlive_wire::JournalEvent;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, StoryCredential, StoryEvent};

use super::{Found, Scene};
use crate::http::CallError;
use crate::services::Service;
use crate::why::Known;

impl Scene<'_> {
    /// Adds the credential with this name, which `holder` has. Returns its question if it is known.
    pub(super) async fn add(
        &self,
        name: &str,
        kind: CredentialKind,
        holder: &Holder,
        found: &mut Found,
    ) -> Result<Option<Question>, CallError> {
        let surface = self.inquiry.surface;
        let Some(known) = surface.question::<Known>(self.inquiry.tenant, name).await? else {
            return Ok(None);
        };
        let mut credential = described(name, kind, holder, &known.question);
        if credential.state == CredentialState::Revoked {
            (credential.noticed, credential.code) = self.refusal_of(&known.name, credential.code).await?;
        }
        found.credentials.push(credential);
        found.see(latest_event(&known.question));
        Ok(Some(known.question))
    }

    /// Returns when the credential was first refused, and the code: that of the refusal, or
    /// `expected`.
    async fn refusal_of(
        &self,
        name: &str,
        expected: Option<String>,
    ) -> Result<(Option<Instant>, Option<String>), CallError> {
        let lines = self.inquiry.about(Service::Idp, name, Some("token.refused"), 1).await?;
        Ok(match lines.first() {
            None => (None, expected),
            Some(line) => match &line.event {
                JournalEvent::TokenRefused(refused) => (Some(line.line.at), Some(refused.code.to_string())),
                _ => (Some(line.line.at), expected),
            },
        })
    }
}

/// The latest event of the user with a row in the table.
pub(super) fn latest_event(question: &Question) -> Option<StoryEvent> {
    let (event, at) = question.user.events.latest_first().into_iter().next()?;
    Some(story_event(&question.rules, event, at))
}

pub(super) fn story_event(rules: &Ruleset, event: Event, at: Instant) -> StoryEvent {
    StoryEvent { event, title: rules.row(event).title.to_owned(), at }
}

fn described(name: &str, kind: CredentialKind, holder: &Holder, question: &Question) -> StoryCredential {
    let verdict = question.decide();
    let (client_class, password_based, column) = column_of(&question.presented);
    let state = state_of(&verdict);
    let expires = ends_by_itself(question);
    let revoked_by = verdict.revocation.map(|cell| story_event(&question.rules, cell.event, cell.at));
    let obtained = obtained(&question.presented);
    let since = match state {
        CredentialState::Revoked => revoked_by.as_ref().map(|event| event.at),
        CredentialState::Expired => expires,
        _ => obtained,
    };
    let outlook = if verdict.is_accepted() { prospects(question) } else { Vec::new() };
    StoryCredential {
        name: Some(name.to_owned()),
        kind,
        holder: holder.clone(),
        client_class,
        password_based,
        column,
        obtained,
        state,
        since,
        expires,
        survived: survived(&verdict, question),
        revoked_by,
        code: verdict.code.map(|code| code.to_string()),
        noticed: None,
        would_end_it: outlook
            .iter()
            .filter(|prospect| prospect.ends_it)
            .filter_map(|prospect| prospect.event)
            .map(|event| story_event(&question.rules, event, question.at))
            .collect(),
        explanation: verdict.explain(),
    }
}

fn column_of(presented: &Presented) -> (Option<outlive_rules::ClientClass>, bool, Option<Credential>) {
    match presented {
        Presented::RefreshToken(token) => {
            let column = Credential::token(token.client_class, token.password_based);
            (Some(token.client_class), token.password_based, Some(column))
        }
        Presented::Cookie(cookie) => {
            (None, cookie.password_based, Some(Credential::cookie(cookie.password_based)))
        }
        _ => (None, false, None),
    }
}

fn obtained(presented: &Presented) -> Option<Instant> {
    match presented {
        Presented::RefreshToken(token) => Some(token.issued_at),
        Presented::Cookie(cookie) => Some(cookie.granted_at),
        Presented::AccessToken(token) => Some(token.valid_from),
        _ => None,
    }
}

fn state_of(verdict: &Verdict) -> CredentialState {
    match verdict.rule {
        Rule::NothingEndedIt => CredentialState::Alive,
        Rule::Inactive | Rule::FixedLifetimeOver | Rule::AccessTokenExpired => CredentialState::Expired,
        _ => CredentialState::Revoked,
    }
}

/// The events since it was obtained that it survives.
fn survived(verdict: &Verdict, question: &Question) -> Vec<StoryEvent> {
    let happened = verdict.facts.iter().filter(|fact| fact.name == "outlived");
    let mut events: Vec<_> = happened
        .filter_map(|fact| match fact.value {
            FactValue::Happened(event, at) => Some(story_event(&question.rules, event, at)),
            _ => None,
        })
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events
}
