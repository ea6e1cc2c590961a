//! Features of every Microsoft Graph collection: case-insensitive comparison, counts, request ids,
//! and unknown paths.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::graph::denied;
use crate::graph_directory::{Graph, id, ids};
use crate::tenant::{Tenant, send};

const ALL: &str = "https://graph.microsoft.com/.default";
/// The template of the role Global Administrator.
const GLOBAL: &str = "62e90394-69f5-4237-9190-012177145e10";

/// "Use the $filter query parameter" and the directory's collation: names match in any letter case,
/// also beyond ASCII.
#[tokio::test]
async fn text_comparison_ignores_case() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for (name, nickname) in [("Buyers", "buyers"), ("\u{d6}RTLICHE Gr\u{f6}\u{df}e", "sizes")] {
        admin.group(json!({"displayName": name, "mailNickname": nickname})).await;
    }
    let (name, app) = ("tHE oWNER", "oRDERS dESKTOP");
    for (path, number) in [
        (format!("/users?$filter=displayName eq '{name}'"), 1),
        (format!("/users?$filter=displayName ne '{name}'"), 2),
        (format!("/users?$filter=displayName in ('no one','{name}')"), 1),
        ("/users?$filter=startswith(displayName,'THE ')".to_owned(), 3),
        ("/users?$filter=startsWith(displayName,'THE ')".to_owned(), 3),
        ("/users?$filter=accountEnabled eq TRUE".to_owned(), 3),
        (format!("/users?$filter=id eq {}", tenant.id_of(1)), 1),
        (format!("/users?$filter=userPrincipalName eq '{}'", tenant.upn("OWNER").to_uppercase()), 1),
        (format!("/users?$filter=id eq '{}'", tenant.id_of(1).to_uppercase()), 1),
        (format!("/applications?$filter=displayName eq '{app}'"), 1),
        (format!("/servicePrincipals?$filter=displayName eq '{app}'"), 1),
        (format!("/servicePrincipals?$filter=displayName in ('{app}','nightly JOB')"), 2),
        ("/groups?$filter=displayName eq 'bUYERS'".to_owned(), 1),
        ("/groups?$filter=displayName eq '\u{f6}rtliche GR\u{d6}\u{df}E'".to_owned(), 1),
        ("/groups?$filter=mailNickname eq 'SIZES'".to_owned(), 1),
        ("/groups?$filter=startswith(displayName,'\u{f6}R')".to_owned(), 1),
        ("/directoryRoles?$filter=displayName eq 'global ADMINISTRATOR'".to_owned(), 1),
    ] {
        assert_eq!(admin.value(&path).await.len(), number, "{path}");
    }
}

/// An invalid literal is an error, not a filter without results.
#[tokio::test]
async fn a_filter_with_a_wrong_literal_is_rejected() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for filter in [
        "displayName eq \"The owner\"",
        "displayName eq owner",
        "displayName in (owner)",
        "accountEnabled eq yes",
    ] {
        denied(&admin.get(&format!("/users?$filter={filter}")).await, 400, "Request_UnsupportedQuery");
    }
}

/// "Manage emergency access accounts in Microsoft Entra ID": the last Global Administrator stays.
#[tokio::test]
async fn the_last_global_administrator_cannot_be_deleted_or_disabled() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let own = format!("/users/{}", tenant.id_of(3));
    let disabled = json!({"accountEnabled": false});
    denied(&admin.call(Method::DELETE, &own, Value::Null).await, 400, "Request_BadRequest");
    denied(&admin.call(Method::PATCH, &own, disabled.clone()).await, 400, "Request_BadRequest");
    let global = format!("/directoryRoles(roleTemplateId='{GLOBAL}')/members/$ref");
    let owner = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/users/{}", tenant.id_of(1))});
    assert_eq!(admin.call(Method::POST, &global, owner).await.status, 204);
    // One who cannot sign in does not count.
    let other = format!("/users/{}", tenant.id_of(1));
    assert_eq!(admin.call(Method::PATCH, &other, disabled.clone()).await.status, 204);
    denied(&admin.call(Method::PATCH, &own, disabled.clone()).await, 400, "Request_BadRequest");
    assert_eq!(admin.call(Method::PATCH, &other, json!({"accountEnabled": true})).await.status, 204);
    assert_eq!(admin.call(Method::PATCH, &own, disabled).await.status, 204);
}

