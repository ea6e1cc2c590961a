//! Sign-ins: tokens issued and refused, and sign-ins refused on a page (reference:
//! "auditLogs/signIns").

use outlive_rules::aadsts::Aadsts;
use outlive_wire::{JournalEvent, JournalLine, Subject, SubjectKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::lines::id_of;
use crate::graph::odata::EntityType;

pub(super) const SIGN_IN: EntityType = EntityType {
    name: "microsoft.graph.signIn",
    set: "auditLogs/signIns",
    properties: &[
        "id",
        "appDisplayName",
        "appId",
        "appliedConditionalAccessPolicies",
        "clientAppUsed",
        "conditionalAccessStatus",
        "correlationId",
        "createdDateTime",
        "deviceDetail",
        "incomingTokenType",
        "ipAddress",
        "isInteractive",
        "location",
        "resourceDisplayName",
        "resourceId",
        "riskDetail",
        "riskEventTypes",
        "riskLevelAggregated",
        "riskLevelDuringSignIn",
        "riskState",
        "signInEventTypes",
        "status",
        "uniqueTokenIdentifier",
        "userDisplayName",
        "userId",
        "userPrincipalName",
    ],
    shown: &[],
    filterable: &[
        "id",
        "appDisplayName",
        "appId",
        "correlationId",
        "createdDateTime",
        "isInteractive",
        "resourceId",
        "status/errorCode",
        "userDisplayName",
        "userId",
        "userPrincipalName",
    ],
    order: Some("createdDateTime desc"),
};

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
    let grant = sign_in.grant_type;
    let interactive = matches!(
        grant,
        None | Some("authorization_code" | "device_code" | "urn:ietf:params:oauth:grant-type:device_code")
    );
    let event_type = match grant {
        Some("client_credentials") => "servicePrincipal",
        _ if interactive => "interactiveUser",
        _ => "nonInteractiveUser",
    };
    let code = sign_in.refused.map_or(0, |(code, _)| code.number);
    let reason = sign_in.refused.map_or("Other.", |(_, description)| {
        description.split_once(": ").map_or(description, |(_, reason)| reason)
    });
    let subject = line.subject.parse::<Subject>().ok().filter(|subject| subject.kind == SubjectKind::User);
    let user = subject.and_then(|subject| subject.id.parse::<Uuid>().ok());
    let correlation_id = sign_in.correlation_id.map(|id| id.to_string());
    Some(json!({
        "id": id_of(line),
        "appDisplayName": sign_in.client_name,
        "appId": sign_in.client_id,
        "appliedConditionalAccessPolicies": [],
        "clientAppUsed": if interactive { "Browser" } else { "Mobile Apps and Desktop clients" },
        "conditionalAccessStatus": "notApplied",
        "correlationId": correlation_id.or_else(|| hyphenated(&line.trace)),
        "createdDateTime": line.at.whole_second(),
        "deviceDetail": {"deviceId": "", "displayName": "", "operatingSystem": "", "browser": ""},
        "incomingTokenType": if grant == Some("refresh_token") { "refreshToken" } else { "none" },
        "ipAddress": null,
        "isInteractive": interactive,
        "location": null,
        "resourceDisplayName": sign_in.resource,
        "resourceId": null,
        "riskDetail": "none",
        "riskEventTypes": [],
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "signInEventTypes": [event_type],
        "status": {
            "errorCode": code, "failureReason": reason, "additionalDetails": null,
        },
        "uniqueTokenIdentifier": sign_in.uti,
        "userDisplayName": null,
        "userId": user,
        "userPrincipalName": sign_in.upn,
    }))
}

/// Formats a trace id as a UUID.
pub(super) fn hyphenated(trace: &str) -> Option<String> {
    trace.parse::<Uuid>().ok().map(|id| id.to_string())
}
