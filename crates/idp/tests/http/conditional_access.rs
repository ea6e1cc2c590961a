//! Conditional Access and token lifetimes: policies through Graph, and their effect on tokens.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::claims_request::{CAPABLE, evaluating};
use crate::installation::Installation;
use crate::tenant::{Answer, PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

const POLICIES: &str = "/identity/conditionalAccess/policies";
const PLACES: &str = "/identity/conditionalAccess/namedLocations";
const LIFETIMES: &str = "/policies/tokenLifetimePolicies";

struct Graph<'a> {
    tenant: &'a Tenant,
    token: Tokens,
}

impl Graph<'_> {
    async fn of(tenant: &Tenant) -> Graph<'_> {
        let scopes =
            "Policy.Read.All Policy.ReadWrite.ConditionalAccess Policy.ReadWrite.ApplicationConfiguration";
        Graph { tenant, token: tenant.admin_tool().sign_in(tenant, "admin", scopes).await }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let url = self.tenant.url(&format!("/v1.0{path}"));
        send(self.tenant.http.request(method, url).bearer_auth(self.token.access()).json(body)).await
    }

    async fn create(&self, path: &str, body: &Value) -> String {
        let answer = self.call(Method::POST, path, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().expect("an id").to_owned()
    }
}

fn policy(more: &Value) -> Value {
    let mut policy = json!({
        "displayName": "A policy", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": [], "includeGroups": []},
            "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"], "platforms": null,
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    });
    policy.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    policy
}

fn only_for(client: &str) -> Value {
    json!({"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": [client]}})
}

#[tokio::test]
async fn policy_lifecycle_and_permissions() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let elsewhere = json!({"conditions": only_for(&tenant.id_of(999))});
    let id = graph.create(POLICIES, &policy(&elsewhere)).await;
    let one = format!("{POLICIES}/{id}");
    let shown = graph.call(Method::GET, &one, &Value::Null).await.json();
    assert_eq!((shown["state"].as_str(), &shown["sessionControls"]), (Some("enabled"), &Value::Null));
    let patch = json!({"state": "enabledForReportingButNotEnforced"});
    assert_eq!(graph.call(Method::PATCH, &one, &patch).await.status, 204);
    let listed = graph.call(Method::GET, POLICIES, &Value::Null).await.json();
    assert_eq!(listed["value"][0]["state"], "enabledForReportingButNotEnforced");
    for wrong in [
        json!({"state": "sometimes"}),
        json!({"conditions": {"users": {"includeUsers": []}, "applications": {"includeApplications": ["All"]}}}),
        json!({"grantControls": {"operator": "OR", "builtInControls": ["block", "mfa"]}}),
        json!({"grantControls": {"operator": "OR", "builtInControls": ["passwordChange"]}}),
        json!({"displayName": ""}),
        json!([1]),
    ] {
        if wrong.is_object() {
            let answer = graph.call(Method::POST, POLICIES, &policy(&wrong)).await;
            assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
        }
        assert_eq!(graph.call(Method::PATCH, &one, &wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(graph.call(Method::DELETE, &one, &Value::Null).await.status, 204);
    assert_eq!(graph.call(Method::GET, &one, &Value::Null).await.status, 404);
    let owner =
        Graph { tenant: &tenant, token: tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await };
    assert_eq!(owner.call(Method::POST, POLICIES, &policy(&elsewhere)).await.status, 403);
    assert_eq!(owner.call(Method::GET, POLICIES, &Value::Null).await.status, 403);
}

#[tokio::test]
async fn a_block_covers_all_grants_without_revoking_them() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let (hub, desktop) = (tenant.connector(), tenant.desktop());
    let of_hub = hub.sign_in(&tenant, "owner", READ).await;
    let of_desktop = desktop.sign_in(&tenant, "owner", READ).await;
    let code = desktop.code_for(&tenant, "owner", READ).await;
    let id = graph.create(POLICIES, &policy(&json!({"conditions": only_for(&tenant.id_of(10))}))).await;
    hub.try_refresh(of_hub.refresh(), &[]).await.grant_refused("AADSTS53003");
    let body = desktop.try_refresh(of_desktop.refresh(), &[]).await.grant_refused("AADSTS53003");
    assert_eq!(body["suberror"], "message_only", "MartinIngesen/MSOLSpray#5");
    // A response of 2025 contains the policy; version 1.0 has another `error`.
    let claims: Value = serde_json::from_str(body["claims"].as_str().expect("claims")).expect("JSON");
    assert_eq!(claims["access_token"]["capolids"], json!({"essential": true, "values": [id]}));
    let v1 = desktop.clone().v1().try_refresh(of_desktop.refresh(), &[]).await;
    assert_eq!(v1.refused(400, "interaction_required", "AADSTS53003")["suberror"], "message_only");
    desktop.try_redeem(&code, &[]).await.grant_refused("AADSTS53003");
    let answer = desktop.password(&tenant.upn("owner"), PASSWORD, READ).await;
    answer.grant_refused("AADSTS53003");
    let url = desktop.authorize_url(READ, &[]);
    let arrival = tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await;
    arrival.refused("interaction_required", "AADSTS53003");
    assert_eq!(graph.call(Method::DELETE, &format!("{POLICIES}/{id}"), &Value::Null).await.status, 204);
    hub.refresh(of_hub.refresh()).await;
    desktop.refresh(of_desktop.refresh()).await;
}

/// Display names are not unique, and another policy of the same kind may not apply.
#[tokio::test]
async fn claims_name_the_policy_that_refuses() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    let mfa = json!({"operator": "OR", "builtInControls": ["mfa"]});
    for (controls, code) in
        [(mfa, "AADSTS50079"), (policy(&json!({}))["grantControls"].clone(), "AADSTS53003")]
    {
        let here = |client: &str| json!({"conditions": only_for(client), "grantControls": controls});
        let elsewhere = graph.create(POLICIES, &policy(&here(&tenant.id_of(999)))).await;
        let applies = graph.create(POLICIES, &policy(&here(&tenant.id_of(10)))).await;
        let body = desktop.try_refresh(tokens.refresh(), &[]).await.grant_refused(code);
        let claims: Value = serde_json::from_str(body["claims"].as_str().expect("claims")).expect("JSON");
        assert_eq!(claims["access_token"]["capolids"]["values"], json!([applies]), "not {elsewhere}");
        let one = format!("{POLICIES}/{applies}");
        assert_eq!(graph.call(Method::DELETE, &one, &Value::Null).await.status, 204);
    }
}

