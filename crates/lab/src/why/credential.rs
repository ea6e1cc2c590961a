//! Explains a credential: its lineage from the sign-in, and the decisions about it.

use outlive_wire::JournalEvent;
use outlive_wire::events::TokenIssued;

use super::lines::{Line, sort};
use super::{Inquiry, Known, Why};
use crate::http::CallError;
use crate::services::Service;

/// Maximum number of decisions returned; earlier ones are omitted.
const DECISIONS_MAX: usize = 20;
/// Maximum number of events read about one credential.
const LINES_MAX: u32 = 1_000;

impl Inquiry<'_> {
    pub(super) async fn credential(&self, id: &str) -> Result<Option<Why>, CallError> {
        let Some(known) = self.surface.question::<Known>(self.tenant, id).await? else { return Ok(None) };
        let mut why = Why::of(&known.kind, &known.name, description(&known));
        why.evaluate(&known.question);
        let (lineage, decisions) = self.history(&known).await?;
        why.lineage = lineage.iter().map(Line::moment).collect();
        why.decisions = latest(&decisions);
        Ok(Some(why))
    }

    /// Returns the events that led to the credential, and those about its use.
    async fn history(&self, known: &Known) -> Result<(Vec<Line>, Vec<Line>), CallError> {
        let mut lineage = Vec::new();
        if let Some(session) = &known.session {
            lineage.extend(self.about(Service::Idp, session, Some("sign_in.succeeded"), 1).await?);
        }
        if let Some(family) = &known.family {
            lineage.extend(self.about(Service::Idp, family, Some("code.issued"), 1).await?);
            if known.kind != "code" {
                lineage.extend(self.about(Service::Idp, family, Some("token.issued"), 1).await?);
            }
        }
        let mut decisions = Vec::new();
        for line in self.about(Service::Idp, &known.name, None, LINES_MAX).await? {
            if creates(&line, known) { lineage.push(line) } else { decisions.push(line) }
        }
        decisions.retain(|line| !lineage.iter().any(|other| other.line.seq == line.line.seq));
        for fingerprint in fingerprints(&lineage, known) {
            for service in [Service::Hub, Service::Resource] {
                decisions.extend(self.about(service, &fingerprint, None, LINES_MAX).await?);
            }
        }
        sort(&mut lineage);
        sort(&mut decisions);
        Ok((lineage, decisions))
    }
}

pub(super) fn latest(decisions: &[Line]) -> Vec<super::Moment> {
    decisions.iter().skip(decisions.len().saturating_sub(DECISIONS_MAX)).map(Line::moment).collect()
}

/// Whether the event created the credential. Otherwise it is about a use of it.
fn creates(line: &Line, known: &Known) -> bool {
    match (known.kind.as_str(), &line.event) {
        ("refresh_token", JournalEvent::TokenIssued(event)) => {
            event.refresh_token.as_ref().is_some_and(|token| token.id.to_string() == known.name)
        }
        ("access_token", event) => matches!(event, JournalEvent::TokenIssued(_)),
        ("code", event) => matches!(event, JournalEvent::CodeIssued(_)),
        ("refresh_token", _) => false,
        (_, event) => matches!(event, JournalEvent::SignInSucceeded(_)),
    }
}

/// Returns the fingerprints of the credential in other services, from the event that created it.
fn fingerprints(lineage: &[Line], known: &Known) -> Vec<String> {
    let issued = lineage.iter().filter_map(|line| match &line.event {
        JournalEvent::TokenIssued(event) => Some(event),
        _ => None,
    });
    let of_refresh_token = |event: &TokenIssued| {
        let token = event.refresh_token.as_ref().filter(|token| token.id.to_string() == known.name)?;
        Some(token.fingerprint.clone())
    };
    let of_access_token = |event: &TokenIssued| {
        (event.access_token.uti == known.name).then(|| event.access_token.fingerprint.clone())
    };
    match known.kind.as_str() {
        "refresh_token" => issued.filter_map(|event| of_refresh_token(event)).collect(),
        "access_token" => issued.filter_map(|event| of_access_token(event)).collect(),
        _ => Vec::new(),
    }
}

fn description(known: &Known) -> String {
    let text = |value: &Option<serde_json::Value>, name: &str| {
        value.as_ref().and_then(|value| value[name].as_str().map(str::to_owned))
    };
    let kind = match known.kind.as_str() {
        "refresh_token" => "A refresh token",
        "access_token" => "An access token",
        "code" => "An authorization code",
        _ => "A browser session",
    };
    let user = text(&known.user, "upn").map(|upn| format!(" of {upn}")).unwrap_or_default();
    let client = text(&known.client, "name").map(|name| format!(", issued to {name}")).unwrap_or_default();
    let column = super::text::column(&known.question).map(|column| format!(", {column}")).unwrap_or_default();
    format!("{kind}{user}{client}{column}.")
}
