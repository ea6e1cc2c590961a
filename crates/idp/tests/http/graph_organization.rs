//! Microsoft Graph: the organization.

use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::graph_directory::Graph;
use crate::tenant::{SECRET, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

/// "organization resource type".
#[tokio::test]
async fn the_organization_is_the_tenant_of_the_caller() {
    let tenant = Tenant::with(|spec| spec["display_name"] = json!("Fabrikam")).await;
    let admin = Graph::of(&tenant, "admin", ALL).await;
    let path = format!("/organization/{}", tenant.id());
    let organization = json!({
        "id": tenant.id(),
        "displayName": "Fabrikam",
        "tenantType": "AAD",
        "verifiedDomains": [{
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": true,
            "name": tenant.domain, "type": "Managed",
        }],
    });
    let context = "https://graph.microsoft.com/v1.0/$metadata#organization";
    let listed = admin.get("/organization").await.json();
    assert_eq!(listed, json!({"@odata.context": context, "value": [organization]}));
    let mut shown = organization;
    shown["@odata.context"] = json!(format!("{context}/$entity"));
    for path in [path.clone(), path.to_uppercase().replace("/ORGANIZATION", "/organization")] {
        assert_eq!(admin.get(&path).await.json(), shown, "{path}");
    }
    let name = admin.get(&format!("{path}?$select=displayName")).await.json();
    let context = format!("{context}(displayName)/$entity");
    assert_eq!(name, json!({"@odata.context": context, "displayName": "Fabrikam"}));
}

#[tokio::test]
async fn other_organizations_are_unknown_and_none_can_be_changed() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let admin = Graph::of(&tenant, "admin", ALL).await;
    for id in [other.id(), tenant.id_of(1), tenant.domain.clone(), "unknown".to_owned()] {
        denied(&admin.get(&format!("/organization/{id}")).await, 404, "Request_ResourceNotFound");
    }
    let own = format!("/organization/{}", tenant.id());
    for (method, path) in
        [(Method::POST, "/organization"), (Method::PATCH, own.as_str()), (Method::DELETE, own.as_str())]
    {
        let answer = admin.call(method, path, json!({"displayName": "Fabrikam"})).await;
        denied(&answer, 405, "Request_BadRequest");
    }
}

/// "List organizations", section "Permissions".
#[tokio::test]
async fn user_read_is_enough_for_the_name_and_domains_of_the_organization() {
    let graph = "00000003-0000-0000-c000-000000000000";
    let tenant = Tenant::with_applications(|tenant| {
        let required = json!([{"resource": graph, "roles": ["Organization.Read.All"]}]);
        let more = json!({"secrets": [SECRET], "required": required, "admin_consented": true});
        vec![tenant.application(19, "daemon", &more)]
    })
    .await;
    let path = format!("/organization/{}", tenant.id());
    let narrow = Graph::narrow(&tenant, "owner").await;
    for organization in [narrow.get(&path).await.json(), narrow.value("/organization").await[0].clone()] {
        assert_eq!(organization["displayName"], "Contoso", "{organization}");
        assert_eq!(organization["verifiedDomains"][0]["name"], tenant.domain, "{organization}");
        assert_eq!(organization.get("tenantType"), Some(&Value::Null), "{organization}");
    }

    let reader = tenant.app(19, Some(SECRET), "");
    for (app, is_allowed) in [(reader, true), (tenant.nightly(), false)] {
        let tokens = Tokens::of(app.client_credentials(ALL).await);
        for path in ["/organization", &path] {
            let answer = call(&tenant, tokens.access(), Method::GET, path, Value::Null).await;
            if is_allowed {
                assert_eq!(answer.status, 200, "{answer:?}");
                assert!(answer.text.contains("\"tenantType\":\"AAD\""), "{answer:?}");
            } else {
                denied(&answer, 403, "Authorization_RequestDenied");
            }
        }
    }
}