#[tokio::test]
async fn named_locations_match_by_address() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    let office = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Office", "isTrusted": true,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}],
    });
    let place = graph.create(PLACES, &office).await;
    let mut conditions = only_for(&tenant.id_of(10));
    conditions["locations"] = json!({"includeLocations": ["All"], "excludeLocations": [place]});
    graph.create(POLICIES, &policy(&json!({"conditions": conditions}))).await;
    let from = async |address: &str| {
        let form = [
            ("client_id", desktop.client_id.as_str()),
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh()),
        ];
        send(desktop.token_request().header("x-forwarded-for", address).form(&form)).await
    };
    assert_eq!(from("192.0.2.77").await.status, 200);
    from("198.51.100.1, 192.0.2.77").await.grant_refused("AADSTS53003");
    from("not an address").await.grant_refused("AADSTS53003");
    let removed = graph.call(Method::DELETE, &format!("{PLACES}/{place}"), &Value::Null).await;
    assert_eq!(removed.status, 400, "a policy names it: {removed:?}");
    let wrong = json!({"displayName": "Nowhere", "ipRanges": [{"cidrAddress": "192.0.2.0/40"}]});
    assert_eq!(graph.call(Method::POST, PLACES, &wrong).await.status, 400);
}

#[tokio::test]
async fn cae_tokens_ignore_locations_and_lifetime_policies() {
    let tenant = evaluating().await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let first = desktop.sign_in(&tenant, "owner", READ).await;
    let elsewhere = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Elsewhere",
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}],
    });
    let place = graph.create(PLACES, &elsewhere).await;
    let mut conditions = only_for(&tenant.id_of(10));
    conditions["locations"] = json!({"includeLocations": [place]});
    graph.create(POLICIES, &policy(&json!({"conditions": conditions}))).await;
    let definition = r#"{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"00:20:00"}}"#;
    let short = json!({"displayName": "Short", "definition": [definition], "isOrganizationDefault": true});
    graph.create(LIFETIMES, &short).await;
    let lives = |tokens: &Tokens| tokens.0["expires_in"].as_i64().expect("seconds");
    assert!(lives(&desktop.refresh(first.refresh()).await) <= 1_200);
    let capable = Tokens::of(desktop.try_refresh(first.refresh(), &[("claims", CAPABLE)]).await);
    assert!(lives(&capable) >= 20 * 3_600 - 1, "{}", capable.0["expires_in"]);
}

