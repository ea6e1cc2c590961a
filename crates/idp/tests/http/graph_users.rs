//! Microsoft Graph: users, lists and pages, deletion and restoration.

use insta::assert_snapshot;
use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::tenant::{Answer, READ, Tenant, send};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

async fn get(tenant: &Tenant, token: &str, path: &str) -> Answer {
    call(tenant, token, Method::GET, path, Value::Null).await
}

fn new_user(tenant: &Tenant, name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.user",
        "accountEnabled": true, "displayName": format!("A {name}"), "mailNickname": name,
        "userPrincipalName": tenant.upn(name),
        "passwordProfile": {"password": "Fresh-Horse-9", "forceChangePasswordNextSignIn": false},
    })
}

/// Returns the body with varying values replaced.
fn redacted_body(tenant: &Tenant, answer: &Answer) -> String {
    let mut text =
        answer.text.replace(&tenant.installation.url, "[origin]").replace(&tenant.domain, "[domain]");
    for n in 0..4 {
        text = text.replace(&tenant.id_of(n), &format!("[id {n}]"));
    }
    if let Some((_, rest)) = text.clone().split_once("skiptoken=") {
        let token = rest.split(['"', '&']).next().unwrap_or_default();
        text = text.replace(token, "[token]");
    }
    text.replace(",\"", ",\n\"")
}

#[tokio::test]
async fn a_user_on_the_wire() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read.All").await;
    assert_snapshot!(redacted_body(&tenant, &get(&tenant, token.access(), "/me").await), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity",
"businessPhones":[],
"displayName":"The owner",
"givenName":"Orla",
"id":"[id 1]",
"jobTitle":null,
"mail":"owner@mail.[domain]",
"mobilePhone":null,
"officeLocation":null,
"preferredLanguage":null,
"surname":"Ner",
"userPrincipalName":"owner@[domain]"}
"#);
    let path = format!("/users/{}?$select=accountEnabled,userType,createdDateTime", tenant.id_of(2));
    assert_snapshot!(redacted_body(&tenant, &get(&tenant, token.access(), &path).await), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(accountEnabled,userType,createdDateTime)/$entity",
"accountEnabled":true,
"createdDateTime":"2026-01-05T09:00:00Z",
"userType":"Member"}
"#);
    let page = get(&tenant, token.access(), "/users?$top=1&$select=id,displayName").await;
    assert_snapshot!(redacted_body(&tenant, &page), @r#"
{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id,displayName)",
"@odata.nextLink":"[origin]/v1.0/users?%24top=1&%24select=id%2CdisplayName&%24skiptoken=[token]",
"value":[{"displayName":"The owner",
"id":"[id 1]"}]}
"#);
}

