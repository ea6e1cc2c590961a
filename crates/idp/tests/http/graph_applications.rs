//! Microsoft Graph: applications, their secrets, and their service principals.

use std::sync::Arc;

use insta::assert_snapshot;
use outlive_clock::Span;
use outlive_store::Statement;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::App;
use crate::graph::{call, denied};
use crate::installation::Installation;
use crate::tenant::{Answer, ORDERS, READ, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

async fn get(tenant: &Tenant, token: &str, path: &str) -> Answer {
    call(tenant, token, Method::GET, path, Value::Null).await
}

async fn post(tenant: &Tenant, token: &str, path: &str, body: Value) -> Answer {
    call(tenant, token, Method::POST, path, body).await
}

fn redacted_body(tenant: &Tenant, answer: &Answer) -> String {
    let text = answer.text.replace(&tenant.id()[..18], "[ids]");
    text.replace(",\"", ",\n\"")
}

#[tokio::test]
async fn an_application_and_its_service_principal_on_the_wire() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "Application.Read.All").await;
    let select =
        "$select=id,appId,displayName,api,appRoles,identifierUris,optionalClaims,web,requiredResourceAccess";
    let path = format!("/applications/{}?{select}", tenant.id_of(110));
    assert_snapshot!(redacted_body(&tenant, &get(&tenant, token.access(), &path).await), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications(id,appId,displayName,api,appRoles,identifierUris,optionalClaims,web,requiredResourceAccess)/$entity",
"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"Read your orders",
"adminConsentDisplayName":"Orders.Read",
"id":"[ids]-0000-000000000136",
"isEnabled":true,
"type":"User",
"userConsentDescription":"Read your orders",
"userConsentDisplayName":"Orders.Read",
"value":"Orders.Read"},{"adminConsentDescription":"Change your orders",
"adminConsentDisplayName":"Orders.ReadWrite",
"id":"[ids]-0000-000000000137",
"isEnabled":true,
"type":"User",
"userConsentDescription":"Change your orders",
"userConsentDisplayName":"Orders.ReadWrite",
"value":"Orders.ReadWrite"}],
"preAuthorizedApplications":[],
"requestedAccessTokenVersion":2},
"appId":"[ids]-0000-00000000000a",
"appRoles":[{"allowedMemberTypes":["User",
"Application"],
"description":"Orders.Read.All",
"displayName":"Orders.Read.All",
"id":"[ids]-0000-000000000138",
"isEnabled":true,
"value":"Orders.Read.All"}],
"displayName":"Contoso Orders API",
"id":"[ids]-0000-00000000006e",
"identifierUris":["api://contoso-orders"],
"optionalClaims":{"accessToken":[],
"idToken":[],
"saml2Token":[]},
"requiredResourceAccess":[],
"web":{"implicitGrantSettings":{"enableAccessTokenIssuance":false,
"enableIdTokenIssuance":false},
"logoutUrl":null,
"redirectUris":[]}}
"#);
    let path = format!("/applications(appId='{}')?$select=id,requiredResourceAccess,web", tenant.id_of(12));
    assert_snapshot!(redacted_body(&tenant, &get(&tenant, token.access(), &path).await), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications(id,requiredResourceAccess,web)/$entity",
"id":"[ids]-0000-000000000070",
"requiredResourceAccess":[{"resourceAccess":[{"id":"[ids]-0000-000000000136",
"type":"Scope"}],
"resourceAppId":"[ids]-0000-00000000000a"}],
"web":{"implicitGrantSettings":{"enableAccessTokenIssuance":false,
"enableIdTokenIssuance":false},
"logoutUrl":null,
"redirectUris":["https://hub.example/redirect"]}}
"#);
    let path = format!(
        "/servicePrincipals/{}?$select=id,appId,accountEnabled,servicePrincipalNames",
        tenant.id_of(210)
    );
    assert_snapshot!(redacted_body(&tenant, &get(&tenant, token.access(), &path).await), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#servicePrincipals(id,appId,accountEnabled,servicePrincipalNames)/$entity",
"accountEnabled":true,
"appId":"[ids]-0000-00000000000a",
"id":"[ids]-0000-0000000000d2",
"servicePrincipalNames":["[ids]-0000-00000000000a",
"api://contoso-orders"]}
"#);
}