#[tokio::test]
async fn a_policy_can_require_mfa() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    let mfa = json!({
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "conditions": only_for(&tenant.id_of(10)),
    });
    let id = graph.create(POLICIES, &policy(&mfa)).await;
    let body = desktop.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50079");
    let claims: Value = serde_json::from_str(body["claims"].as_str().expect("claims")).expect("JSON");
    assert_eq!(claims["access_token"]["capolids"]["values"], json!([id]), "the policy that asks for it");
    // A second policy of the same name: the one that blocks is named.
    let block = graph.create(POLICIES, &policy(&json!({"conditions": only_for(&tenant.id_of(10))}))).await;
    let body = desktop.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS53003");
    let claims: Value = serde_json::from_str(body["claims"].as_str().expect("claims")).expect("JSON");
    assert_eq!(claims["access_token"]["capolids"]["values"], json!([block]));
    let other = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    assert!(!other.access().is_empty(), "another application is not asked");
}

#[tokio::test]
async fn a_policy_is_for_the_members_of_a_group_or_not_for_them() {
    let tenant = Tenant::create(Installation::shared(), "2025-11", |tenant, spec| {
        let (id, members) = (tenant.id_of(1_000), [tenant.id_of(2)]);
        spec["groups"] = json!([{"id": id, "display_name": "Clerks", "members": members}]);
    })
    .await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let of_owner = desktop.sign_in(&tenant, "owner", READ).await;
    let of_colleague = desktop.sign_in(&tenant, "colleague", READ).await;
    let group = tenant.id_of(1_000);
    let for_users = |users: Value| {
        let mut conditions = only_for(&tenant.id_of(10));
        conditions["users"] = users;
        policy(&json!({"conditions": conditions}))
    };
    for (users, owner_is_blocked, colleague_is_blocked) in [
        (json!({"includeGroups": [group]}), false, true),
        (json!({"includeUsers": [], "includeGroups": [group]}), false, true),
        (json!({"includeUsers": ["All"], "excludeGroups": [group]}), true, false),
        (json!({"includeGroups": [tenant.id_of(1_001)]}), false, false),
    ] {
        let id = graph.create(POLICIES, &for_users(users.clone())).await;
        for (tokens, is_blocked) in [(&of_owner, owner_is_blocked), (&of_colleague, colleague_is_blocked)] {
            let answer = desktop.try_refresh(tokens.refresh(), &[]).await;
            assert_eq!(answer.status, if is_blocked { 400 } else { 200 }, "{users}: {answer:?}");
        }
        let one = format!("{POLICIES}/{id}");
        let shown = graph.call(Method::GET, &one, &Value::Null).await.json();
        for (member, value) in users.as_object().expect("an object") {
            assert_eq!(shown["conditions"]["users"][member], *value);
        }
        assert_eq!(graph.call(Method::DELETE, &one, &Value::Null).await.status, 204);
    }
}

#[tokio::test]
async fn report_only_policies_have_journal_events() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    let report = json!({"state": "enabledForReportingButNotEnforced"});
    graph.create(POLICIES, &policy(&report)).await;
    assert!(tenant.journal("conditional_access.reported").await.is_empty());
    desktop.refresh(tokens.refresh()).await;
    let lines = tenant.journal("conditional_access.reported").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["data"]["policies"], json!(["A policy"]));
}

