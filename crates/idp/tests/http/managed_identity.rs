//! Managed identities: their tokens, their endpoints, their service principals.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph_directory::Graph;
use crate::tenant::{Answer, ORDERS, Tenant, send};
use crate::tokens::claims;

const HEADER: &str = "a-secret-header-of-an-identity-endpoint-0000001";
const RESOURCE_GROUP: &str = "/subscriptions/s/resourcegroups/lab/providers";
const GRAPH_ALL: &str = "https://graph.microsoft.com/.default";

/// Numbers of ids: the function app's own identity (70), one that is assigned to it (71), its
/// endpoint (75).
async fn tenant() -> Tenant {
    Tenant::create(crate::installation::Installation::shared(), "2025-11", |tenant, spec| {
        let id = |n: u32| tenant.id_of(n);
        spec["managed_identities"] = json!([
            {
                "client_id": id(70), "service_principal_id": id(170), "name": "Orders Function",
                "resource_id": function_app(),
                "roles": [{"resource": id(10), "roles": ["Orders.Read.All"]}],
            },
            {
                "client_id": id(71), "service_principal_id": id(171), "name": "Orders Reader",
                "resource_id": reader(), "user_assigned": true,
            },
        ]);
        spec["identity_endpoints"] = json!([{
            "id": id(75), "resource_id": function_app(), "header": HEADER,
            "system_assigned": id(70), "user_assigned": [id(71)],
        }]);
    })
    .await
}

fn function_app() -> String {
    format!("{RESOURCE_GROUP}/Microsoft.Web/sites/orders")
}

fn reader() -> String {
    format!("{RESOURCE_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/reader")
}

async fn app_service(tenant: &Tenant, query: &str, header: Option<&str>) -> Answer {
    let url = tenant.url(&format!("/{}/identity/{}/token?{query}", tenant.id(), tenant.id_of(75)));
    let request = tenant.http.get(url);
    send(match header {
        Some(header) => request.header("X-IDENTITY-HEADER", header),
        None => request,
    })
    .await
}