#[tokio::test]
async fn applications_and_service_principals_support_lookup_and_paging() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "Application.Read.All").await;
    let token = token.access();
    // Platform applications have no registration in the tenant.
    for (set, count) in [("applications", 9), ("servicePrincipals", 16)] {
        let by_name =
            get(&tenant, token, &format!("/{set}?$filter=displayName eq 'Nightly Job'")).await.json();
        assert_eq!(by_name["value"][0]["appId"], tenant.id_of(15), "{by_name}");
        let by_id =
            get(&tenant, token, &format!("/{set}?$filter=appId eq '{}'", tenant.id_of(15))).await.json();
        assert_eq!(by_id["value"], by_name["value"]);
        let named = get(&tenant, token, &format!("/{set}(appId='{}')", tenant.id_of(15))).await.json();
        assert_eq!(named["id"], by_name["value"][0]["id"]);
        let first = get(&tenant, token, &format!("/{set}?$top=3&$select=appId")).await.json();
        assert_eq!(first["value"].as_array().map(Vec::len), Some(3));
        assert!(first["@odata.nextLink"].is_string());
        let everything = get(&tenant, token, &format!("/{set}?$select=appId")).await.json();
        assert_eq!(everything["value"].as_array().map(Vec::len), Some(count), "{everything}");
        for unknown in ["/x", "/11111111-1111-1111-1111-111111111111", "(appId='x')"] {
            denied(&get(&tenant, token, &format!("/{set}{unknown}")).await, 404, "Request_ResourceNotFound");
        }
    }
    let reader = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    denied(&get(&tenant, reader.access(), "/applications").await, 403, "Authorization_RequestDenied");
    denied(&get(&tenant, reader.access(), "/servicePrincipals").await, 403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn application_lifecycle() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let body = json!({
        "displayName": "Fresh", "web": {"redirectUris": ["https://fresh.example/cb"]},
        "requiredResourceAccess": [{
            "resourceAppId": tenant.id_of(10), "resourceAccess": [{"id": tenant.id_of(310), "type": "Scope"}],
        }],
    });
    let made = post(&tenant, admin.access(), "/applications", body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(made["requiredResourceAccess"], body["requiredResourceAccess"]);
    let (id, app_id) = (made["id"].as_str().expect("an id"), made["appId"].as_str().expect("an id"));
    let principal = post(&tenant, admin.access(), "/servicePrincipals", json!({"appId": app_id})).await;
    assert_eq!((principal.status, &principal.json()["appId"]), (201, &json!(app_id)));

    let added = post(
        &tenant,
        admin.access(),
        &format!("/applications/{id}/addPassword"),
        json!({"passwordCredential": {"displayName": "first"}}),
    )
    .await;
    assert_eq!(added.status, 200, "{added:?}");
    let credential = added.json();
    let secret = credential["secretText"].as_str().expect("a secret").to_owned();
    assert!((16..=64).contains(&secret.len()));
    assert_eq!(credential["hint"], secret[..3]);
    assert_eq!(credential["endDateTime"], "2028-01-05T09:00:00.5Z");
    let app = App {
        client_id: app_id.to_owned(),
        secret: Some(secret.clone()),
        redirect_uri: "https://fresh.example/cb".to_owned(),
        ..tenant.connector()
    };
    app.sign_in(&tenant, "owner", READ).await;

    let shown = get(&tenant, admin.access(), &format!("/applications/{id}")).await;
    assert!(!shown.text.contains(&secret), "{shown:?}");
    assert_eq!(shown.json()["passwordCredentials"][0]["keyId"], credential["keyId"]);
    let moved = json!({"web": {"redirectUris": ["https://moved.example/cb"]}, "displayName": "Moved"});
    let path = format!("/applications/{id}");
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, moved).await.status, 204);
    let page = tenant.browser().open(&app.authorize_url(READ, &[])).await.page();
    page.says(400, "AADSTS50011");

    let remove = format!("/applications(appId='{app_id}')/removePassword");
    let key = json!({"keyId": credential["keyId"]});
    assert_eq!(post(&tenant, admin.access(), &remove, key.clone()).await.status, 204);
    app.client_credentials(&format!("{ORDERS}/.default")).await.refused(
        401,
        "invalid_client",
        "AADSTS7000215",
    );
    denied(&post(&tenant, admin.access(), &remove, key).await, 400, "Request_BadRequest");

    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    let gone = app.client_credentials(&format!("{ORDERS}/.default")).await;
    gone.refused(400, "unauthorized_client", "AADSTS700016");
    denied(&get(&tenant, admin.access(), &path).await, 404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn a_service_principal_is_changed_by_its_app_id_too() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/servicePrincipals(appId='{}')", tenant.id_of(15));
    let scope = format!("{ORDERS}/.default");
    for (enabled, code) in [(false, Some("AADSTS7000112")), (true, None)] {
        let patch = json!({"accountEnabled": enabled, "appRoleAssignmentRequired": true});
        assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, patch).await.status, 204);
        let shown = get(&tenant, admin.access(), &path).await.json();
        assert_eq!(
            (&shown["accountEnabled"], &shown["appRoleAssignmentRequired"]),
            (&json!(enabled), &json!(true))
        );
        let answer = tenant.nightly().client_credentials(&scope).await;
        match code {
            Some(code) => drop(answer.refused(400, "unauthorized_client", code)),
            None => drop(Tokens::of(answer)),
        }
    }
    let wrong =
        call(&tenant, admin.access(), Method::PATCH, &path, json!({"accountEnabled": "perhaps"})).await;
    denied(&wrong, 400, "Request_BadRequest");
    let unknown = "/servicePrincipals(appId='11111111-1111-1111-1111-111111111111')";
    denied(
        &call(&tenant, admin.access(), Method::PATCH, unknown, json!({})).await,
        404,
        "Request_ResourceNotFound",
    );
}