/// Two administrators who remove each other at the same time: one of them stays.
#[tokio::test]
async fn concurrent_removals_leave_a_global_administrator() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let users = [1, 3].map(|n| format!("/users/{}", tenant.id_of(n)));
    let global = format!("/directoryRoles(roleTemplateId='{GLOBAL}')/members");
    let owner = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0{}", users[0])});
    assert_eq!(admin.call(Method::POST, &format!("{global}/$ref"), owner).await.status, 204);
    let disable = |user| admin.call(Method::PATCH, user, json!({"accountEnabled": false}));
    for _ in 0..10 {
        let (one, other) = tokio::join!(disable(users[0].as_str()), disable(users[1].as_str()));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 400], "{one:?} {other:?}");
        for user in &users {
            let enabled = json!({"accountEnabled": true});
            assert_eq!(admin.call(Method::PATCH, user, enabled).await.status, 204);
        }
    }
}

/// Paging follows filtering: no page is empty while there are more matches.
#[tokio::test]
async fn a_filtered_page_is_full() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for number in 0..7 {
        let name = if number % 3 == 0 { "Wanted" } else { "Other" };
        admin.group(json!({"displayName": format!("{name} {number}")})).await;
    }
    let first = admin.get("/groups?$filter=startswith(displayName,'wanted')&$top=2").await.json();
    assert_eq!(first["value"].as_array().map(Vec::len), Some(2), "{first}");
    let next = first["@odata.nextLink"].as_str().expect("a next page");
    let rest = admin.value(next.strip_prefix(&tenant.url("/v1.0")).expect("Graph, here")).await;
    let found: Vec<_> = first["value"].as_array().expect("objects").iter().chain(&rest).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|group| group["displayName"].as_str().is_some_and(|n| n.starts_with("Wanted"))));
    let all = admin.value("/groups?$filter=startswith(displayName,'wanted')").await;
    assert_eq!(all.iter().collect::<Vec<_>>(), found);
}

/// "Advanced query capabilities on Microsoft Entra ID objects".
#[tokio::test]
async fn every_collection_has_a_count() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let bind = json!({"members@odata.bind": [format!("https://graph.microsoft.com/v1.0/users/{}", tenant.id_of(3))]});
    let group = format!("/groups/{}", id(&admin.group(bind).await));
    let (user, app) = (format!("/users/{}", tenant.id_of(3)), format!("/applications/{}", tenant.id_of(115)));
    let credential = json!({
        "name": "one", "issuer": "https://token.example", "subject": "s", "audiences": ["api://AzureADTokenExchange"],
    });
    let credentials = format!("{app}/federatedIdentityCredentials");
    assert_eq!(admin.call(Method::POST, &credentials, credential).await.status, 201);
    let role = format!("/directoryRoles/roleTemplateId='{GLOBAL}'");
    for collection in [
        "/users".to_owned(),
        "/groups".to_owned(),
        "/applications".to_owned(),
        "/servicePrincipals".to_owned(),
        "/directoryRoles".to_owned(),
        "/directoryRoleTemplates".to_owned(),
        "/oauth2PermissionGrants".to_owned(),
        "/organization".to_owned(),
        "/directory/deletedItems/microsoft.graph.user".to_owned(),
        "/identity/conditionalAccess/policies".to_owned(),
        "/identity/conditionalAccess/namedLocations".to_owned(),
        "/policies/tokenLifetimePolicies".to_owned(),
        "/me/memberOf".to_owned(),
        "/me/transitiveMemberOf/microsoft.graph.group".to_owned(),
        format!("{user}/memberOf/microsoft.graph.group"),
        format!("{user}/memberOf/microsoft.graph.directoryRole"),
        format!("{user}/appRoleAssignments"),
        format!("{user}/oauth2PermissionGrants"),
        format!("{group}/members"),
        format!("{group}/transitiveMembers/microsoft.graph.user"),
        format!("/servicePrincipals/{}/appRoleAssignedTo", tenant.id_of(210)),
        format!("/servicePrincipals/{}/appRoleAssignments", tenant.id_of(215)),
        format!("/servicePrincipals/{}/oauth2PermissionGrants", tenant.id_of(216)),
        format!("{role}/members"),
        format!("/directoryRoles(roleTemplateId='{GLOBAL}')/members"),
        format!("{app}/tokenLifetimePolicies"),
        credentials.clone(),
        format!("/applications(appId='{}')/federatedIdentityCredentials", tenant.id_of(15)),
    ] {
        let all = admin.value(&format!("{collection}?$top=999")).await.len();
        let raw = admin.eventually(&format!("{collection}/$count")).await;
        assert_eq!((raw.status, &*raw.text), (200, &*all.to_string()), "{collection}: {raw:?}");
        assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
        let page = admin.eventually(&format!("{collection}?$count=true")).await.json();
        assert_eq!(page["@odata.count"], all, "{collection}");
        denied(&admin.get(&format!("{collection}/$count")).await, 400, "Request_UnsupportedQuery");
    }
    let filtered = admin.eventually(&format!("{credentials}/$count?$filter=name eq 'OTHER'")).await;
    assert_eq!(filtered.text, "0");
    // The logs have no counts ("List signIns": $top, $skiptoken and $filter).
    denied(&admin.eventually("/auditLogs/signIns/$count").await, 400, "Request_UnsupportedQuery");
}