#[tokio::test]
async fn paging_returns_every_user_exactly_once() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read.All").await;
    let mut url = tenant.url("/v1.0/users?$top=2&$select=id");
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answer = send(tenant.http.get(&url).bearer_auth(token.access())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        pages += 1;
        seen.extend(body["value"].as_array().expect("users").iter().map(|user| user["id"].clone()));
        match body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(
        (pages, seen),
        (2, vec![json!(tenant.id_of(1)), json!(tenant.id_of(2)), json!(tenant.id_of(3))])
    );

    // A position belongs to its collection and tenant, and callers cannot forge one.
    let page = get(&tenant, token.access(), "/users?$top=1").await.json();
    let next = page["@odata.nextLink"].as_str().expect("a next page").to_owned();
    let skip = next.split("skiptoken=").nth(1).expect("a token");
    let elsewhere = Tenant::new().await;
    let there = elsewhere.admin_tool().sign_in(&elsewhere, "owner", "User.Read.All").await;
    for (lab, token, path) in [
        (&tenant, &token, "/users?$skiptoken=garbage".to_owned()),
        (&tenant, &token, format!("/users?$skiptoken={}x", &skip[..skip.len() - 1])),
        (&tenant, &token, format!("/applications?$skiptoken={skip}")),
        (&elsewhere, &there, format!("/users?$skiptoken={skip}")),
    ] {
        let scope = if path.starts_with("/app") { "Application.Read.All" } else { "User.Read.All" };
        let token = if scope == "User.Read.All" {
            token.clone()
        } else {
            lab.admin_tool().sign_in(lab, "owner", scope).await
        };
        denied(&get(lab, token.access(), &path).await, 400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn filtered_pages_are_full() {
    let tenant = Tenant::new().await;
    tenant.happens_to("admin", "disable_user").await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read.All").await;
    let mut url = tenant.url("/v1.0/users?$top=1&$select=id&$filter=accountEnabled%20eq%20false");
    let mut pages = Vec::new();
    loop {
        let body = send(tenant.http.get(&url).bearer_auth(token.access())).await.json();
        pages.push(body["value"].clone());
        match body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(pages, [json!([{"id": tenant.id_of(3)}])]);
}

#[tokio::test]
async fn filters_select_users_and_invalid_queries_are_errors() {
    let tenant = Tenant::new().await;
    let token = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read.All").await;
    let found = async |filter: &str| -> Vec<Value> {
        let url = tenant.url("/v1.0/users");
        let request = tenant.http.get(url).query(&[("$filter", filter), ("$select", "id")]);
        let answer = send(request.bearer_auth(token.access())).await;
        assert_eq!(answer.status, 200, "{filter}: {answer:?}");
        answer.json()["value"].as_array().expect("users").iter().map(|user| user["id"].clone()).collect()
    };
    let owner = vec![json!(tenant.id_of(1))];
    for filter in [
        format!("userPrincipalName eq '{}'", tenant.upn("OWNER")),
        format!("id eq '{}'", tenant.id_of(1)),
        "displayName eq 'The owner'".to_owned(),
        "surname eq 'ner' and accountEnabled eq true".to_owned(),
        format!("mail eq 'owner@mail.{}'", tenant.domain),
    ] {
        assert_eq!(found(&filter).await, owner, "{filter}");
    }
    for filter in
        ["displayName eq 'Unknown'", "id eq 'x'", "displayName eq 'The owner' and accountEnabled eq false"]
    {
        assert!(found(filter).await.is_empty(), "{filter}");
    }
    for (path, code) in [
        ("/users?$filter=passwordProfile eq 'x'", "Request_UnsupportedQuery"),
        ("/users?$filter=displayName eq 'x", "Request_UnsupportedQuery"),
        ("/users?$filter=endswith(displayName,'a')", "Request_UnsupportedQuery"),
        ("/users?$orderby=displayName", "Request_UnsupportedQuery"),
        ("/users?$expand=manager", "Request_UnsupportedQuery"),
        ("/users?$search=\"displayName:a\"", "Request_UnsupportedQuery"),
        ("/users?$count=many", "Request_BadRequest"),
        ("/users?$top=0", "Request_BadRequest"),
        ("/users?$top=1000", "Request_BadRequest"),
        ("/users?$top=many", "Request_BadRequest"),
        ("/users?$select=password_hash", "Request_BadRequest"),
        ("/me?$top=1", "Request_BadRequest"),
    ] {
        denied(&get(&tenant, token.access(), path).await, 400, code);
    }
}

#[tokio::test]
async fn user_lifecycle() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let answer = call(&tenant, admin.access(), Method::POST, "/users", new_user(&tenant, "newcomer")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let app = tenant.desktop();
    let mut browser = tenant.browser();
    browser.go_through(&app.authorize_url(READ, &[]), &tenant.upn("newcomer"), "Fresh-Horse-9").await.code();

    let again = call(&tenant, admin.access(), Method::POST, "/users", new_user(&tenant, "newcomer")).await;
    denied(&again, 400, "Request_BadRequest");
    let path = format!("/users/{id}");
    let patch =
        json!({"displayName": "Renamed", "jobTitle": "Clerk", "userPrincipalName": tenant.upn("settled")});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, patch).await.status, 204);
    let user = get(&tenant, admin.access(), &format!("/users/{}", tenant.upn("settled"))).await.json();
    assert_eq!(
        (&user["displayName"], &user["jobTitle"], &user["id"]),
        (&json!("Renamed"), &json!("Clerk"), &json!(id))
    );
    let emptied = call(&tenant, admin.access(), Method::PATCH, &path, json!({"jobTitle": null})).await;
    assert_eq!(emptied.status, 204);
    assert_eq!(get(&tenant, admin.access(), &path).await.json()["jobTitle"], Value::Null);

    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let answer = call(&tenant, owner.access(), Method::POST, "/users", new_user(&tenant, "other")).await;
    denied(&answer, 403, "Authorization_RequestDenied");
    denied(
        &call(&tenant, owner.access(), Method::PATCH, &path, json!({"displayName": "X"})).await,
        403,
        "Authorization_RequestDenied",
    );
}

#[tokio::test]
async fn incomplete_or_invalid_users_are_errors() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let sound = new_user(&tenant, "newcomer");
    let mut wrong = Vec::new();
    for name in ["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"] {
        let mut body = sound.clone();
        body.as_object_mut().expect("an object").remove(name);
        wrong.push(body);
    }
    for (name, value) in [
        ("userPrincipalName", json!("newcomer@elsewhere.example")),
        ("userPrincipalName", json!("newcomer")),
        ("userPrincipalName", json!(format!("{}@{}", "x".repeat(65), tenant.domain))),
        ("userPrincipalName", json!(format!("<b>@{}", tenant.domain))),
        ("userPrincipalName", json!(format!("x@{}.{}", "y".repeat(48), tenant.domain))),
        ("passwordProfile", json!({"password": "weak"})),
        ("passwordProfile", json!({})),
        ("displayName", json!("")),
        ("displayName", json!("x".repeat(300))),
        ("isTall", json!(true)),
        ("accountEnabled", json!("yes")),
    ] {
        let mut body = sound.clone();
        body[name] = value;
        wrong.push(body);
    }
    wrong.extend([json!([]), json!("text"), json!({})]);
    for body in wrong {
        let answer = call(&tenant, admin.access(), Method::POST, "/users", body).await;
        denied(&answer, 400, "Request_BadRequest");
    }
    assert!(tenant.journal("user.created").await.is_empty());
}

#[tokio::test]
async fn a_deleted_user_gets_no_tokens_before_restoration() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let app = tenant.desktop();
    let held = app.sign_in(&tenant, "colleague", READ).await;
    let path = format!("/users/{}", tenant.id_of(2));
    let deleted = format!("/directory/deletedItems/{}", tenant.id_of(2));
    denied(&get(&tenant, admin.access(), &deleted).await, 404, "Request_ResourceNotFound");

    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    denied(&get(&tenant, admin.access(), &path).await, 404, "Request_ResourceNotFound");
    app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS500341");
    let list = get(&tenant, admin.access(), "/directory/deletedItems/microsoft.graph.user").await.json();
    assert_eq!(list["value"][0]["id"], tenant.id_of(2), "{list}");
    assert_eq!(list["value"][0]["deletedDateTime"], "2026-01-05T09:00:00Z", "{list}");
    let users = get(&tenant, admin.access(), "/users?$select=id").await.json();
    assert_eq!(users["value"].as_array().map(Vec::len), Some(2));

    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let restore = format!("{deleted}/restore");
    denied(
        &call(&tenant, owner.access(), Method::POST, &restore, Value::Null).await,
        403,
        "Authorization_RequestDenied",
    );
    let restored = call(&tenant, admin.access(), Method::POST, &restore, Value::Null).await;
    assert_eq!((restored.status, &restored.json()["id"]), (200, &json!(tenant.id_of(2))));
    app.refresh(held.refresh()).await;
    denied(
        &call(&tenant, admin.access(), Method::POST, &restore, Value::Null).await,
        404,
        "Request_ResourceNotFound",
    );
}

