//! Claims in tokens.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::graph::call;
use crate::installation::Installation;
use crate::tenant::{ORDERS, READ, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";
const OLD: &str = "https://old.contoso.example/Orders.Read";

fn names(claims: &Value) -> String {
    claims.as_object().expect("claims").keys().cloned().collect::<Vec<_>>().join(" ")
}

/// Configures optional claims for the orders API's access tokens and the connector's ID tokens.
async fn ask(tenant: &Tenant, object: u32, patch: Value) {
    let admin = tenant.admin_tool().sign_in(tenant, "admin", ALL).await;
    let path = format!("/applications/{}", tenant.id_of(object));
    let answer = call(tenant, admin.access(), Method::PATCH, &path, patch).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

fn optional(kind: &str, claims: &[&str]) -> Value {
    let claims: Vec<_> =
        claims.iter().map(|name| json!({"name": name, "source": null, "essential": false})).collect();
    json!({"optionalClaims": {kind: claims}})
}

#[tokio::test]
async fn the_resource_decides_the_access_tokens_shape_and_the_endpoint_the_id_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let v2 = app.sign_in(&tenant, "owner", &format!("openid profile {READ}")).await;
    assert_eq!(
        names(&v2.claims()),
        "aio aud azp azpacr exp iat iss name nbf oid preferred_username rh scp sid sub tid uti ver"
    );
    assert_eq!(
        names(&v2.id_claims()),
        "aio aud exp iat iss name nbf oid preferred_username rh sub tid uti ver"
    );
    let v1 = app.sign_in(&tenant, "owner", &format!("openid {OLD}")).await;
    assert_eq!(
        names(&v1.claims()),
        "acr aio amr appid appidacr aud exp family_name given_name iat ipaddr iss name nbf oid rh scp sid sub tid \
         unique_name upn uti ver"
    );
    assert_eq!(
        names(&v1.id_claims()),
        "aio aud exp iat iss nbf rh sub tid uti ver",
        "nothing without profile"
    );
    let old_endpoint = app.clone().v1().sign_in(&tenant, "owner", "https://old.contoso.example").await;
    assert_eq!(
        names(&old_endpoint.id_claims()),
        "aio amr aud exp family_name given_name iat ipaddr iss name nbf oid rh sub tid unique_name upn uti ver"
    );
    assert_eq!(old_endpoint.id_claims()["family_name"], "Ner");
    let without_profile = app.sign_in(&tenant, "owner", READ).await;
    assert_eq!(without_profile.claims().get("preferred_username"), None);
    assert_ne!(without_profile.claims()["aio"], v2.claims()["aio"]);

    // The issuer depends on the version of the token, not on the endpoint.
    let (origin, id) = (&tenant.installation.url, tenant.id());
    assert_eq!(v1.claims()["iss"], format!("{origin}/{id}/"));
    assert_eq!(v1.id_claims()["iss"], format!("{origin}/{id}/v2.0"));
    assert_eq!(old_endpoint.id_claims()["iss"], format!("{origin}/{id}/"));

    // A user has a different subject at each application, and the same one at the same application.
    let subjects = [v2.claims(), v1.claims(), v2.id_claims()].map(|claims| claims["sub"].clone());
    assert!(subjects[0] != subjects[1] && subjects[0] != subjects[2] && subjects[1] != subjects[2]);
    assert_eq!(without_profile.claims()["sub"], subjects[0]);
}

#[tokio::test]
async fn optional_claims_of_a_resource_are_only_in_its_access_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let before = app.sign_in(&tenant, "owner", &format!("openid {READ}")).await;
    let claims = ["auth_time", "acct", "email", "upn", "given_name", "xms_cc", "groups"];
    ask(&tenant, 110, optional("accessToken", &claims)).await;
    let refreshed = Tokens::of(app.try_refresh(before.refresh(), &[("scope", "openid")]).await);
    let issued = refreshed.claims();
    assert_eq!(issued["acct"], 0);
    assert_eq!(issued["email"], format!("owner@mail.{}", tenant.domain));
    assert_eq!((&issued["upn"], &issued["given_name"]), (&json!(tenant.upn("owner")), &json!("Orla")));
    assert_eq!(issued["auth_time"], crate::tenant::BEGIN.as_seconds());
    let session = tenant.journal("sign_in.succeeded").await[0]["data"]["session"].clone();
    assert_eq!(issued["sid"], session);
    assert_eq!(issued.get("xms_cc"), None, "the client is not CAE-capable");
    let capable = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let capable = Tokens::of(app.try_refresh(before.refresh(), &[("claims", capable)]).await);
    assert_eq!(capable.claims()["xms_cc"], json!(["cp1"]));
    for name in claims {
        assert_eq!(refreshed.id_claims().get(name), None, "{name}");
        assert_eq!(before.claims().get(name), None, "{name}");
    }
}