/// OData JSON Format 4.01, section 5.
#[tokio::test]
async fn the_service_document_lists_resources_that_exist() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for path in ["/v1.0/", "/v1.0", "/beta/", "/beta"] {
        let answer = send(tenant.http.get(tenant.url(path))).await;
        let version = path.trim_matches('/');
        let metadata = format!("https://graph.microsoft.com/{version}/$metadata");
        assert_eq!((answer.status, &answer.json()["@odata.context"]), (200, &json!(metadata)));
        for entry in answer.json()["value"].as_array().expect("entries") {
            let url = entry["url"].as_str().expect("a URL");
            if entry["kind"] == "EntitySet" && version == "v1.0" {
                assert_eq!(admin.get(&format!("/{url}")).await.status, 200, "{entry}");
            }
        }
    }
}

/// "Microsoft Graph error responses and resource types".
#[tokio::test]
async fn every_response_has_request_ids() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for (method, path, status) in [
        (Method::GET, "/me", 200),
        (Method::GET, "/nonsense", 404),
        (Method::POST, "/$nonsense", 404),
        (Method::POST, "/$batch", 415),
        (Method::GET, "/", 200),
        (Method::GET, "", 200),
        (Method::POST, "/", 405),
        (Method::GET, "/users/%ff", 400),
        (Method::PATCH, "/users/%c3%28", 400),
        (Method::GET, "/%ff", 400),
        (Method::GET, "/groups/%ff/members", 400),
        (Method::GET, "/applications(appId='%ff')", 400),
        (Method::GET, "/directoryRoles(roleTemplateId='%ff')/members", 400),
        (Method::GET, "/users/%zz", 404),
        (Method::PUT, "/nonsense", 404),
        (Method::GET, "/nonsense/members", 404),
        (Method::POST, "/nonsense/members", 404),
        (Method::GET, "/nonsense/addPassword", 404),
        (Method::PUT, "/applications(appId='x')", 405),
        (Method::DELETE, "/me", 405),
        (Method::GET, "/users/unknown", 404),
    ] {
        let answer = admin.call(method, path, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_eq!(answer.header("request-id").len(), 36, "{path}: {answer:?}");
        assert_eq!(answer.header("client-request-id").len(), 36, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{path}");
        if status >= 400 {
            let error = &answer.json()["error"];
            assert_eq!(error["innerError"]["request-id"], answer.header("request-id"), "{path}: {error}");
        }
    }
    // Announced but not sent, so that the response does not race the body.
    let host = tenant.installation.url.split_once("//").expect("an origin").1;
    let mine = "3d0e9bd4-7bdb-4a3e-9f4f-a3a8f4f6a4a6";
    for path in ["/v1.0/users", "/beta/me", "/v1.0//me/changePassword", "/oidc/userinfo"] {
        let mut connection = tokio::net::TcpStream::connect(host).await.expect("a connection");
        let announcement = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             client-request-id: {mine}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            admin.token,
            (1 << 20) + 1
        );
        connection.write_all(announcement.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        for part in [
            &format!("client-request-id: {mine}\r\n"),
            "\r\nrequest-id: ",
            "content-type: application/json; charset=utf-8\r\n",
            "date: Mon, 05 Jan 2026 09:00:00 GMT\r\n",
            &format!("\"client-request-id\":\"{mine}\""),
            "\"date\":\"2026-01-05T09:00:00\"",
        ] {
            assert!(answer.contains(part), "{path} has no {part}: {answer}");
        }
    }
}

/// "Get directoryRole", "Add directory role member": roles by template id.
#[tokio::test]
async fn roles_are_found_by_template_and_keep_a_global_administrator() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let template = "fe930be7-5e62-47db-91af-98c3a49a38b1";
    let role = admin.get(&format!("/directoryRoles(roleTemplateId='{template}')")).await.json();
    let reference =
        |n: u32| json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/users/{}", tenant.id_of(n))});
    for name in [
        format!("/directoryRoles(roleTemplateId='{template}')"),
        format!("/directoryRoles/roleTemplateId='{}'", template.to_uppercase()),
        format!("/directoryRoles/roleTemplateId={template}"),
        format!("/directoryRoles/{}", id(&role)),
    ] {
        assert_eq!(admin.get(&name).await.json()["id"], role["id"], "{name}");
        let added = admin.call(Method::POST, &format!("{name}/members/$ref"), reference(1)).await;
        assert_eq!(added.status, 204, "{name}: {added:?}");
        assert_eq!(ids(&admin.value(&format!("{name}/members")).await), [tenant.id_of(1)]);
        let member = format!("{name}/members/{}/$ref", tenant.id_of(1));
        assert_eq!(admin.call(Method::DELETE, &member, Value::Null).await.status, 204, "{name}");
    }
    denied(&admin.get("/directoryRoles/roleTemplateId='x'/members").await, 404, "Request_ResourceNotFound");

    let global = format!("/directoryRoles(roleTemplateId='{GLOBAL}')/members");
    let own = format!("{global}/{}/$ref", tenant.id_of(3));
    denied(&admin.call(Method::DELETE, &own, Value::Null).await, 400, "Request_BadRequest");
    assert_eq!(admin.call(Method::POST, &format!("{global}/$ref"), reference(1)).await.status, 204);
    // Even if there is another one.
    denied(&admin.call(Method::DELETE, &own, Value::Null).await, 400, "Request_BadRequest");
    let owner = Graph::of(&tenant, "owner", ALL).await;
    assert_eq!(owner.call(Method::DELETE, &own, Value::Null).await.status, 204);
    let own = format!("{global}/{}/$ref", tenant.id_of(1));
    denied(&owner.call(Method::DELETE, &own, Value::Null).await, 400, "Request_BadRequest");
    assert_eq!(ids(&owner.value(&global).await), [tenant.id_of(1)]);
}

