//! Applications that require assignment.

use reqwest::Method;
use serde_json::{Value, json};

use crate::tenant::{Answer, PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

async fn graph(tenant: &Tenant, token: &Tokens, method: Method, path: &str, body: &Value) -> Answer {
    let url = tenant.url(&format!("/v1.0{path}"));
    send(tenant.http.request(method, url).bearer_auth(token.access()).json(body)).await
}

#[tokio::test]
async fn users_need_an_assignment_where_it_is_mandatory() {
    let tenant = Tenant::new().await;
    let scopes = "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All";
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scopes).await;
    let desktop = tenant.desktop();
    let held = desktop.sign_in(&tenant, "owner", READ).await;
    for application in [13, 10] {
        let principal = format!("/servicePrincipals/{}", tenant.id_of(application + 200));
        let require = async |required: bool| {
            let body = json!({"appRoleAssignmentRequired": required});
            assert_eq!(graph(&tenant, &admin, Method::PATCH, &principal, &body).await.status, 204);
            let shown = graph(&tenant, &admin, Method::GET, &principal, &Value::Null).await.json();
            assert_eq!(shown["appRoleAssignmentRequired"], required);
        };
        require(true).await;
        desktop.try_refresh(held.refresh(), &[]).await.refused(400, "interaction_required", "AADSTS50105");
        let url = desktop.authorize_url(READ, &[]);
        let arrival = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await;
        arrival.refused("interaction_required", "AADSTS50105");
        let role = if application == 10 { tenant.id_of(312) } else { uuid::Uuid::nil().to_string() };
        let assignment = json!({
            "principalId": tenant.id_of(1), "resourceId": tenant.id_of(application + 200), "appRoleId": role,
        });
        let path = format!("{principal}/appRoleAssignedTo");
        let assigned = graph(&tenant, &admin, Method::POST, &path, &assignment).await;
        assert_eq!(assigned.status, 201, "{assigned:?}");
        desktop.refresh(held.refresh()).await;
        let id = assigned.json()["id"].as_str().expect("an id").to_owned();
        let removed = graph(&tenant, &admin, Method::DELETE, &format!("{path}/{id}"), &Value::Null).await;
        assert_eq!(removed.status, 204, "{removed:?}");
        desktop.try_refresh(held.refresh(), &[]).await.refused(400, "interaction_required", "AADSTS50105");
        require(false).await;
        desktop.refresh(held.refresh()).await;
    }
}

#[tokio::test]
async fn app_only_tokens_need_a_role_where_assignment_is_mandatory() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "Application.ReadWrite.All").await;
    let scope = "https://old.contoso.example/.default";
    assert_eq!(tenant.nightly().client_credentials(scope).await.status, 200);
    let principal = format!("/servicePrincipals/{}", tenant.id_of(211));
    let body = json!({"appRoleAssignmentRequired": true});
    assert_eq!(graph(&tenant, &admin, Method::PATCH, &principal, &body).await.status, 204);
    tenant.nightly().client_credentials(scope).await.grant_refused("AADSTS501051");
}
