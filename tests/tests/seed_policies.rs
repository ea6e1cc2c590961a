//! A tenant begins with the Conditional Access policies of its seed.

use outlive_tests::{Service, System, Tenant, free_base};
use reqwest::Method;
use serde_json::{Value, json};

const POLICIES: &str = "
policies:
  - name: A second factor for the colleague
    id: c0470500-0000-4000-8009-000000000001
    groups: [Order Clerks]
    except_users: [owner]
    applications: [Contoso Orders API]
    require: mfa
  - {name: Nothing for the admin, id: c0470500-0000-4000-8009-000000000002, except_groups: [Order Clerks], require: block}
  - {name: A sign-in a day, id: c0470500-0000-4000-8009-000000000003, applications: [Microsoft Graph], sign_in_frequency: P1D}
";

/// Requests a token with a user's password. Returns the error number; 0 if there is a token.
async fn error_of(system: &System, tenant: &Tenant, role: &str) -> u64 {
    let user = tenant.user(role);
    let form = [
        ("grant_type", "password"),
        ("client_id", tenant.application("Orders Desktop")["client_id"].as_str().expect("an id")),
        ("username", user["upn"].as_str().expect("a name")),
        ("password", user["password"].as_str().expect("a password")),
        ("scope", "api://contoso-orders/Orders.Read"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("the issuer answers");
    let answer: Value = answer.json().await.expect("JSON");
    answer["error_codes"][0].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn policies_of_the_seed_apply_from_the_first_token_request_on() {
    let seeds = tempfile::tempdir().expect("a directory");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds/contoso.yaml");
    // Its connectors are beside it.
    std::os::unix::fs::symlink(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds/connectors"),
        seeds.path().join("connectors"),
    )
    .expect("it can be linked");
    let file = seeds.path().join("with_policies.yaml");
    let text = std::fs::read_to_string(own).expect("it can be read");
    // There is no page on which the users would consent.
    let name = "  - name: Orders Desktop\n";
    let text = text.replacen(name, &format!("{name}    admin_consented: true\n"), 1);
    std::fs::write(&file, format!("{text}{POLICIES}")).expect("it can be written");
    let system = System::start_at(free_base(), &["--seed", file.to_str().expect("UTF-8")]).await;
    let tenant = system
        .new_tenant_like(json!({"bare": true, "clock": {"now": "2026-01-05T09:30:00Z", "speed": 0}}))
        .await;
    for (role, error) in [("owner", 0), ("colleague", 50_079), ("admin", 53_003)] {
        assert_eq!(error_of(&system, &tenant, role).await, error, "{role}");
    }
    let listed = tenant.call(Method::GET, "/directory/policies", None).await;
    for name in ["A second factor for the colleague", "Nothing for the admin", "A sign-in a day"] {
        assert!(listed.to_string().contains(name), "{name}: {listed}");
    }
    // Other tenants of the seed have policies with other ids, and a reset gives the same ones.
    assert!(!listed.to_string().contains("c0470500-0000-4000-8009"), "{listed}");
    tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    assert_eq!(tenant.call(Method::GET, "/directory/policies", None).await["policies"], listed["policies"]);
    system.stop().await;
}
