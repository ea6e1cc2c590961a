//! Faults at the identity provider: errors of the catalogue, as each endpoint returns them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::tenant::{Tenant, send};

async fn add(tenant: &Tenant, fault: Value) {
    let mut all = json!({"service": "idp", "count": 1});
    all.as_object_mut().expect("an object").extend(fault.as_object().expect("an object").clone());
    let added = tenant.lab(Method::POST, "/faults", &all).await;
    assert_eq!(added.status, 201, "{added:?}");
}

#[tokio::test]
async fn an_error_has_the_shape_of_its_endpoint() {
    let tenant = Tenant::new().await;
    let id = tenant.id();
    for (path, number, error) in [
        ("oauth2/v2.0/token", 50_076, "invalid_grant"),
        ("oauth2/token", 50_076, "interaction_required"),
        ("oauth2/v2.0/token", 50_173, "invalid_grant"),
        ("oauth2/token", 50_173, "invalid_grant"),
    ] {
        add(&tenant, json!({"endpoint": "token", "do": {"aadsts": number}})).await;
        let request = tenant.http.request(Method::POST, tenant.url(&format!("/{id}/{path}")));
        let answer = send(request.form(&[("grant_type", "refresh_token")])).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["error"], &body["error_codes"]),
            (400, &json!(error), &json!([number])),
            "{path}"
        );
    }
    add(&tenant, json!({"endpoint": "authorize", "do": {"aadsts": 50_076}})).await;
    let page = tenant.get(&format!("/{id}/oauth2/v2.0/authorize")).await;
    assert!(
        page.text.contains("AADSTS50076") && page.header("content-type").starts_with("text/html"),
        "{page:?}"
    );
}
