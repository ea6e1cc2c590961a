//! AADSTS50173: which events can have revoked a token, by the published table.

use outlive_rules::{Credential, Edition, Fate, Row};

use super::answer::Certainty::{CannotTell, Certain, Likely};
use super::answer::{Certainty, Client, Diagnosis, Finding, State};
use super::reading::Reading;
use crate::span_in_words::in_words;

/// The services with which the hub authenticates as a confidential client.
const CONFIDENTIAL_SERVICES: [&str; 4] = ["aad", "aadcertificate", "oauth2certificate", "oauth2generic"];

/// What is known about the client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Confidential,
    Public,
    Unknown,
}

fn class_of(reading: &Reading, client: Client) -> Class {
    let is_confidential =
        reading.service.as_deref().is_some_and(|service| CONFIDENTIAL_SERVICES.contains(&service));
    match client {
        Client::Confidential => Class::Confidential,
        Client::Public => Class::Public,
        Client::AsRead if is_confidential => Class::Confidential,
        Client::AsRead | Client::Unknown => Class::Unknown,
    }
}

/// Explains a revoked grant.
pub(super) fn revoked(reading: &Reading, client: Client) -> Diagnosis {
    let class = class_of(reading, client);
    let rows = Edition::default().rows();
    let revoking = |credential: Credential| -> Vec<&Row> {
        rows.iter().filter(|row| row.fate(credential) == Fate::Revoked).collect()
    };
    let sparing: Vec<&Row> =
        rows.iter().filter(|row| row.fate(Credential::ConfidentialToken) == Fate::Alive).collect();
    let (confidential, public) =
        (revoking(Credential::ConfidentialToken), revoking(Credential::PasswordToken));
    let mut findings = certain(reading);
    let (title, likely, rule) = match class {
        Class::Confidential => {
            findings.push(finding(
                Likely,
                format!("None of these: {}. They leave confidential clients alive. Some pages of the product say otherwise; the table is the stronger source.", titles(&sparing)),
            ));
            findings.push(finding(
                CannotTell,
                format!("Which of these: {}. {}", titles(&confidential), audit_log(reading)),
            ));
            (
                "This token was revoked, but a changed password is an unlikely cause",
                "most likely by a reset in an admin center or an explicit revocation",
                format!(
                    "column confidential client, edition {}: {}",
                    Edition::default().name(),
                    titles(&confidential)
                ),
            )
        }
        Class::Public => {
            findings.push(finding(
                Likely,
                "The password was changed or reset: that is the most frequent of the causes.".to_owned(),
            ));
            findings.push(finding(
                CannotTell,
                format!("Which of these: {}. {}", titles(&public), audit_log(reading)),
            ));
            (
                "This token was revoked, most likely by a changed password",
                "most likely by a changed or reset password",
                format!(
                    "column password-based token, edition {}: {}",
                    Edition::default().name(),
                    titles(&public)
                ),
            )
        }
        Class::Unknown => {
            findings.push(finding(
                CannotTell,
                "What revoked it, without the kind of client: a changed password revokes tokens of public clients, and not those of \
                 confidential ones such as the hub."
                    .to_owned(),
            ));
            (
                "This token was revoked; whether a changed password did it depends on the client",
                "by an event of the user or an administrator",
                format!("AADSTS50173, edition {}", Edition::default().name()),
            )
        }
    };
    Diagnosis {
        cause: "revoked".to_owned(),
        title: title.to_owned(),
        happened: happened(reading, likely),
        state: State::Revoked,
        rule,
        read: Vec::new(),
        findings,
        repair: "The user signs in once more; for a connection: Fix connection. Flows need no change. Do it for each of the \
                 connections of this owner that are older than the revocation."
            .to_owned(),
        avoided_by: avoided_by(class),
        reports: vec!["R6".to_owned()],
        scenario: Some(scenario(class).to_owned()),
    }
}

/// What does not revoke tokens of this class.
fn avoided_by(class: Class) -> Vec<String> {
    let of_class = match class {
        Class::Confidential => {
            "a reset in the Azure portal, or a change by the user, if sessions need not end"
        }
        Class::Public => "a confidential client, whose tokens a change by the user does not revoke",
        Class::Unknown => {
            "for a confidential client, a change by the user instead of a reset in an admin center; for a public \
             client, nothing that changes the password"
        }
    };
    vec![
        of_class.to_owned(),
        "a service principal or managed identity, which no event of a user revokes".to_owned(),
    ]
}

/// The reproduction has a client of the same class: a desktop application, or the hub.
const fn scenario(class: Class) -> &'static str {
    match class {
        Class::Public => "sign-in-required-aadsts70043-or-50173",
        Class::Confidential | Class::Unknown => "connection-error-aadsts50173",
    }
}

fn finding(certainty: Certainty, text: String) -> Finding {
    Finding { certainty, text }
}

/// What the instants in the text leave no doubt about.
fn certain(reading: &Reading) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (reading.granted, reading.cutoff) {
        (Some(granted), Some(cutoff)) if granted < cutoff => findings.push(finding(
            Certain,
            "The grant is older than the instant before which the user's tokens are not valid, so the issuer refuses it. The text \
             contains both."
                .to_owned(),
        )),
        (Some(_), Some(_)) => findings.push(finding(
            CannotTell,
            "Why it was refused: by its two instants the grant is newer than the revocation.".to_owned(),
        )),
        _ => findings.push(finding(
            Certain,
            "The issuer refuses it because the user's tokens of that time are not valid any more: the code means nothing else.".to_owned(),
        )),
    }
    if let (Some(cutoff), Some(noticed)) = (reading.cutoff, reading.noticed)
        && noticed >= cutoff
    {
        findings.push(finding(
            if reading.service.is_some() { Certain } else { Likely },
            format!("The attempt in the text was {} after it, at a refresh.", in_words(noticed - cutoff)),
        ));
    }
    findings
}

fn happened(reading: &Reading, likely: &str) -> String {
    match (reading.granted, reading.cutoff) {
        (Some(granted), Some(cutoff)) if granted >= cutoff => {
            "The refresh token was refused as revoked, but the instants in the text contradict that: check that it was copied \
             from one error."
                .to_owned()
        }
        (Some(granted), Some(cutoff)) => format!(
            "The refresh token of {} was revoked on {}, {likely}.",
            granted.strftime("%-d %b %Y"),
            cutoff.strftime("%-d %b %Y at %H:%M")
        ),
        _ => format!("The refresh token was revoked, {likely}."),
    }
}

fn audit_log(reading: &Reading) -> String {
    match reading.cutoff {
        Some(cutoff) => format!("The audit log at {} names it.", cutoff.strftime("%H:%M")),
        None => "The audit log names it.".to_owned(),
    }
}

fn titles(rows: &[&Row]) -> String {
    rows.iter().map(|row| format!("\"{}\"", row.title)).collect::<Vec<_>>().join(", ")
}
