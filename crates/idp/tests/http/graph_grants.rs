//! Microsoft Graph: delegated permission grants.

use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::tenant::{Answer, READ, Tenant};

const ALL: &str = "https://graph.microsoft.com/.default";
const SET: &str = "/oauth2PermissionGrants";

async fn get(tenant: &Tenant, token: &str, path: &str) -> Answer {
    call(tenant, token, Method::GET, path, Value::Null).await
}

#[tokio::test]
async fn user_consent_is_a_grant_whose_deletion_revokes_its_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let held = app.sign_in(&tenant, "owner", READ).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let admin = admin.access();
    let list = get(&tenant, admin, &format!("/users/{}{SET}", tenant.id_of(1))).await.json();
    let grant = &list["value"][0];
    assert_eq!(
        (
            &grant["clientId"],
            &grant["consentType"],
            &grant["principalId"],
            &grant["resourceId"],
            &grant["scope"]
        ),
        (
            &json!(tenant.id_of(213)),
            &json!("Principal"),
            &json!(tenant.id_of(1)),
            &json!(tenant.id_of(210)),
            &json!("Orders.Read")
        ),
    );
    let id = grant["id"].as_str().expect("an id");
    let path = format!("{SET}/{id}");
    for same in [
        path.clone(),
        format!("{SET}?$filter=clientId eq '{}' and principalId eq '{}'", tenant.id_of(213), tenant.id_of(1)),
        format!("{SET}?$filter=principalId eq '{}'", tenant.id_of(1)),
        format!("{SET}?$filter=resourceId eq '{}' and consentType eq 'Principal'", tenant.id_of(210)),
        format!("/servicePrincipals/{}{SET}", tenant.id_of(213)),
    ] {
        let body = get(&tenant, admin, &same).await.json();
        let found = if same == path { &body } else { &body["value"][0] };
        assert_eq!(found["id"], id, "{same}: {body}");
    }
    let none = get(&tenant, admin, &format!("{SET}?$filter=clientId eq '{}'", tenant.id_of(1))).await.json();
    assert_eq!(none["value"], json!([]));

    assert_eq!(
        call(&tenant, admin, Method::PATCH, &path, json!({"scope": "Orders.ReadWrite"})).await.status,
        204
    );
    app.try_refresh(held.refresh(), &[]).await.refused(400, "invalid_grant", "AADSTS65001");
    assert_eq!(
        call(&tenant, admin, Method::PATCH, &path, json!({"scope": " Orders.Read  Orders.Read"}))
            .await
            .status,
        204
    );
    assert_eq!(get(&tenant, admin, &path).await.json()["scope"], "Orders.Read");
    app.refresh(held.refresh()).await;
    assert_eq!(call(&tenant, admin, Method::DELETE, &path, Value::Null).await.status, 204);
    app.try_refresh(held.refresh(), &[]).await.refused(400, "invalid_grant", "AADSTS65001");
    denied(&get(&tenant, admin, &path).await, 404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn a_grant_for_all_users_replaces_the_consent_page() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let admin = admin.access();
    let grant = json!({
        "clientId": tenant.id_of(213), "consentType": "AllPrincipals", "principalId": null,
        "resourceId": tenant.id_of(210), "scope": "Orders.Read",
    });
    let made = call(&tenant, admin, Method::POST, SET, grant.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["principalId"], Value::Null);
    let again = call(&tenant, admin, Method::POST, SET, grant.clone()).await;
    denied(&again, 409, "Request_MultipleObjectsWithSameKeyValue");
    let app = tenant.desktop();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), crate::tenant::PASSWORD).await.code();

    let mut wrong = vec![json!({}), json!({"scope": "x"})];
    for (name, value) in [
        ("clientId", json!("x")),
        ("clientId", json!(tenant.id_of(1))),
        ("resourceId", json!(tenant.id_of(1))),
        ("consentType", json!("Some")),
        ("principalId", json!(tenant.id_of(1))),
        ("scope", json!("x".repeat(4_000))),
    ] {
        let mut body = grant.clone();
        body[name] = value;
        wrong.push(body);
    }
    let mut body = grant.clone();
    body["consentType"] = json!("Principal");
    wrong.push(body);
    for body in wrong {
        let answer = call(&tenant, admin, Method::POST, SET, body.clone()).await;
        assert!(matches!(answer.status, 400 | 404), "{body}: {answer:?}");
    }
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    for (method, path, body) in [
        (Method::POST, SET.to_owned(), grant),
        (Method::PATCH, format!("{SET}/{id}"), json!({"scope": ""})),
        (Method::DELETE, format!("{SET}/{id}"), Value::Null),
    ] {
        denied(&call(&tenant, owner.access(), method, &path, body).await, 403, "Authorization_RequestDenied");
    }
    for id in ["x", "%20", &"A".repeat(64)] {
        denied(&get(&tenant, admin, &format!("{SET}/{id}")).await, 404, "Request_ResourceNotFound");
    }
}