/// "Update group": an existing member is rejected, also within one request.
#[tokio::test]
async fn duplicate_members_are_errors() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let user = |n: u32| format!("https://graph.microsoft.com/v1.0/directoryObjects/{}", tenant.id_of(n));
    let bind =
        |users: &[u32]| json!({"members@odata.bind": users.iter().map(|n| user(*n)).collect::<Vec<_>>()});
    let path = format!("/groups/{}", id(&admin.group(json!({})).await));
    assert_eq!(admin.call(Method::PATCH, &path, bind(&[1])).await.status, 204);
    for users in [&[1][..], &[2, 1], &[2, 2]] {
        let refused = admin.call(Method::PATCH, &path, bind(users)).await;
        denied(&refused, 400, "Request_BadRequest");
        let message = "One or more added object references already exist for the following modified properties: 'members'.";
        assert_eq!(refused.json()["error"]["message"], message);
    }
    assert_eq!(ids(&admin.value(&format!("{path}/members")).await), [tenant.id_of(1)]);
    let mut twice = bind(&[2, 2]);
    for (name, value) in [
        ("displayName", json!("G")),
        ("mailNickname", json!("g")),
        ("mailEnabled", json!(false)),
        ("securityEnabled", json!(true)),
    ] {
        twice[name] = value;
    }
    denied(&admin.call(Method::POST, "/groups", twice).await, 400, "Request_BadRequest");
}

