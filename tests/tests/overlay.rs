//! A tenant with users and applications of its own on top of the seed.

use outlive_tests::{Service, System, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn overlay() -> Value {
    json!({
        "users": {"auditor": {"display_name": "The Auditor", "directory_roles": ["Global Reader"]}},
        "applications": {
            "My App": {"kind": "public", "redirect_uris": ["http://localhost:3000"], "requires": ["Orders.Read"]},
            "My Job": {"kind": "daemon", "requires": ["Orders.Read.All"]},
            "My API": {
                "kind": "resource",
                "identifier_uris": ["api://my-api"],
                "scopes": ["Files.Read"],
                "token_version": 2,
            },
        },
    })
}

async fn reads_orders(system: &System, token: &Value) -> StatusCode {
    let url = format!("{}/orders", system.url(Service::Resource));
    let request = system.http().get(url).bearer_auth(token.as_str().unwrap_or_default());
    request.send().await.expect("the API answers").status()
}

/// The access token of a user at an application of the tenant.
async fn signed_in(tenant: &Tenant, user: &str, app: &str, scope: &str) -> Value {
    let request = json!({"user": user, "app": app, "scope": scope, "redeem": true});
    tenant.call(Method::POST, "/sign_in", Some(request)).await["access_token"].clone()
}

async fn token_of_job(system: &System, tenant: &Tenant) -> Value {
    let job = tenant.application("My Job");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", job["client_id"].as_str().expect("an id")),
        ("client_secret", job["secret"].as_str().expect("a daemon has a secret")),
        ("scope", "api://contoso-orders/.default"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("the issuer answers");
    answer.json::<Value>().await.expect("JSON")["access_token"].clone()
}

#[tokio::test]
async fn users_and_applications_of_an_overlay_are_those_of_the_tenant_also_after_a_reset() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"bare": true, "overlay": overlay()})).await;
    let auditor = tenant.user("auditor");
    assert_eq!(auditor["upn"], format!("auditor@{}", tenant.facts["domain"].as_str().expect("a domain")));
    assert_eq!(tenant.application("My App")["redirect_uris"], json!(["http://localhost:3000"]));
    assert_eq!(tenant.look().await["applications"], tenant.facts["applications"]);

    let token = signed_in(&tenant, "auditor", "My App", "api://contoso-orders/.default").await;
    assert_eq!(reads_orders(&system, &token).await, StatusCode::OK);
    assert_eq!(reads_orders(&system, &token_of_job(&system, &tenant).await).await, StatusCode::OK);
    let of_own_api = signed_in(&tenant, "auditor", "My App", "api://my-api/Files.Read").await;
    assert_eq!(reads_orders(&system, &of_own_api).await, StatusCode::UNAUTHORIZED);

    let reset = tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    assert_eq!(reset["users"], tenant.facts["users"]);
    assert_eq!(reset["applications"], tenant.facts["applications"]);
    assert_eq!(reads_orders(&system, &token_of_job(&system, &tenant).await).await, StatusCode::OK);

    // The same overlay, as a list as in a seed file, gives another tenant other ids.
    let listed = json!({"users": [{"role": "auditor"}]});
    let other = system.new_tenant_like(json!({"bare": true, "overlay": listed})).await;
    assert_ne!(other.user("auditor")["id"], auditor["id"]);
    system.stop().await;
}

#[tokio::test]
async fn a_mistake_in_an_overlay_is_named_by_its_member() {
    let system = System::start().await;
    let app = |members: Value| json!({"applications": {"My App": members}});
    let url = format!("{}/lab/tenants", system.url(Service::Console));
    let count = async || {
        let listed = system.http().get(&url).send().await.expect("an answer").json::<Value>().await;
        listed.expect("JSON")["tenants"].as_array().expect("a list").len()
    };
    system.seed_tenant().await;
    let before = count().await;
    for (status, overlay, parts) in [
        (400, json!({"users": {"owner": {}}}), ["overlay.users.owner: ", "already"]),
        (400, json!({"users": {"a b": {}}}), ["overlay.users.a b: ", "cannot be the name of a user"]),
        (
            400,
            json!({"users": {"auditor": {"directory_roles": ["Boss"]}}}),
            ["overlay.users.auditor.directory_roles[0]: ", "no directory role 'Boss'"],
        ),
        (
            400,
            app(json!({"kind": "spa", "redirect_uris": ["http://localhost", "nonsense"]})),
            ["overlay.applications.My App.redirect_uris[1]: ", "'nonsense'"],
        ),
        (
            400,
            app(json!({"kind": "spa", "secret": true})),
            ["overlay.applications.My App.secret: ", "public client"],
        ),
        (
            400,
            app(json!({"kind": "spa", "requires": ["Orders.Wirte"]})),
            ["overlay.applications.My App.requires[0]: ", "Orders.ReadWrite"],
        ),
        (
            400,
            app(json!({"kind": "spa", "requires": [{"api": "Microsoft Graph", "scopes": ["No.Such"]}]})),
            ["overlay.applications.My App.requires[0].scopes[0]: ", "'No.Such'"],
        ),
        (
            400,
            json!({"users": {"auditor": {"display_name": "A\u{7}", "mail": "a@b\r\nBcc: x"}}}),
            ["overlay.users.auditor.display_name: ", "overlay.users.auditor.mail: "],
        ),
        (
            400,
            json!({"applications": {"My\u{1b}App": {"kind": "spa"}}}),
            ["the name of an application", "control character"],
        ),
        (
            400,
            json!({"applications": {"microsoft GRAPH": {"kind": "spa"}}}),
            ["overlay.applications.microsoft GRAPH: ", "already"],
        ),
        (
            400,
            json!({"users": {"owner": {}}, "applications": {"nightly job": {"kind": "spa"}}}),
            ["overlay.users.owner: ", "overlay.applications.nightly job: "],
        ),
        (422, app(json!({"redirect_uris": []})), ["overlay.applications.My App", "missing field `kind`"]),
        (422, app(json!({"kind": "spa", "id": 3})), ["overlay.applications.My App", "unknown field `id`"]),
        (422, json!({"apps": {}}), ["overlay", "unknown field `apps`"]),
    ] {
        let answer = system.http().post(&url).json(&json!({"overlay": overlay})).send().await;
        let answer = answer.expect("the lab answers");
        assert_eq!(answer.status().as_u16(), status, "{parts:?}");
        let problem = answer.json::<Value>().await.expect("JSON");
        let detail = problem["error"]["message"].as_str().expect("a problem document");
        assert!(parts.iter().all(|part| detail.contains(part)), "{detail} lacks one of {parts:?}");
        assert!(!detail.contains("/applications/") && !detail.contains("/users/"), "{detail}");
    }
    assert_eq!(count().await, before, "a rejected tenant is left");
    system.stop().await;
}
