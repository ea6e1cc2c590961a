//! Sign-ins: every token that was issued or refused, and every sign-in that was refused on a page (reference: "auditLogs/signIns").

use outlive_journal::Line;
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

/// The entry of a line, if it is about a sign-in.
pub(super) fn resource(line: &Line) -> Option<Value> {
    if !matches!(line.kind.as_str(), "token.issued" | "token.refused" | "sign_in.refused") {
        return None;
    }
    let data = &line.data;
    let grant = data["grant_type"].as_str();
    let interactive = matches!(
        grant,
        None | Some("authorization_code" | "device_code" | "urn:ietf:params:oauth:grant-type:device_code")
    );
    let event = match grant {
        Some("client_credentials") => "servicePrincipal",
        _ if interactive => "interactiveUser",
        _ => "nonInteractiveUser",
    };
    let code = data["code"].as_str().and_then(|code| code.strip_prefix("AADSTS")?.parse::<u32>().ok());
    let reason =
        data["description"].as_str().map(|text| text.split_once(": ").map_or(text, |(_, reason)| reason));
    let user = line.subject.strip_prefix("user:").filter(|id| id.parse::<Uuid>().is_ok());
    Some(json!({
        "id": id_of(line),
        "appDisplayName": data["client_name"],
        "appId": data["client_id"],
        "appliedConditionalAccessPolicies": [],
        "clientAppUsed": if interactive { "Browser" } else { "Mobile Apps and Desktop clients" },
        "conditionalAccessStatus": "notApplied",
        "correlationId": data["correlation_id"].as_str().map(str::to_owned).or_else(|| hyphenated(&line.trace)),
        "createdDateTime": line.at.whole_second(),
        "deviceDetail": {"deviceId": "", "displayName": "", "operatingSystem": "", "browser": ""},
        "incomingTokenType": if grant == Some("refresh_token") { "refreshToken" } else { "none" },
        "ipAddress": null,
        "isInteractive": interactive,
        "location": null,
        "resourceDisplayName": data["resource"],
        "resourceId": null,
        "riskDetail": "none",
        "riskEventTypes": [],
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "signInEventTypes": [event],
        "status": {
            "errorCode": code.unwrap_or(0), "failureReason": reason.unwrap_or("Other."), "additionalDetails": null,
        },
        "uniqueTokenIdentifier": data["access_token"]["uti"],
        "userDisplayName": null,
        "userId": user,
        "userPrincipalName": data["upn"],
    }))
}

/// A trace id as the UUID that it is.
pub(super) fn hyphenated(trace: &str) -> Option<String> {
    trace.parse::<Uuid>().ok().map(|id| id.to_string())
}