async fn token(tenant: &Tenant, more: &str) -> Value {
    let query = format!("api-version=2019-08-01&resource={ORDERS}{more}");
    let answer = app_service(tenant, &query, Some(HEADER)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

fn metadata_url(tenant: &Tenant, secret: &str, query: &str) -> String {
    let path = format!("/{}/identity/{}/{secret}", tenant.id(), tenant.id_of(75));
    tenant.url(&format!("{path}/metadata/identity/oauth2/token?{query}"))
}

async fn metadata(tenant: &Tenant, query: &str) -> Answer {
    send(tenant.http.get(metadata_url(tenant, HEADER, query)).header("Metadata", "true")).await
}

/// "How to use managed identities for App Service and Azure Functions", REST endpoint reference.
#[tokio::test]
async fn the_token_of_a_managed_identity_is_app_only_and_lasts_a_day() {
    let tenant = tenant().await;
    let answer = token(&tenant, "").await;
    let members: Vec<_> = answer.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(members, ["access_token", "client_id", "expires_on", "resource", "token_type"]);
    assert_eq!(answer["client_id"], tenant.id_of(70));
    assert_eq!((&answer["resource"], &answer["token_type"]), (&json!(ORDERS), &json!("Bearer")));
    let claims = claims(answer["access_token"].as_str().expect("a token"));
    assert_eq!(answer["expires_on"], claims["exp"].to_string());
    assert_eq!(claims["exp"], (tenant.now().await + Span::from_days(1)).as_seconds());
    let principal = json!(tenant.id_of(170));
    assert_eq!((&claims["oid"], &claims["sub"]), (&principal, &principal));
    assert_eq!((&claims["azp"], &claims["azpacr"]), (&json!(tenant.id_of(70)), &json!("2")));
    assert_eq!((&claims["idtyp"], &claims["xms_mirid"]), (&json!("app"), &json!(function_app())));
    assert_eq!((&claims["roles"], claims.get("scp")), (&json!(["Orders.Read.All"]), None));

    let line = &tenant.journal("token.issued").await[0];
    assert_eq!(line["subject"], format!("client:{}", tenant.id_of(70)));
    assert_eq!(line["data"]["grant_type"], "managed_identity");
    assert!(!line.to_string().contains(HEADER), "{line}");
}

/// "Use managed identities on a virtual machine to acquire access token".
#[tokio::test]
async fn a_virtual_machine_gets_its_tokens_from_the_metadata_service() {
    let tenant = tenant().await;
    let query = format!("api-version=2018-02-01&resource={ORDERS}");
    let answer = metadata(&tenant, &query).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    for (member, value) in [("expires_in", "86399"), ("ext_expires_in", "86399"), ("refresh_token", "")] {
        assert_eq!(body[member], value, "{body}");
    }
    let claims = claims(body["access_token"].as_str().expect("a token"));
    assert_eq!(body["not_before"], claims["nbf"].to_string());
    assert_eq!(claims["oid"], tenant.id_of(170));

    let without_header = send(tenant.http.get(metadata_url(&tenant, HEADER, &query))).await;
    let forwarded = tenant.http.get(metadata_url(&tenant, HEADER, &query)).header("Metadata", "true");
    let forwarded = send(forwarded.header("X-Forwarded-For", "192.0.2.1")).await;
    for answer in [without_header, forwarded] {
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")), "{answer:?}");
    }
    let guessed = metadata_url(&tenant, &HEADER.replace('1', "2"), &query);
    let answer = send(tenant.http.get(guessed).header("Metadata", "true")).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[tokio::test]
async fn a_user_assigned_identity_is_selected_by_any_of_its_ids() {
    let tenant = tenant().await;
    for selector in [
        format!("&client_id={}", tenant.id_of(71)),
        format!("&object_id={}", tenant.id_of(171)),
        format!("&principal_id={}", tenant.id_of(171)),
        format!("&mi_res_id={}", reader().to_uppercase()),
    ] {
        let answer = token(&tenant, &selector).await;
        let claims = claims(answer["access_token"].as_str().expect("a token"));
        assert_eq!((&claims["oid"], &claims["xms_mirid"]), (&json!(tenant.id_of(171)), &json!(reader())));
        assert_eq!(claims.get("roles"), None, "it has none");
    }
    let query = format!("api-version=2018-02-01&resource={ORDERS}&msi_res_id={}", reader());
    assert_eq!(metadata(&tenant, &query).await.json()["client_id"], tenant.id_of(71));
}

#[tokio::test]
async fn a_request_that_is_not_the_resources_gets_no_token() {
    let tenant = tenant().await;
    let good = format!("api-version=2019-08-01&resource={ORDERS}");
    let unknown = format!("{good}&client_id={}", tenant.id_of(15));
    let several = format!("{good}&client_id={}&object_id={}", tenant.id_of(71), tenant.id_of(171));
    let long = format!("api-version={}&resource={ORDERS}", "9".repeat(5_000));
    let wrong = HEADER.replace('1', "2");
    for (query, header, status) in [
        (good.as_str(), None, 401),
        (&good, Some(wrong.as_str()), 401),
        (&good, Some(""), 401),
        (&unknown, Some(HEADER), 400),
        (&several, Some(HEADER), 400),
        (&long, Some(HEADER), 400),
        ("resource=api://contoso-orders", Some(HEADER), 400),
        ("api-version=2019-08-01", Some(HEADER), 400),
        ("api-version=2019-08-01&resource=a&resource=b", Some(HEADER), 400),
        ("api-version=2017-09-01&resource=a", Some(HEADER), 400),
        ("", Some(HEADER), 400),
    ] {
        let answer = app_service(&tenant, query, header).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["statusCode"]), (status, &json!(status)), "{query}: {answer:?}");
        assert!(body["message"].is_string() && answer.text.len() < 1_000, "{answer:?}");
        assert!(!answer.text.contains(HEADER), "{answer:?}");
    }
    let query = format!("?api-version=2019-08-01&resource={ORDERS}");
    let (own, endpoint) = (tenant.id(), tenant.id_of(75));
    for path in [
        format!("/{own}/identity/{}/token{query}", tenant.id_of(76)),
        format!("/{own}/identity/nonsense/token{query}"),
        format!("/{own}/identity/%FF/token{query}"),
        format!("/common/identity/{endpoint}/token{query}"),
        format!("/{}/identity/{endpoint}/token{query}", tenant.id_of(99)),
    ] {
        let request = tenant.http.get(tenant.url(&path)).header("X-IDENTITY-HEADER", HEADER);
        let answer = send(request).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    let path = format!("/{own}/identity/{endpoint}/token{query}");
    assert_eq!(send(tenant.http.post(tenant.url(&path))).await.status, 405);
    assert_eq!(tenant.journal("token.").await, [Value::Null; 0]);
}

/// The header belongs to one endpoint of one tenant.
#[tokio::test]
async fn the_header_of_another_tenant_is_wrong() {
    let (one, two) = (tenant().await, tenant().await);
    two.lab(
        Method::PUT,
        &format!("/identity-endpoints/{}", two.id_of(75)),
        &json!({
            "resource_id": function_app(), "name": "Orders Function", "system_assigned": true,
            "header": HEADER.replace('1', "7"),
        }),
    )
    .await;
    let query = format!("api-version=2019-08-01&resource={ORDERS}");
    assert_eq!(app_service(&one, &query, Some(HEADER)).await.status, 200);
    assert_eq!(app_service(&two, &query, Some(HEADER)).await.status, 401);
}

#[tokio::test]
async fn of_two_headers_none_is_taken() {
    let tenant = tenant().await;
    let query = format!("api-version=2019-08-01&resource={ORDERS}");
    let url = tenant.url(&format!("/{}/identity/{}/token?{query}", tenant.id(), tenant.id_of(75)));
    for second in [HEADER, "another"] {
        let request = tenant.http.get(&url).header("X-IDENTITY-HEADER", HEADER);
        assert_eq!(send(request.header("X-IDENTITY-HEADER", second)).await.status, 401, "{second}");
    }
}

#[tokio::test]
async fn a_disabled_service_principal_and_an_unknown_resource_get_the_error_of_the_directory() {
    let tenant = tenant().await;
    let query = "api-version=2018-02-01&resource=api://nowhere";
    let refused = metadata(&tenant, query).await.json();
    assert_eq!(refused["error"], "invalid_resource");
    assert!(refused["error_description"].as_str().is_some_and(|text| text.starts_with("AADSTS500011: ")));
    let admin = Graph::of(&tenant, "admin", GRAPH_ALL).await;
    let path = format!("/servicePrincipals/{}", tenant.id_of(170));
    let disabled = admin.call(Method::PATCH, &path, json!({"accountEnabled": false})).await;
    assert_eq!(disabled.status, 204, "{disabled:?}");
    let answer =
        app_service(&tenant, &format!("api-version=2019-08-01&resource={ORDERS}"), Some(HEADER)).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.json()["message"].as_str().is_some_and(|text| text.starts_with("AADSTS7000112: ")));
    let lines = tenant.journal("token.refused").await;
    let codes: Vec<_> = lines.iter().map(|line| &line["data"]["code"]).collect();
    assert_eq!(lines.len(), 2, "{codes:?}");
    assert!(lines.iter().all(|line| line["subject"] == format!("client:{}", tenant.id_of(70))));
    assert!(!json!(lines).to_string().contains(HEADER));
}

/// What a user does has no effect; what happens to the identity has one with the next token.
#[tokio::test]
async fn a_role_that_is_removed_is_absent_from_the_next_token() {
    let tenant = tenant().await;
    tenant.happens_to("admin", "revoke_sessions").await;
    let body =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(body).await;
    assert!(token(&tenant, "").await["access_token"].is_string());
    let admin = Graph::of(&tenant, "admin", GRAPH_ALL).await;
    let path = format!("/servicePrincipals/{}/appRoleAssignments", tenant.id_of(170));
    let held = admin.value(&path).await;
    assert_eq!(held[0]["principalDisplayName"], "Orders Function");
    let assignment = format!("{path}/{}", held[0]["id"].as_str().expect("an id"));
    assert_eq!(admin.call(Method::DELETE, &assignment, Value::Null).await.status, 204);
    let next = token(&tenant, "").await;
    assert_eq!(claims(next["access_token"].as_str().expect("a token")).get("roles"), None);
}

/// "servicePrincipal resource type": `servicePrincipalType`, `alternativeNames`. No application is
/// registered for it ("What are managed identities for Azure resources?").
#[tokio::test]
async fn graph_shows_a_service_principal_and_no_application() {
    let tenant = tenant().await;
    let admin = Graph::of(&tenant, "admin", GRAPH_ALL).await;
    let found = admin.value("/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity'").await;
    let shown: Vec<_> =
        found.iter().map(|identity| (identity["id"].clone(), identity["alternativeNames"].clone())).collect();
    assert_eq!(
        shown,
        [
            (json!(tenant.id_of(170)), json!(["isExplicit=False", function_app()])),
            (json!(tenant.id_of(171)), json!(["isExplicit=True", reader()])),
        ]
    );
    let by_app_id = format!("/servicePrincipals(appId='{}')", tenant.id_of(70));
    assert_eq!(admin.get(&by_app_id).await.json()["servicePrincipalType"], "ManagedIdentity");
    for path in [
        format!("/applications(appId='{}')", tenant.id_of(70)),
        format!("/applications/{}", tenant.id_of(170)),
        format!("/applications/{}/federatedIdentityCredentials", tenant.id_of(170)),
    ] {
        assert_eq!(admin.get(&path).await.status, 404, "{path}");
    }
    let secret = format!("/applications/{}/addPassword", tenant.id_of(170));
    let body = json!({"passwordCredential": {}});
    assert_eq!(admin.call(Method::POST, &secret, body).await.status, 404);
    let names = admin.value("/applications").await;
    assert!(names.iter().all(|application| application["appId"] != tenant.id_of(70)));
}

#[tokio::test]
async fn a_managed_identity_cannot_be_used_as_a_client() {
    let tenant = tenant().await;
    let identity = tenant.app(70, Some("a secret"), "https://hub.example/redirect");
    let answer = identity.client_credentials(&format!("{ORDERS}/.default")).await;
    answer.refused(400, "unauthorized_client", "AADSTS700016");
    let page = send(tenant.http.get(identity.authorize_url(ORDERS, &[]))).await;
    assert!(page.text.contains("AADSTS700016"), "{page:?}");
}

/// How a service gives the resources that it provides identities.
#[tokio::test]
async fn an_identity_is_created_and_deleted_with_its_resource() {
    let tenant = tenant().await;
    let endpoint = tenant.id_of(80);
    let path = format!("/identity-endpoints/{endpoint}");
    let workflow = format!("{RESOURCE_GROUP}/Microsoft.Logic/workflows/orders");
    let body = |system_assigned: bool, user_assigned: &[String]| {
        json!({
            "resource_id": workflow, "name": "orders", "header": HEADER, "system_assigned": system_assigned,
            "user_assigned": user_assigned,
        })
    };
    let put = |system, user: Vec<String>| {
        let body = body(system, &user);
        let (tenant, path) = (&tenant, &path);
        async move { tenant.lab(Method::PUT, path, &body).await }
    };
    let created = put(true, vec![reader()]).await;
    assert_eq!(created.status, 200, "{created:?}");
    let ids = created.json();
    assert_eq!(ids["user_assigned"][&reader()]["client_id"], tenant.id_of(71));
    assert_eq!(put(true, vec![reader()]).await.json(), ids, "repeating it changes nothing");
    let request = |selector: &str| {
        let path =
            format!("/{}/identity/{endpoint}/token?api-version=2019-08-01&resource={ORDERS}", tenant.id());
        send(tenant.http.get(tenant.url(&format!("{path}{selector}"))).header("X-IDENTITY-HEADER", HEADER))
    };
    let own = request("").await.json();
    assert_eq!(own["client_id"], ids["system_assigned"]["client_id"]);
    let claims = claims(own["access_token"].as_str().expect("a token"));
    assert_eq!(claims["oid"], ids["system_assigned"]["principal_id"]);
    assert_eq!(claims["xms_mirid"], workflow);

    assert_eq!(put(false, vec![reader()]).await.json()["system_assigned"], Value::Null);
    assert_eq!(request("").await.status, 400, "it has no identity of its own any more");
    assert_eq!(request(&format!("&mi_res_id={}", reader())).await.status, 200);
    let again = put(true, vec![]).await.json();
    assert_ne!(again["system_assigned"], ids["system_assigned"], "a new identity has new ids");

    for (wrong, status) in [
        (body(true, &[format!("{}x", reader())]), 400),
        (body(true, &[function_app()]), 400),
        (json!({"resource_id": "workflow", "name": "a", "header": HEADER, "system_assigned": true}), 400),
        (json!({"resource_id": workflow, "name": "a", "header": "short", "system_assigned": true}), 400),
        (json!({"resource_id": workflow, "name": "", "header": HEADER, "system_assigned": true}), 400),
        (json!({"resource_id": workflow}), 400),
    ] {
        let answer = tenant.lab(Method::PUT, &path, &wrong).await;
        assert_eq!(answer.status, status, "{wrong}: {answer:?}");
    }
    for _ in 0..2 {
        assert_eq!(tenant.lab(Method::DELETE, &path, &Value::Null).await.status, 204);
        assert_eq!(request("").await.status, 404);
    }
    let kinds = ["managed_identity.created", "managed_identity.deleted"];
    for (kind, count) in kinds.into_iter().zip([2, 2]) {
        assert_eq!(tenant.journal(kind).await.len(), count, "{kind}");
    }
    let admin = Graph::of(&tenant, "admin", GRAPH_ALL).await;
    let left = admin.value("/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity'").await;
    assert_eq!(left.len(), 2, "the user-assigned one and that of the function app");
}
