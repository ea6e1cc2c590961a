//! Sign-ins: tokens issued and refused, and sign-ins refused on a page (reference:
//! "auditLogs/signIns").

use outlive_rules::aadsts::Aadsts;
use outlive_wire::{JournalEvent, JournalLine, SubjectKind};

use super::lines::id_of;
use crate::graph::prelude::*;

entity_type! {
    /// "signIn resource type".
    SIGN_IN = "microsoft.graph.signIn" in "auditLogs/signIns" ordered by "createdDateTime desc",
    fn entry(line: &JournalLine, sign_in: &SignIn<'_>, interactive: bool) {
        "id" [Filterable] => id_of(line),
        "appDisplayName" [Filterable] => sign_in.client_name,
        "appId" [Filterable] => sign_in.client_id,
        "appliedConditionalAccessPolicies" => [(); 0],
        "clientAppUsed" => if interactive { "Browser" } else { "Mobile Apps and Desktop clients" },
        "conditionalAccessStatus" => "notApplied",
        "correlationId" [Filterable] =>
            sign_in.correlation_id.map(|id| id.to_string()).or_else(|| hyphenated(&line.trace)),
        "createdDateTime" [Filterable] => line.at.whole_second(),
        "deviceDetail" =>
            json!({"deviceId": "", "displayName": "", "operatingSystem": "", "browser": ""}),
        "incomingTokenType" =>
            if sign_in.grant_type == Some("refresh_token") { "refreshToken" } else { "none" },
        "ipAddress" => (),
        "isInteractive" [Filterable] => interactive,
        "location" => (),
        "resourceDisplayName" => sign_in.resource,
        "resourceId" [Filterable] => (),
        "riskDetail" => "none",
        "riskEventTypes" => [(); 0],
        "riskLevelAggregated" => "none",
        "riskLevelDuringSignIn" => "none",
        "riskState" => "none",
        "signInEventTypes" => [match sign_in.grant_type {
            Some("client_credentials") => "servicePrincipal",
            Some("managed_identity") => "managedIdentity",
            _ if interactive => "interactiveUser",
            _ => "nonInteractiveUser",
        }],
        "status" [FilterableMember("errorCode")] => status(sign_in.refused),
        "uniqueTokenIdentifier" => sign_in.uti,
        "userDisplayName" [Filterable] => (),
        "userId" [Filterable] => user(line),
        "userPrincipalName" [Filterable] => sign_in.upn,
    }
}

/// What an entry shows of an event.
#[derive(Default)]
struct SignIn<'a> {
    grant_type: Option<&'a str>,
    client_id: Option<String>,
    client_name: Option<&'a str>,
    upn: Option<&'a str>,
    resource: Option<&'a str>,
    uti: Option<&'a str>,
    refused: Option<(Aadsts, &'a str)>,
    correlation_id: Option<Uuid>,
}

fn sign_in(event: &JournalEvent) -> Option<SignIn<'_>> {
    Some(match event {
        JournalEvent::TokenIssued(issued) => SignIn {
            grant_type: Some(&issued.grant_type),
            client_id: Some(issued.client_id.to_string()),
            client_name: Some(&issued.client_name),
            upn: issued.upn.as_deref(),
            resource: Some(&issued.resource),
            uti: Some(&issued.access_token.uti),
            ..SignIn::default()
        },
        JournalEvent::TokenRefused(refused) => SignIn {
            grant_type: refused.grant_type.as_deref(),
            client_id: refused.client_id.clone(),
            upn: refused.upn.as_deref(),
            refused: Some((refused.code, &refused.description)),
            correlation_id: refused.correlation_id,
            ..SignIn::default()
        },
        JournalEvent::SignInRefused(refused) => SignIn {
            upn: Some(&refused.upn),
            refused: Some((refused.code, &refused.description)),
            ..SignIn::default()
        },
        _ => return None,
    })
}

/// The entry of a journal line, if it records a sign-in.
pub(super) fn resource(line: &JournalLine) -> Option<Value> {
    let event = line.event().ok()?;
    let sign_in = sign_in(&event)?;
    let interactive = matches!(
        sign_in.grant_type,
        None | Some("authorization_code" | "device_code" | "urn:ietf:params:oauth:grant-type:device_code")
    );
    Some(entry(line, &sign_in, interactive))
}

fn status(refused: Option<(Aadsts, &str)>) -> Value {
    let code = refused.map_or(0, |(code, _)| code.number);
    let reason = refused.map_or("Other.", |(_, description)| {
        description.split_once(": ").map_or(description, |(_, reason)| reason)
    });
    json!({"errorCode": code, "failureReason": reason, "additionalDetails": null})
}

fn user(line: &JournalLine) -> Option<Uuid> {
    let subject = line.subject.parse::<Subject>().ok().filter(|subject| subject.kind == SubjectKind::User)?;
    subject.id.parse().ok()
}

/// Formats a trace id as a UUID.
pub(super) fn hyphenated(trace: &str) -> Option<String> {
    trace.parse::<Uuid>().ok().map(|id| id.to_string())
}
