//! A token request, from its event at the identity provider.

use outlive_clock::Instant;
use outlive_rules::{ClientClass, Verdict};
use outlive_wire::JournalEvent;
use outlive_wire::events::{TokenIssued, TokenRefused};
use outlive_wire::run_steps::{Carried, Party, RunStep, StepKind};

use super::writer::{SENDER_UNKNOWN, Writer, credential_words, name_of};
use crate::why::lines::Line;

/// Adds the request of `from`, what the identity provider decides, and its response.
pub(super) fn token_request(writer: &mut Writer, from: Party, line: &Line) {
    match &line.event {
        JournalEvent::TokenIssued(issued) => {
            let presented = issued.refresh_token.as_ref().and_then(|token| token.parent);
            let sent = Sent {
                grant: &issued.grant_type,
                credential: presented.map(|id| id.to_string()),
                class: Some(issued.client_class),
            };
            request(writer, from, line, &sent);
            decision(writer, line, issued.verdict.as_ref());
            issue(writer, from, line, issued);
        }
        JournalEvent::TokenRefused(refused) => {
            let presented = refused.refresh_token.as_ref();
            let sent = Sent {
                grant: refused.grant_type.as_deref().unwrap_or_default(),
                credential: presented.map(|token| token.id.to_string()),
                class: presented.map(|token| token.client_class),
            };
            request(writer, from, line, &sent);
            decision(writer, line, refused.verdict.as_ref());
            refuse(writer, from, line, refused);
        }
        _ => {}
    }
}

/// Adds what the identity provider decided about a request of which it is not known who sent it.
pub(super) fn token_note(writer: &mut Writer, line: &Line) {
    let (words, detail, label, code) = match &line.event {
        JournalEvent::TokenIssued(issued) => (
            "Identity provider issues tokens",
            format!("to {}", issued.client_name),
            "new tokens".to_owned(),
            None,
        ),
        JournalEvent::TokenRefused(refused) => (
            "Identity provider refuses tokens",
            refused.code.to_string(),
            refused.error.clone(),
            Some(refused.code.to_string()),
        ),
        _ => return,
    };
    let is_refused = code.is_some();
    let detail = format!("{detail}; {SENDER_UNKNOWN}");
    let step = RunStep { label, code, is_refused, ..Writer::step(words, &detail) };
    writer.add(line, StepKind::Note, (Party::Idp, Party::Idp), step);
}

/// Whether it is a token request of the orders API, which checks a password by it.
pub(super) fn is_password_check(line: &Line) -> bool {
    match &line.event {
        JournalEvent::TokenIssued(issued) => issued.grant_type == "password",
        JournalEvent::TokenRefused(refused) => refused.grant_type.as_deref() == Some("password"),
        _ => false,
    }
}

/// What a token request contains.
struct Sent<'a> {
    grant: &'a str,
    credential: Option<String>,
    class: Option<ClientClass>,
}

fn carried_by(grant: &str) -> Carried {
    match grant {
        "refresh_token" => Carried::RefreshToken,
        "password" => Carried::Password,
        "client_credentials" | "managed_identity" => Carried::ClientCredential,
        // On-behalf-of.
        _ => Carried::CallerToken,
    }
}

fn request(writer: &mut Writer, from: Party, line: &Line, sent: &Sent<'_>) {
    let carries = carried_by(sent.grant);
    let words = format!("{} sends {} to the identity provider", name_of(from), credential_words(carries));
    let as_client = match (carries, sent.class) {
        (Carried::RefreshToken, Some(ClientClass::Public)) => ", as a public client: it has no secret to add",
        (Carried::RefreshToken, Some(ClientClass::Confidential)) => {
            ", as a confidential client: with its own secret or certificate"
        }
        _ => "",
    };
    let grant = sent.grant.rsplit(':').next().unwrap_or(sent.grant);
    let step = RunStep {
        label: "POST …/token".to_owned(),
        carries: Some(carries),
        credential: sent.credential.clone(),
        ..Writer::step(&words, &format!("POST …/token, grant_type={grant}{as_client}"))
    };
    writer.add(line, StepKind::Request, (from, Party::Idp), step);
}

fn decision(writer: &mut Writer, line: &Line, verdict: Option<&Verdict>) {
    let Some(verdict) = verdict else { return };
    let row = verdict.revocation.map(|cell| verdict.rules.row(cell.event).title);
    let word = if verdict.is_accepted() { "accepts it" } else { "refuses it" };
    let step = RunStep {
        label: label_of(verdict),
        is_refused: !verdict.is_accepted(),
        row: row.map(str::to_owned),
        ..Writer::step(&format!("Identity provider {word}"), &reason(verdict))
    };
    writer.add(line, StepKind::Note, (Party::Idp, Party::Idp), step);
}

/// The decision in a few words.
fn label_of(verdict: &Verdict) -> String {
    let time = |at: Instant| at.strftime("%H:%M").to_string();
    let granted = verdict.fact("granted_at").and_then(|value| value.to_string().parse().ok()).map(time);
    match (verdict.revocation, granted) {
        (Some(cell), Some(granted)) => format!("granted {granted}, revoked {}", time(cell.at)),
        (Some(cell), None) => format!("revoked {}", time(cell.at)),
        (None, _) if verdict.fact("outlived").is_some() => "outlives what happened".to_owned(),
        (None, _) if verdict.is_accepted() => "nothing has ended it".to_owned(),
        (None, _) => verdict.rule.title().to_lowercase(),
    }
}

/// The explanation without what other steps and the page say.
fn reason(verdict: &Verdict) -> String {
    let explained = verdict.explain();
    let ends = [" The same row", " Error code:", " Source:"];
    let end = ends.into_iter().filter_map(|end| explained.find(end)).min().unwrap_or(explained.len());
    explained[..end].to_owned()
}

fn issue(writer: &mut Writer, from: Party, line: &Line, issued: &TokenIssued) {
    let renewed = if issued.refresh_token.is_some() { ", and a new refresh token" } else { "" };
    let detail = format!("an access token until {}{renewed}", issued.access_token.expires_at);
    let step = RunStep {
        label: "new tokens".to_owned(),
        carries: Some(Carried::AccessToken),
        credential: Some(issued.access_token.fingerprint.clone()),
        status: Some(200),
        ..Writer::step("Identity provider answers 200 with new tokens", &detail)
    };
    writer.add(line, StepKind::Response, (Party::Idp, from), step);
}

fn refuse(writer: &mut Writer, from: Party, line: &Line, refused: &TokenRefused) {
    let answer = format!("{} {}", refused.code.status, refused.error);
    let correlation = refused.correlation_id.map(|id| format!(", correlation id {id}")).unwrap_or_default();
    let step = RunStep {
        label: answer.clone(),
        status: Some(refused.code.status),
        code: Some(refused.code.to_string()),
        is_refused: true,
        ..Writer::step(
            &format!("Identity provider answers {answer}"),
            &format!("{}{correlation}", refused.code),
        )
    };
    writer.add(line, StepKind::Response, (Party::Idp, from), step);
}