#[tokio::test]
async fn optional_claims_of_a_client_are_only_in_its_id_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let claims = ["sid", "auth_time", "acct", "email", "upn", "family_name", "login_hint"];
    ask(&tenant, 112, optional("idToken", &claims)).await;
    let tokens = app.sign_in(&tenant, "owner", &format!("openid {READ}")).await;
    let issued = tokens.id_claims();
    for name in claims {
        assert!(issued.get(name).is_some(), "{name} in {issued}");
        assert!(name == "sid" || tokens.claims().get(name).is_none(), "{name}");
    }
    assert_eq!(issued["family_name"], "Ner");
    let by_scope = tenant.desktop().sign_in(&tenant, "owner", &format!("openid email {READ}")).await;
    assert_eq!(by_scope.id_claims()["email"], format!("owner@mail.{}", tenant.domain));
}

#[tokio::test]
async fn idtyp_is_included_on_request_and_for_graph() {
    let tenant = Tenant::new().await;
    let app = tenant.nightly();
    let graph = Tokens::of(app.client_credentials(ALL).await).claims();
    assert_eq!((&graph["idtyp"], &graph["app_displayname"]), (&json!("app"), &json!("Nightly Job")));
    let scope = format!("{ORDERS}/.default");
    assert_eq!(
        names(&Tokens::of(app.client_credentials(&scope).await).claims()),
        "aio aud azp azpacr exp iat iss nbf oid rh roles sub tid uti ver"
    );
    ask(&tenant, 110, optional("accessToken", &["idtyp"])).await;
    assert_eq!(Tokens::of(app.client_credentials(&scope).await).claims()["idtyp"], "app");
    let user = tenant.connector().sign_in(&tenant, "owner", READ).await;
    assert_eq!(user.claims().get("idtyp"), None);
    let both = json!({"optionalClaims": {"accessToken": [
        {"name": "idtyp", "additionalProperties": ["include_user_token"]},
    ]}});
    ask(&tenant, 110, both).await;
    assert_eq!(tenant.connector().refresh(user.refresh()).await.claims()["idtyp"], "user");
}

#[tokio::test]
async fn ipaddr_is_included_in_version_1_and_on_request() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let version_1 = HeaderMap::from_iter([(
        HeaderName::from_static("x-forwarded-for"),
        HeaderValue::from_static("2001:db8::7, 10.0.0.1"),
    )]);
    let http = Client::builder().redirect(Policy::none()).no_proxy().default_headers(version_1).build();
    let mut browser = Browser::new(http.expect("a client"), tenant.installation.url.clone());
    let v2 =
        app.redeem(&app.code_in(&mut browser, &tenant.upn("owner"), &format!("openid {READ}")).await).await;
    assert_eq!((v2.claims().get("ipaddr"), v2.id_claims().get("ipaddr")), (None, None));
    ask(&tenant, 110, optional("accessToken", &["ipaddr"])).await;
    // The hub has its own address; the token contains the user's.
    let refreshed = app.refresh(v2.refresh()).await;
    assert_eq!(refreshed.claims()["ipaddr"], "2001:db8::7");
    assert_eq!(app.refresh(refreshed.refresh()).await.claims()["ipaddr"], "2001:db8::7");
    let old = app.redeem(&app.code_in(&mut browser, &tenant.upn("owner"), OLD).await).await;
    assert_eq!(old.claims()["ipaddr"], "2001:db8::7");
    let requested = r#"{"id_token":{"ipaddr":null}}"#;
    let url = app.authorize_url(&format!("openid {READ}"), &[("claims", requested)]);
    let asked = app.redeem(&browser.open(&url).await.code()).await;
    assert_eq!(asked.id_claims()["ipaddr"], "2001:db8::7");
}

/// A tenant whose owner is in two groups and the colleague in 201, and whose admin is a guest.
async fn with_groups() -> Tenant {
    Tenant::create(Installation::shared(), "2025-11", |tenant, spec| {
        let group = |n: u32| {
            let mut members = vec![tenant.id_of(2)];
            members.extend((n < 2).then(|| tenant.id_of(1)));
            json!({"id": tenant.id_of(1_000 + n), "display_name": format!("Group {n}"), "members": members})
        };
        spec["groups"] = (0..201).map(group).collect();
        spec["users"][2]["guest"] = json!(true);
        spec["users"][2]["mail"] = json!("admin@elsewhere.example");
    })
    .await
}

