//! Microsoft Graph: sign-in log and directory audit log.

use insta::assert_snapshot;
use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::tenant::{PASSWORD, READ, Tenant};

const ALL: &str = "https://graph.microsoft.com/.default";

async fn values(tenant: &Tenant, token: &str, path: &str) -> Vec<Value> {
    let answer = call(tenant, token, Method::GET, path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()["value"].as_array().expect("entries").clone()
}

#[tokio::test]
async fn a_sign_in_on_the_wire() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let held = app.sign_in(&tenant, "owner", READ).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/auditLogs/signIns?$filter=userId eq '{}'", tenant.id_of(1));
    let mut entry = values(&tenant, admin.access(), &path).await.remove(0);
    assert_eq!(entry["uniqueTokenIdentifier"], held.claims()["uti"]);
    let one = format!("/auditLogs/signIns/{}", entry["id"].as_str().expect("an id"));
    let shown = call(&tenant, admin.access(), Method::GET, &one, Value::Null).await.json();
    assert_eq!(shown["uniqueTokenIdentifier"], entry["uniqueTokenIdentifier"]);
    for drawn in ["id", "correlationId", "uniqueTokenIdentifier"] {
        assert!(entry[drawn].is_string(), "{entry}");
        entry[drawn] = json!(format!("[{drawn}]"));
    }
    let text = entry.to_string().replace(&tenant.domain, "[domain]").replace(&tenant.id()[..18], "[ids]");
    assert_snapshot!(text.replace(",\"", ",\n\""), @r#"
{"appDisplayName":"Contoso Orders Connector",
"appId":"[ids]-0000-00000000000c",
"appliedConditionalAccessPolicies":[],
"clientAppUsed":"Browser",
"conditionalAccessStatus":"notApplied",
"correlationId":"[correlationId]",
"createdDateTime":"2026-01-05T09:00:00Z",
"deviceDetail":{"browser":"",
"deviceId":"",
"displayName":"",
"operatingSystem":""},
"id":"[id]",
"incomingTokenType":"none",
"ipAddress":null,
"isInteractive":true,
"location":null,
"resourceDisplayName":"Contoso Orders API",
"resourceId":"[ids]-0000-00000000000a",
"riskDetail":"none",
"riskEventTypes":[],
"riskLevelAggregated":"none",
"riskLevelDuringSignIn":"none",
"riskState":"none",
"signInEventTypes":["interactiveUser"],
"status":{"additionalDetails":null,
"errorCode":0,
"failureReason":"Other."},
"uniqueTokenIdentifier":"[uniqueTokenIdentifier]",
"userDisplayName":"The owner",
"userId":"[ids]-0000-000000000001",
"userPrincipalName":"owner@[domain]"}
"#);
}

#[tokio::test]
async fn sign_ins_list_users_and_errors_newest_first() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let held = app.sign_in(&tenant, "owner", READ).await;
    tenant.happens_to("owner", "revoke_sessions").await;
    app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS50173");
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), "Wrong-Horse-1").await;
    tenant.nightly().client_credentials(ALL).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let log =
        async |filter: &str| values(&tenant, admin.access(), &format!("/auditLogs/signIns{filter}")).await;
    let owners = log(&format!("?$filter=userId eq '{}'", tenant.id_of(1))).await;
    let entries: Vec<_> =
        owners.iter().map(|entry| (&entry["status"]["errorCode"], &entry["isInteractive"])).collect();
    assert_eq!(
        entries,
        [(&json!(50126), &json!(true)), (&json!(50173), &json!(false)), (&json!(0), &json!(true))]
    );
    assert!(
        owners[1]["status"]["failureReason"].as_str().is_some_and(|reason| !reason.starts_with("AADSTS"))
    );
    assert_eq!(log("?$filter=status/errorCode eq 50173").await.len(), 1);
    let daemons = log(&format!("?$filter=appId eq '{}'", tenant.id_of(15))).await;
    assert_eq!(daemons[0]["signInEventTypes"], json!(["servicePrincipal"]));
    assert_eq!(daemons[0]["resourceDisplayName"], "Microsoft Graph");
    assert!(log("?$filter=createdDateTime lt 2026-01-05T09:00:00Z").await.is_empty());
    let all = log("?$orderby=createdDateTime desc").await;
    let at: Vec<_> = all.iter().map(|entry| entry["createdDateTime"].as_str().expect("an instant")).collect();
    assert!(at.is_sorted_by(|a, b| a >= b), "{at:?}");

    // Paging returns the same entries.
    let mut seen = Vec::new();
    let mut url = tenant.url("/v1.0/auditLogs/signIns?$top=2");
    loop {
        let body = crate::tenant::send(tenant.http.get(&url).bearer_auth(admin.access())).await.json();
        seen.extend(body["value"].as_array().expect("entries").clone());
        match body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn audits_list_activity_actor_and_target() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let token = admin.access();
    let user = format!("/users/{}", tenant.id_of(2));
    let secrets = format!("/applications/{}/addPassword", tenant.id_of(112));
    for (method, path, body) in [
        (Method::PATCH, user.clone(), json!({"passwordProfile": {"password": "Other-Horse-2"}})),
        (Method::POST, format!("{user}/revokeSignInSessions"), Value::Null),
        (Method::PATCH, user.clone(), json!({"accountEnabled": false})),
        (Method::PATCH, user.clone(), json!({"accountEnabled": true})),
        (Method::PATCH, user.clone(), json!({"displayName": "Renamed"})),
        (Method::DELETE, user.clone(), Value::Null),
        (Method::POST, secrets, json!({})),
    ] {
        let answer = call(&tenant, token, method, &path, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        tenant.advance(Span::from_seconds(1)).await;
    }
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let change = json!({"currentPassword": PASSWORD, "newPassword": "Third-Horse-3"});
    assert_eq!(call(&tenant, owner.access(), Method::POST, "/me/changePassword", change).await.status, 204);
    tenant
        .happens(json!({"type": "sspr", "user": tenant.upn("owner"), "new_password": "Fourth-Horse-4"}))
        .await;

    let log = values(&tenant, token, "/auditLogs/directoryAudits").await;
    let names: Vec<_> =
        log.iter().map(|entry| entry["activityDisplayName"].as_str().expect("a name")).collect();
    assert_eq!(
        names,
        [
            "Reset password (self-service)",
            "Change user password",
            "Update application \u{2013} Certificates and secrets management",
            "Delete user",
            "Update user",
            "Enable account",
            "Disable account",
            "Update StsRefreshTokenValidFrom Timestamp",
            "Reset user password",
        ]
    );
    for entry in &log[2..] {
        assert_eq!(entry["initiatedBy"]["user"]["userPrincipalName"], tenant.upn("admin"), "{entry}");
    }
    assert_eq!(log[1]["initiatedBy"]["user"]["id"], tenant.id_of(1), "{}", log[1]);
    assert_eq!(log[3]["targetResources"][0]["id"], tenant.id_of(2), "{}", log[3]);
    assert_eq!(log[0]["loggedByService"], "Self-service Password Management");
    let deleted =
        values(&tenant, token, "/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Delete user'")
            .await;
    assert_eq!(deleted, [log[3].clone()]);
    assert!(!json!(log).to_string().contains("Horse"), "no password is logged");
}

#[tokio::test]
async fn consents_are_audited_too() {
    let tenant = Tenant::new().await;
    tenant.connector().sign_in(&tenant, "owner", READ).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let grants =
        values(&tenant, admin.access(), &format!("/users/{}/oauth2PermissionGrants", tenant.id_of(1))).await;
    tenant.advance(Span::from_seconds(1)).await;
    let path = format!("/oauth2PermissionGrants/{}", grants[0]["id"].as_str().expect("an id"));
    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    let log = values(&tenant, admin.access(), "/auditLogs/directoryAudits").await;
    let names: Vec<_> = log.iter().map(|entry| entry["activityDisplayName"].clone()).collect();
    assert_eq!(names, ["Remove delegated permission grant", "Consent to application"]);
    assert_eq!(log[1]["initiatedBy"]["user"]["id"], tenant.id_of(1), "{}", log[1]);
    assert_eq!(log[0]["initiatedBy"]["user"]["userPrincipalName"], tenant.upn("admin"), "{}", log[0]);
}

#[tokio::test]
async fn logs_are_for_those_who_may_read_them() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let daemon = tenant.nightly().client_credentials(ALL).await;
    let daemon = crate::tokens::Tokens::of(daemon);
    let reader = tenant.desktop().sign_in(&tenant, "admin", "User.Read").await;
    for path in ["/auditLogs/signIns", "/auditLogs/directoryAudits"] {
        for token in [owner.access(), daemon.access(), reader.access()] {
            denied(
                &call(&tenant, token, Method::GET, path, Value::Null).await,
                403,
                "Authorization_RequestDenied",
            );
        }
        for id in ["x", "11111111-1111-1111-1111-111111111111", &tenant.id()] {
            let one = format!("{path}/{id}");
            denied(
                &call(&tenant, admin.access(), Method::GET, &one, Value::Null).await,
                404,
                "Request_ResourceNotFound",
            );
        }
        let order = format!("{path}?$orderby=id");
        denied(
            &call(&tenant, admin.access(), Method::GET, &order, Value::Null).await,
            400,
            "Request_UnsupportedQuery",
        );
    }
}
