//! Microsoft Graph: app role assignments.

use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::tenant::{ORDERS, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

#[tokio::test]
async fn app_roles_are_in_tokens_until_their_removal() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let admin = admin.access();
    let scope = format!("{ORDERS}/.default");
    let roles = async || {
        let tokens = Tokens::of(tenant.connector().client_credentials(&scope).await);
        tokens.claims()["roles"].clone()
    };
    assert_eq!(roles().await, Value::Null);
    let given = format!("/servicePrincipals/{}/appRoleAssignedTo", tenant.id_of(210));
    let body = json!({
        "principalId": tenant.id_of(212), "resourceId": tenant.id_of(210), "appRoleId": tenant.id_of(312),
    });
    let made = call(&tenant, admin, Method::POST, &given, body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["principalDisplayName"], "Contoso Orders Connector");
    assert_eq!(made.json()["principalType"], "ServicePrincipal");
    assert_eq!(roles().await, json!(["Orders.Read.All"]));
    denied(&call(&tenant, admin, Method::POST, &given, body).await, 400, "Request_BadRequest");

    // Both ends list the same assignment.
    let held = format!("/servicePrincipals/{}/appRoleAssignments", tenant.id_of(212));
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let seen = call(&tenant, admin, Method::GET, &held, Value::Null).await.json();
    assert_eq!(seen["value"][0]["id"], id, "{seen}");
    let first = call(&tenant, admin, Method::GET, &format!("{given}?$top=1"), Value::Null).await.json();
    assert_eq!(first["value"][0]["id"], id, "{first}");
    let next = first["@odata.nextLink"].as_str().expect("the daemon holds it too");
    let second = crate::tenant::send(tenant.http.get(next).bearer_auth(admin)).await.json();
    assert_eq!(second["value"][0]["principalId"], tenant.id_of(215), "{second}");
    assert!(second.get("@odata.nextLink").is_none(), "{second}");

    let elsewhere = format!("/servicePrincipals/{}/appRoleAssignments/{id}", tenant.id_of(213));
    denied(
        &call(&tenant, admin, Method::DELETE, &elsewhere, Value::Null).await,
        404,
        "Request_ResourceNotFound",
    );
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", ALL).await;
    let path = format!("{given}/{id}");
    denied(
        &call(&tenant, owner.access(), Method::DELETE, &path, Value::Null).await,
        403,
        "Authorization_RequestDenied",
    );
    assert_eq!(call(&tenant, admin, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(roles().await, Value::Null);
    denied(&call(&tenant, admin, Method::DELETE, &path, Value::Null).await, 404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn assignments_need_existing_objects() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let given = format!("/servicePrincipals/{}/appRoleAssignedTo", tenant.id_of(210));
    let (principal, api, role) = (tenant.id_of(212), tenant.id_of(210), tenant.id_of(312));
    for (status, path, body) in [
        (400, &given, json!({"principalId": principal, "resourceId": api, "appRoleId": tenant.id_of(1)})),
        (
            400,
            &given,
            json!({"principalId": principal, "resourceId": api, "appRoleId": "00000000-0000-0000-0000-000000000000"}),
        ),
        (404, &given, json!({"principalId": tenant.id_of(999), "resourceId": api, "appRoleId": role})),
        (404, &given, json!({"principalId": principal, "resourceId": "x", "appRoleId": role})),
        (400, &given, json!({"principalId": "x", "resourceId": api, "appRoleId": role})),
        (
            400,
            &"/users/x/appRoleAssignments".to_owned(),
            json!({"principalId": principal, "resourceId": api, "appRoleId": role}),
        ),
        (400, &given, json!({})),
    ] {
        let answer = call(&tenant, admin.access(), Method::POST, path, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    assert!(tenant.journal("app_role.").await.is_empty());
}