#[tokio::test]
async fn deleted_users_vanish_after_thirty_days() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let app = tenant.desktop();
    let held = app.sign_in(&tenant, "colleague", READ).await;
    let path = format!("/users/{}", tenant.id_of(2));
    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    tenant.advance(Span::from_days(30)).await;
    let due = tenant.lab(Method::POST, "/due", &Value::Null).await.json();
    assert_eq!((&due["done"], &due["next_due"]), (&json!(1), &Value::Null), "{due}");
    app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS50034");
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let restore = format!("/directory/deletedItems/{}/restore", tenant.id_of(2));
    denied(
        &call(&tenant, admin.access(), Method::POST, &restore, Value::Null).await,
        404,
        "Request_ResourceNotFound",
    );
}

#[tokio::test]
async fn a_reused_user_name_prevents_restoration() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/users/{}", tenant.id_of(2));
    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    let made = call(&tenant, admin.access(), Method::POST, "/users", new_user(&tenant, "colleague")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let deleted = format!("/directory/deletedItems/{}", tenant.id_of(2));
    let restored =
        call(&tenant, admin.access(), Method::POST, &format!("{deleted}/restore"), Value::Null).await;
    denied(&restored, 409, "Request_MultipleObjectsWithSameKeyValue");
    let usurper = format!("/users/{}", made.json()["id"].as_str().expect("an id"));
    let patch = json!({"userPrincipalName": tenant.upn("another")});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &usurper, patch).await.status, 204);
    let restored =
        call(&tenant, admin.access(), Method::POST, &format!("{deleted}/restore"), Value::Null).await;
    assert_eq!(restored.json()["userPrincipalName"], tenant.upn("colleague"), "{restored:?}");

    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &usurper, Value::Null).await.status, 204);
    let gone = usurper.replace("/users/", "/directory/deletedItems/");
    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &gone, Value::Null).await.status, 204);
    denied(&get(&tenant, admin.access(), &gone).await, 404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn a_disabled_user_gets_no_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let held = app.sign_in(&tenant, "colleague", READ).await;
    let daemon = Tokens::of(tenant.nightly().client_credentials(ALL).await);
    let path = format!("/users/{}", tenant.id_of(2));
    for (enabled, works) in [(false, false), (true, true)] {
        let answer =
            call(&tenant, daemon.access(), Method::PATCH, &path, json!({"accountEnabled": enabled})).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        let answer = app.try_refresh(held.refresh(), &[]).await;
        if works {
            assert_eq!(answer.status, 200, "{answer:?}");
        } else {
            answer.grant_refused("AADSTS50057");
        }
    }
}