#[tokio::test]
async fn more_than_two_hundred_groups_become_an_overage_claim() {
    let tenant = with_groups().await;
    let app = tenant.connector();
    let scope = format!("openid {READ}");
    assert_eq!(app.sign_in(&tenant, "owner", &scope).await.claims().get("groups"), None);
    ask(&tenant, 110, json!({"groupMembershipClaims": "SecurityGroup"})).await;
    let owner = app.sign_in(&tenant, "owner", &scope).await;
    assert_eq!(owner.claims()["groups"], json!([tenant.id_of(1_000), tenant.id_of(1_001)]));
    assert_eq!((owner.id_claims().get("groups"), owner.claims().get("wids")), (None, None));
    let colleague = app.sign_in(&tenant, "colleague", &scope).await.claims();
    assert_eq!(colleague.get("groups"), None);
    assert_eq!(colleague["_claim_names"], json!({"groups": "src1"}));
    let endpoint = colleague["_claim_sources"]["src1"]["endpoint"].as_str().expect("an address");
    let path = endpoint.strip_prefix(&tenant.url("/v1.0")).expect("Graph, here");
    let reader = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read.All").await;
    let all =
        call(&tenant, reader.access(), Method::POST, path, json!({"securityEnabledOnly": true})).await.json();
    assert_eq!(all["value"].as_array().map(Vec::len), Some(201), "{all}");
    let own = call(&tenant, reader.access(), Method::POST, "/me/getMemberGroups", json!({})).await.json();
    assert_eq!(own["value"], json!([tenant.id_of(1_000), tenant.id_of(1_001)]));

    ask(&tenant, 112, json!({"groupMembershipClaims": "DirectoryRole"})).await;
    let admin = app.sign_in(&tenant, "admin", &scope).await;
    assert_eq!(
        admin.id_claims()["wids"],
        json!(["62e90394-69f5-4237-9190-012177145e10", "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"]),
        "the admin is a guest here"
    );
    assert_eq!(admin.id_claims()["email"], "admin@elsewhere.example", "guests are known by their mail");
    assert_eq!(admin.claims().get("groups"), None, "a user without groups has no such claim");
}

/// Public tokens of users (capture of 2026-09) and of applications (from a sample for Microsoft
/// Graph's mail API).
#[tokio::test]
async fn tokens_for_graph_always_include_wids() {
    let tenant = Tenant::new().await;
    let member = "b79fbf4d-3ef9-4689-8143-76b194e85509";
    let wids = async |role: &str| {
        let tokens = tenant.admin_tool().sign_in(&tenant, role, "User.Read openid").await;
        assert_eq!(tokens.id_claims().get("wids"), None, "the client did not register for them");
        tokens.claims()["wids"].clone()
    };
    assert_eq!(wids("owner").await, json!([member]));
    assert_eq!(wids("admin").await, json!(["62e90394-69f5-4237-9190-012177145e10", member]));
    let graph = Tokens::of(tenant.nightly().client_credentials("https://graph.microsoft.com/.default").await);
    assert_eq!(graph.claims()["wids"], json!(["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]));
    assert_eq!(graph.claims()["idp"], graph.claims()["iss"], "version 1, for an application by itself");
    let orders = Tokens::of(tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await);
    assert_eq!((orders.claims().get("wids"), orders.claims().get("idp")), (None, None));
}

#[tokio::test]
async fn users_have_app_roles_directly_and_through_groups() {
    let tenant = with_groups().await;
    let app = tenant.connector();
    let held = app.sign_in(&tenant, "owner", &format!("openid {READ}")).await;
    let again = async || Tokens::of(app.try_refresh(held.refresh(), &[("scope", "openid")]).await);
    assert_eq!(held.claims().get("roles"), None);
    ask(&tenant, 110, json!({"groupMembershipClaims": "ApplicationGroup"})).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let assign = async |principal: String, api: u32, role: u32| {
        let body = json!({
            "principalId": principal, "resourceId": tenant.id_of(api + 200), "appRoleId": tenant.id_of(role),
        });
        let path = format!("/servicePrincipals/{}/appRoleAssignedTo", tenant.id_of(api + 200));
        let made = call(&tenant, admin.access(), Method::POST, &path, body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    };
    let made = assign(tenant.id_of(1_001), 10, 312).await;
    assert_eq!((&made["principalType"], &made["principalDisplayName"]), (&json!("Group"), &json!("Group 1")));
    let tokens = again().await;
    assert_eq!(tokens.claims()["roles"], json!(["Orders.Read.All"]));
    assert_eq!(tokens.claims()["groups"], json!([tenant.id_of(1_001)]), "only groups that were assigned");
    assert_eq!(tokens.id_claims().get("roles"), None, "the client has no roles of its own");

    let roles =
        json!({"appRoles": [{"id": tenant.id_of(800), "value": "Approver", "displayName": "Approver"}]});
    ask(&tenant, 112, roles).await;
    assign(tenant.id_of(1), 12, 800).await;
    let tokens = again().await;
    assert_eq!(tokens.id_claims()["roles"], json!(["Approver"]));
    let own = format!("/users/{}/appRoleAssignments", tenant.upn("owner"));
    let list = call(&tenant, admin.access(), Method::GET, &own, Value::Null).await.json();
    assert_eq!(list["value"][0]["resourceDisplayName"], "Contoso Orders Connector", "{list}");
    let path = format!("{own}/{}", list["value"][0]["id"].as_str().expect("an id"));
    assert_eq!(call(&tenant, admin.access(), Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(again().await.id_claims().get("roles"), None);
}