#[tokio::test]
async fn sign_in_frequency_applies_to_public_clients_and_browsers_only() {
    let tenant = Tenant::new().await;
    let (hub, desktop) = (tenant.connector(), tenant.desktop());
    let mut browser = tenant.browser();
    let of_desktop = desktop.redeem(&desktop.code_in(&mut browser, &tenant.upn("owner"), READ).await).await;
    let of_hub = hub.sign_in(&tenant, "owner", READ).await;
    tenant.happens(json!({"type": "sign_in_frequency", "every": "PT4H"})).await;
    tenant.advance(Span::from_hours(4)).await;
    let newer = desktop.refresh(of_desktop.refresh()).await;
    tenant.advance(Span::from_minutes(5)).await;
    let body = desktop.try_refresh(newer.refresh(), &[]).await.grant_refused("AADSTS70043");
    let v1 = desktop.clone().v1().try_refresh(newer.refresh(), &[]).await;
    v1.refused(400, "interaction_required", "AADSTS70043");
    assert_eq!(body["suberror"], "token_expired");
    // email-oauth2-proxy#181
    assert!(body.get("error_uri").is_none(), "{body}");
    assert!(body["error_description"].as_str().expect("a text").contains("is 14400."), "{body}");
    hub.refresh(of_hub.refresh()).await;
    let silent = desktop.authorize_url(READ, &[("prompt", "none")]);
    browser.open(&silent).await.refused("login_required", "AADSTS50058");
    let page = browser.open(&desktop.authorize_url(READ, &[])).await.page();
    let code = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    desktop.refresh(desktop.redeem(&code).await.refresh()).await;
    tenant.happens(json!({"type": "sign_in_frequency", "every": "PT0S"})).await;
    desktop.refresh(newer.refresh()).await;
}

#[tokio::test]
async fn persistent_browser_policies_override_the_user() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let always = json!({
        "grantControls": null,
        "sessionControls": {"persistentBrowser": {"mode": "always", "isEnabled": true}},
    });
    graph.create(POLICIES, &policy(&always)).await;
    let mut browser = tenant.browser();
    tenant.desktop().code_in(&mut browser, &tenant.upn("owner"), READ).await;
    assert!(browser.cookies.contains_key("ESTSAUTHPERSISTENT"), "{:?}", browser.cookies);
}

#[tokio::test]
async fn organization_lifetime_policies_override_application_policies() {
    let tenant = Tenant::new().await;
    let graph = Graph::of(&tenant).await;
    let hub = tenant.connector();
    let tokens = hub.sign_in(&tenant, "owner", READ).await;
    let lifetime = |text: &str, organisation: bool| {
        let definition =
            json!({"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": text}}).to_string();
        json!({"displayName": text, "definition": [definition], "isOrganizationDefault": organisation})
    };
    let lives = async || {
        let now = tenant.now().await.as_seconds();
        hub.refresh(tokens.refresh()).await.claims()["exp"].as_i64().expect("an instant") - now
    };
    let of_app = graph.create(LIFETIMES, &lifetime("00:20:00", false)).await;
    assert!(lives().await >= 3_600, "assigned to nothing yet");
    let assigned = format!("/applications/{}/tokenLifetimePolicies", tenant.id_of(110));
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0{LIFETIMES}/{of_app}")});
    let answer = graph.call(Method::POST, &format!("{assigned}/$ref"), &reference).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(graph.call(Method::GET, &assigned, &Value::Null).await.json()["value"][0]["id"], of_app);
    assert_eq!(lives().await, 1_200);
    graph.create(LIFETIMES, &lifetime("08:00:00", true)).await;
    assert_eq!(lives().await, 28_800);
    for wrong in ["00:09:59", "1.00:00:01", "soon", "1.0"] {
        assert_eq!(graph.call(Method::POST, LIFETIMES, &lifetime(wrong, false)).await.status, 400, "{wrong}");
    }
    let retired = ["MaxInactiveTime", "MaxAgeSingleFactor", "MaxAgeMultiFactor", "MaxAgeSessionSingleFactor"];
    for property in retired.into_iter().chain(["MaxAgeSessionMultiFactor"]) {
        let definition = json!({"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": "01:00:00", property: "1.00:00:00"}});
        let policy = json!({"displayName": property, "definition": [definition.to_string()]});
        let answer = graph.call(Method::POST, LIFETIMES, &policy).await;
        assert!(answer.status == 400 && answer.text.contains(property), "{property}: {answer:?}");
    }
    let gone = graph.call(Method::DELETE, &format!("{assigned}/{of_app}/$ref"), &Value::Null).await;
    assert_eq!(gone.status, 204);
}