#[tokio::test]
async fn a_secret_works_from_its_start_to_its_end() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/applications/{}/addPassword", tenant.id_of(115));
    let wanted = json!({"passwordCredential": {
        "startDateTime": "2026-01-05T09:10:00Z", "endDateTime": "2026-01-05T09:20:00Z",
    }});
    let added = post(&tenant, admin.access(), &path, wanted).await.json();
    let app = App { secret: added["secretText"].as_str().map(str::to_owned), ..tenant.nightly() };
    let scope = format!("{ORDERS}/.default");
    app.client_credentials(&scope).await.refused(401, "invalid_client", "AADSTS7000215");
    tenant.advance(Span::from_minutes(11)).await;
    Tokens::of(app.client_credentials(&scope).await);
    tenant.advance(Span::from_minutes(10)).await;
    app.client_credentials(&scope).await.refused(401, "invalid_client", "AADSTS7000222");
    let wrong = json!({"passwordCredential": {
        "startDateTime": "2026-01-05T09:10:00Z", "endDateTime": "2026-01-05T09:10:00Z",
    }});
    denied(&post(&tenant, admin.access(), &path, wrong).await, 400, "Request_BadRequest");
    denied(
        &post(&tenant, admin.access(), &path, json!({"password": "mine"})).await,
        400,
        "Request_BadRequest",
    );
}