/// "directoryObject: checkMemberGroups" and related actions.
#[tokio::test]
async fn membership_actions_work_for_users_and_groups() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let bind = json!({"members@odata.bind": [format!("https://graph.microsoft.com/v1.0/users/{}", tenant.id_of(3))]});
    let (group, other) = (admin.group(bind).await, admin.group(json!({})).await);
    let role = admin.get(&format!("/directoryRoles(roleTemplateId='{GLOBAL}')")).await.json();
    let wanted = [id(&other), id(&group), id(&role)];
    let ask = async |object: &str, call: &str, body: Value| {
        let answer = admin.call(Method::POST, &format!("{object}/{call}"), body).await;
        assert_eq!(answer.status, 200, "{object}/{call}: {answer:?}");
        let mut value = answer.json()["value"].as_array().expect("ids").clone();
        value.sort_by_key(ToString::to_string);
        value
    };
    let mut both = vec![group["id"].clone(), role["id"].clone()];
    both.sort_by_key(ToString::to_string);
    for object in ["/me".to_owned(), format!("/users/{}", tenant.upn("admin"))] {
        let only = [group["id"].clone()];
        assert_eq!(ask(&object, "getMemberGroups", json!({"securityEnabledOnly": false})).await, only);
        assert_eq!(ask(&object, "getMemberObjects", json!({"securityEnabledOnly": true})).await, only);
        assert_eq!(ask(&object, "getMemberObjects", json!({})).await, both);
        assert_eq!(ask(&object, "checkMemberGroups", json!({"groupIds": wanted})).await, only);
        assert_eq!(ask(&object, "checkMemberObjects", json!({"ids": wanted})).await, both);
    }
    let object = format!("/groups/{}", id(&group));
    for (call, body) in [
        ("getMemberGroups", json!({"securityEnabledOnly": false})),
        ("getMemberObjects", json!({})),
        ("checkMemberGroups", json!({"groupIds": wanted})),
        ("checkMemberObjects", json!({"ids": wanted})),
    ] {
        assert_eq!(ask(&object, call, body).await, [Value::Null; 0], "{call}");
    }
    let many = vec![tenant.id_of(1); 21];
    for (path, body) in [
        ("/me/checkMemberGroups", json!({"groupIds": many})),
        ("/me/checkMemberGroups", json!({"groupIds": ["nonsense"]})),
        ("/me/checkMemberGroups", json!({})),
        ("/me/checkMemberObjects", json!({"ids": null})),
    ] {
        denied(&admin.call(Method::POST, path, body).await, 400, "Request_BadRequest");
    }
    let narrow = Graph::narrow(&tenant, "owner").await;
    let others = format!("/users/{}/checkMemberGroups", tenant.id_of(3));
    let body = json!({"groupIds": wanted});
    denied(&narrow.call(Method::POST, &others, body.clone()).await, 403, "Authorization_RequestDenied");
    assert_eq!(narrow.call(Method::POST, "/me/checkMemberGroups", body).await.json()["value"], json!([]));
}

/// Properties that are not nullable: null is an error, never a success without effect.
#[tokio::test]
async fn null_is_an_error_for_required_values() {
    let tenant = Tenant::new().await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let group = format!("/groups/{}", id(&admin.group(json!({})).await));
    let user = format!("/users/{}", tenant.id_of(2));
    let app = format!("/applications/{}", tenant.id_of(112));
    let principal = format!("/servicePrincipals/{}", tenant.id_of(212));
    let grants = admin.value("/oauth2PermissionGrants").await;
    let grant = format!("/oauth2PermissionGrants/{}", id(&grants[0]));
    for (path, names) in [
        (
            &user,
            &["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"][..],
        ),
        (&group, &["displayName", "mailNickname", "mailEnabled", "securityEnabled", "groupTypes"]),
        (&app, &["displayName", "identifierUris", "appRoles", "requiredResourceAccess", "keyCredentials"]),
        (&principal, &["accountEnabled", "appRoleAssignmentRequired"]),
        (&grant, &["scope"]),
    ] {
        let before = admin.get(path).await.json();
        for name in names {
            let answer = admin.call(Method::PATCH, path, json!({*name: null})).await;
            assert_eq!(answer.status, 400, "{path} {name}: {answer:?}");
        }
        assert_eq!(admin.get(path).await.json(), before, "{path}");
    }
    for path in [&user, &group, &app, &principal] {
        for body in [json!([]), json!(["x"]), json!("x"), json!(1)] {
            denied(&admin.call(Method::PATCH, path, body).await, 400, "Request_BadRequest");
        }
    }
    // Properties with a default are reset to it.
    let claims = json!({
        "groupMembershipClaims": "All", "isFallbackPublicClient": true, "api": {"requestedAccessTokenVersion": 2},
        "optionalClaims": {"idToken": [{"name": "email"}]},
    });
    assert_eq!(admin.call(Method::PATCH, &app, claims).await.status, 204);
    let defaults = json!({
        "groupMembershipClaims": null, "isFallbackPublicClient": null, "api": {"requestedAccessTokenVersion": null},
        "optionalClaims": null,
    });
    assert_eq!(admin.call(Method::PATCH, &app, defaults).await.status, 204);
    let shown = admin.get(&app).await.json();
    assert_eq!(
        (
            &shown["groupMembershipClaims"],
            &shown["isFallbackPublicClient"],
            &shown["optionalClaims"]["idToken"]
        ),
        (&Value::Null, &json!(false), &json!([]))
    );
    assert_eq!(shown["api"]["requestedAccessTokenVersion"], 1);
}
