//! A credential of the identity provider: its lineage from the sign-in, and what was decided about it.

use super::lines::{Line, in_order};
use super::{Asking, Known, Why};
use crate::http::CallError;
use crate::services::Service;

/// Most decisions told; earlier ones are left out.
const DECISIONS_MAX: usize = 20;
/// Most lines read about one credential.
const LINES_MAX: u32 = 1_000;

impl Asking<'_> {
    pub(super) async fn credential(&self, id: &str) -> Result<Option<Why>, CallError> {
        let Some(known) = self.surface.question::<Known>(self.tenant, id).await? else { return Ok(None) };
        let mut why = Why::of(&known.kind, &known.name, what(&known));
        why.judge(&known.question);
        let (lineage, decisions) = self.history(&known).await?;
        why.lineage = lineage.iter().map(Line::moment).collect();
        why.decisions = latest(&decisions);
        Ok(Some(why))
    }

    /// What led to the credential, and what happened to it.
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
            if makes(&line, known) { lineage.push(line) } else { decisions.push(line) }
        }
        decisions.retain(|line| !lineage.iter().any(|other| other.seq == line.seq));
        for fingerprint in fingerprints(&lineage, known) {
            for service in [Service::Hub, Service::Resource] {
                decisions.extend(self.about(service, &fingerprint, None, LINES_MAX).await?);
            }
        }
        in_order(&mut lineage);
        in_order(&mut decisions);
        Ok((lineage, decisions))
    }
}

pub(super) fn latest(decisions: &[Line]) -> Vec<super::Moment> {
    decisions.iter().skip(decisions.len().saturating_sub(DECISIONS_MAX)).map(Line::moment).collect()
}

/// Whether the line is of the making of the credential; otherwise it speaks of its use.
fn makes(line: &Line, known: &Known) -> bool {
    match known.kind.as_str() {
        "refresh_token" => line.text("/refresh_token/id") == known.name && line.kind == "token.issued",
        "access_token" => line.kind == "token.issued",
        "code" => line.kind == "code.issued",
        _ => line.kind == "sign_in.succeeded",
    }
}

/// By which fingerprint other services know it: from the line that made it.
fn fingerprints(lineage: &[Line], known: &Known) -> Vec<String> {
    let pointer = match known.kind.as_str() {
        "refresh_token" => "/refresh_token/fingerprint",
        "access_token" => "/access_token/fingerprint",
        _ => return Vec::new(),
    };
    let made = lineage.iter().filter(|line| makes(line, known));
    let named = made.filter(|line| {
        [line.text("/refresh_token/id"), line.text("/access_token/uti")].contains(&known.name.as_str())
    });
    named.map(|line| line.text(pointer).to_owned()).filter(|text| !text.is_empty()).collect()
}

fn what(known: &Known) -> String {
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
    let column = super::told::column(&known.question).map(|column| format!(", {column}")).unwrap_or_default();
    format!("{kind}{user}{client}{column}.")
}