#[tokio::test]
async fn invalid_registrations_are_errors() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let many = |n: u32| (0..n).map(|n| format!("https://a.example/{n}")).collect::<Vec<_>>();
    let role = |value: &str| json!({"id": tenant.id_of(900), "value": value, "displayName": "x"});
    for body in [
        json!({}),
        json!({"displayName": ""}),
        json!({"displayName": "Ord\u{7}ers"}),
        json!({"displayName": "microsoft GRAPH"}),
        json!({"displayName": "x", "web": {"redirectUris": ["http://plain.example/cb"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["javascript:alert(1)"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example/#f"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example/a b"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example/ok", " https://a.example"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://me:secret@a.example/"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example\\@evil.example/"]}}),
        json!({"displayName": "x", "spa": {"redirectUris": ["https://*.a.example/"]}}),
        json!({"displayName": "x", "spa": {"redirectUris": ["https://a.example/\u{7}"]}}),
        json!({"displayName": "x", "publicClient": {"redirectUris": ["about:blank"]}}),
        json!({"displayName": "x", "publicClient": {"redirectUris": ["blob:https://a.example/1"]}}),
        json!({"displayName": "x", "publicClient": {"redirectUris": ["data:text/html"]}}),
        json!({"displayName": "x", "publicClient": {"redirectUris": ["JAVASCRIPT:alert"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example", "https://a.example"]}}),
        json!({"displayName": "x", "spa": {"redirectUris": ["custom://a"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["http://[::1]/cb"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example/(cb)"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://a.example/cb;x"]}}),
        json!({"displayName": "x", "web": {"redirectUris": [format!("https://a.example/{}", "x".repeat(239))]}}),
        json!({"displayName": "x", "web": {"redirectUris": many(257)}}),
        json!({"displayName": "x", "identifierUris": ["no uri"]}),
        json!({"displayName": "x", "identifierUris": [ORDERS]}),
        json!({"displayName": "x", "identifierUris": [ORDERS.to_uppercase()]}),
        json!({"displayName": "x", "identifierUris": [format!("{ORDERS}/")]}),
        json!({"displayName": "x", "identifierUris": ["HTTPS://GRAPH.MICROSOFT.COM"]}),
        json!({"displayName": "x", "identifierUris": ["https://management.azure.com"]}),
        json!({"displayName": "x", "signInAudience": "AzureADMultipleOrgs"}),
        json!({"displayName": "x", "api": {"requestedAccessTokenVersion": 3}}),
        json!({"displayName": "x", "appRoles": [role("a"), role("b")]}),
        json!({"displayName": "x", "appRoles": [role(".a")]}),
        json!({"displayName": "x", "appRoles": [role("a b")]}),
        json!({"displayName": "x", "groupMembershipClaims": "Sometimes"}),
        json!({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": tenant.id_of(10),
            "resourceAccess": [{"id": tenant.id_of(1), "type": "Scope"}]}]}),
        json!({"displayName": "x", "secret": "x"}),
    ] {
        let answer = post(&tenant, admin.access(), "/applications", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        denied(&answer, 400, "Request_BadRequest");
    }
    assert!(tenant.journal("application.created").await.is_empty());
    for uris in [many(256), vec![format!("https://a.example/{}", "x".repeat(238))]] {
        let body = json!({"displayName": "x", "web": {"redirectUris": uris}});
        assert_eq!(post(&tenant, admin.access(), "/applications", body).await.status, 201);
    }
    let native = [
        "msal1b2c://auth",
        "msauth://com.contoso.app/2pO9%2B%3D",
        "ms-app://s-1-15-2",
        "http://localhost",
        "urn:ietf:wg:oauth:2.0:oob",
    ];
    let body = json!({"displayName": "x", "publicClient": {"redirectUris": native}});
    let made = post(&tenant, admin.access(), "/applications", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    // Updates are checked by the same rules.
    let path = format!("/applications/{}", made.json()["id"].as_str().expect("an id"));
    for name in ["x\ny", "Microsoft graph"] {
        let renamed = call(&tenant, admin.access(), Method::PATCH, &path, json!({"displayName": name})).await;
        denied(&renamed, 400, "Request_BadRequest");
    }
    let spoiled = json!({"publicClient": {"redirectUris": ["msal1b2c://auth", "file:///etc/passwd"]}});
    let answer = call(&tenant, admin.access(), Method::PATCH, &path, spoiled).await;
    denied(&answer, 400, "Request_BadRequest");
    assert!(answer.text.contains("'redirectUris'"), "{answer:?}");
}

/// The same rule for tenant specifications.
#[tokio::test]
async fn an_invalid_redirect_uri_rejects_the_tenant() {
    let tenant = Tenant::new().await;
    for uri in [
        "https://me@a.example/",
        "https://a.example/a b",
        "about:blank",
        "https://a.example\\x",
        "javascript:x",
    ] {
        let mut spec = tenant.spec("2025-11");
        spec["domain"] = json!("never.example");
        spec["applications"][3]["redirect_uris"] = json!([{"uri": uri, "type": "publicClient"}]);
        let answer = tenant.lab_of(&tenant.id_of(98), Method::PUT, "", &spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("cannot be registered"), "{answer:?}");
    }
}

#[tokio::test]
async fn only_administrators_and_the_applications_owner_change_it() {
    let tenant = Tenant::new().await;
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let path = format!("/applications/{}", tenant.id_of(115));
    let patch = json!({"displayName": "Mine"});
    let daemon = Tokens::of(tenant.nightly().client_credentials(ALL).await);
    for token in [owner.access(), daemon.access()] {
        denied(
            &call(&tenant, token, Method::PATCH, &path, patch.clone()).await,
            403,
            "Authorization_RequestDenied",
        );
        denied(
            &post(&tenant, token, &format!("{path}/addPassword"), json!({})).await,
            403,
            "Authorization_RequestDenied",
        );
    }
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let principals =
        get(&tenant, admin.access(), "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'").await;
    let graph = principals.json()["value"][0].clone();
    let owned = graph["appRoles"]
        .as_array()
        .expect("roles")
        .iter()
        .find(|role| role["value"] == "Application.ReadWrite.OwnedBy");
    let assignment = json!({
        "principalId": tenant.id_of(215), "resourceId": graph["id"], "appRoleId": owned.expect("the role")["id"],
    });
    let to = format!("/servicePrincipals/{}/appRoleAssignments", tenant.id_of(215));
    assert_eq!(post(&tenant, admin.access(), &to, assignment).await.status, 201);
    let daemon = Tokens::of(tenant.nightly().client_credentials(ALL).await);
    assert_eq!(call(&tenant, daemon.access(), Method::PATCH, &path, patch.clone()).await.status, 204);
    let other = format!("/applications/{}", tenant.id_of(112));
    denied(
        &call(&tenant, daemon.access(), Method::PATCH, &other, patch.clone()).await,
        403,
        "Authorization_RequestDenied",
    );
    let graph = "/applications(appId='00000003-0000-0000-c000-000000000000')";
    denied(
        &call(&tenant, admin.access(), Method::PATCH, graph, patch).await,
        403,
        "Authorization_RequestDenied",
    );
}

#[tokio::test]
async fn a_disabled_service_principal_gets_no_tokens() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/servicePrincipals/{}", tenant.id_of(215));
    let scope = format!("{ORDERS}/.default");
    for (enabled, works) in [(false, false), (true, true)] {
        let patch = json!({"accountEnabled": enabled});
        assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, patch).await.status, 204);
        let answer = tenant.nightly().client_credentials(&scope).await;
        if works {
            Tokens::of(answer);
        } else {
            answer.refused(400, "unauthorized_client", "AADSTS7000112");
        }
    }
    let api = format!("/servicePrincipals/{}", tenant.id_of(210));
    let patch = json!({"accountEnabled": false});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &api, patch).await.status, 204);
    tenant.nightly().client_credentials(&scope).await.refused(400, "invalid_resource", "AADSTS500014");
    denied(
        &call(&tenant, admin.access(), Method::PATCH, &api, json!({"appId": "x"})).await,
        400,
        "Request_BadRequest",
    );
}

#[tokio::test]
async fn documents_of_older_versions_stay_writable() {
    let installation = Arc::new(Installation::start());
    let tenant = Tenant::inside(Arc::clone(&installation), "2025-11").await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    // The same JSON with different formatting.
    for rewrite in [
        "UPDATE applications SET document = replace(document, ',\"', ', \"')",
        "UPDATE users SET profile = replace(profile, ',\"', ', \"'), lockout = replace(lockout, '{', '{ ')",
    ] {
        installation.store.commit(Statement::new(rewrite, Vec::new())).await.expect("is rewritten");
    }
    let job = format!("/servicePrincipals(appId='{}')", tenant.id_of(15));
    let application = format!("/applications(appId='{}')", tenant.id_of(15));
    let colleague = format!("/users/{}", tenant.upn("colleague"));
    for (path, patch) in [
        (&job, json!({"accountEnabled": false, "appRoleAssignmentRequired": true})),
        (&application, json!({"displayName": "Renamed"})),
        (&colleague, json!({"jobTitle": "Clerk", "displayName": "Other", "accountEnabled": false})),
    ] {
        let answer = call(&tenant, admin.access(), Method::PATCH, path, patch).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn concurrent_updates_lose_no_change() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let job = format!("/servicePrincipals(appId='{}')", tenant.id_of(15));
    let application = format!("/applications(appId='{}')", tenant.id_of(15));
    for round in 0..10 {
        let (required, name) = (round % 2 == 0, format!("Name {round}"));
        let one = json!({ "appRoleAssignmentRequired": required });
        let other = json!({ "displayName": name });
        let (one, other) = tokio::join!(
            call(&tenant, admin.access(), Method::PATCH, &job, one),
            call(&tenant, admin.access(), Method::PATCH, &application, other),
        );
        let shown = get(&tenant, admin.access(), &job).await.json();
        for (answer, is_there) in
            [(one, shown["appRoleAssignmentRequired"] == required), (other, shown["displayName"] == *name)]
        {
            assert!(answer.status == 409 || (answer.status == 204 && is_there), "{answer:?}: {shown}");
        }
    }
}

/// "implicitGrantSettings resource type": absent properties are unchanged.
#[tokio::test]
async fn implicit_grant_settings_enable_response_types() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "admin", "Application.ReadWrite.All").await;
    let path = format!("/applications/{}", tenant.id_of(110));
    let patch = async |settings: Value| {
        let body = json!({"web": {"implicitGrantSettings": settings}});
        call(&tenant, token.access(), Method::PATCH, &path, body).await
    };
    let shown =
        async || get(&tenant, token.access(), &path).await.json()["web"]["implicitGrantSettings"].clone();
    assert_eq!(patch(json!({"enableAccessTokenIssuance": true})).await.status, 204);
    assert_eq!(shown().await, json!({"enableIdTokenIssuance": false, "enableAccessTokenIssuance": true}));
    assert_eq!(patch(json!({"enableIdTokenIssuance": true})).await.status, 204);
    assert_eq!(shown().await, json!({"enableIdTokenIssuance": true, "enableAccessTokenIssuance": true}));
    denied(&patch(json!({"enableIdTokens": true})).await, 400, "Request_BadRequest");
}
