use outlive_clock::Randomness;

use super::*;

fn plan_for(tenant: TenantId) -> TenantPlan {
    plan_from(&Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}")), tenant)
}

fn plan_from(seed: &Seed, tenant: TenantId) -> TenantPlan {
    let secrets = DrawnSecrets::draw(&seed.file, &Randomness::from_seed(1));
    TenantPlan::draw(
        seed,
        tenant,
        None,
        "2025-11",
        &secrets,
        "http://127.0.0.1:8702",
        "http://127.0.0.1:8703",
    )
}

fn own() -> TenantId {
    "c0470500-0000-4000-8000-000000000001".parse().expect("valid")
}

fn another() -> TenantId {
    "12345678-0000-4000-8000-000000000001".parse().expect("valid")
}

#[test]
fn the_seeds_own_tenant_keeps_the_files_ids() {
    let plan = plan_for(own());
    assert_eq!(plan.domain, "contoso.example");
    assert_eq!(plan.users[0].upn, "owner@contoso.example");
    assert_eq!(plan.users[0].id.to_string(), "c0470500-0000-4000-8001-000000000001");
    assert_eq!(plan.flows[0].connector, "shared_contoso-orders");
}

#[test]
fn another_tenant_has_ids_of_its_own_but_shared_uris_and_first_party_ids() {
    let (one, two) = (plan_for(own()), plan_for(another()));
    assert_eq!(two.domain, "12345678.contoso.example");
    assert_eq!(plan_for(another()).users[0].id, two.users[0].id);
    assert_ne!(one.users[0].id, two.users[0].id);
    for (mine, theirs) in one.applications.iter().zip(&two.applications) {
        let first_party = ["API Hub", "Flow Service"].contains(&mine.name.as_str());
        assert_eq!(mine.client_id == theirs.client_id, first_party, "{}", mine.name);
    }
    assert_eq!(two.resource["audiences"][0], "api://contoso-orders");
    assert_eq!(two.resource["audiences"][1], json!(two.applications[0].client_id));
}

#[test]
fn only_the_seed_tenant_contains_what_is_marked() {
    let names = |plan: &TenantPlan| plan.connections.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let (one, two) = (plan_for(own()), plan_for(another()));
    let suffixes = ["", "-public", "-basic"];
    assert_eq!(names(&one), suffixes.map(|suffix| format!("orders-of-the-owner{suffix}")));
    assert_eq!(names(&two), ["orders-of-the-owner"]);
    assert_eq!((one.flows.len(), two.flows.len()), (3, 1));
}

#[test]
fn connectors_carry_their_applications_id_and_only_confidential_ones_a_secret() {
    let plan = plan_for(another());
    let connector = |index: usize| &plan.hub["connectors"][index];
    let client_id = |index: usize| {
        connector(index)
            .pointer("/api_properties/properties/connectionParameters/token/oAuthSettings/clientId")
            .cloned()
    };
    let application = |name: &str| plan.applications.iter().find(|a| a.name == name).expect("seeded");
    assert_eq!(client_id(0), Some(json!(application("Contoso Orders Connector").client_id)));
    assert_eq!(client_id(1), Some(json!(application("Contoso Orders Public Connector").client_id)));
    assert_eq!(connector(0)["client_secret"], json!(application("Contoso Orders Connector").secret));
    assert!(connector(1).get("client_secret").is_none());
}

#[test]
fn only_the_api_receives_security_events_at_its_internal_origin() {
    let plan = plan_for(another());
    let streams: Vec<_> = plan.idp["applications"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|application| application["event_stream"].clone())
        .filter(|stream| !stream.is_null())
        .collect();
    let endpoint = "http://127.0.0.1:8703/security-events";
    assert_eq!(streams, [json!({"endpoint": endpoint, "delay": "PT0S"})]);
    assert_eq!(plan.idp["applications"][0]["continuous_access_evaluation"], true);
}

#[test]
fn groups_profiles_and_optional_claims_are_included() {
    let more = [
        (
            "    display_name: Flow Owner\n",
            "    display_name: Flow Owner\n    given_name: Flora\n    guest: true\n",
        ),
        (
            "    kind: resource\n",
            "    kind: resource\n    logout_url: \"${hub}/out\"\n    group_membership_claims: SecurityGroup\n    \
             optional_claims: {access_token: [{name: idtyp, additional_properties: [include_user_token]}]}\n",
        ),
    ];
    let text = more
        .iter()
        .fold(crate::seed::builtin::CONTOSO.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let plan = plan_from(&Seed::embedded(&text).unwrap_or_else(|wrong| panic!("{wrong:?}")), another());
    let group = &plan.idp["groups"][0];
    assert_eq!(group["display_name"], "Order Clerks");
    assert_eq!(group["members"], json!([plan.users[0].id, plan.users[1].id]));
    assert_ne!(group["id"], plan_for(own()).idp["groups"][0]["id"]);
    assert_eq!(
        (&plan.idp["users"][0]["given_name"], &plan.idp["users"][0]["guest"]),
        (&json!("Flora"), &json!(true))
    );
    let api = &plan.idp["applications"][0];
    assert_eq!(api["logout_url"], "http://127.0.0.1:8702/out");
    assert_eq!(api["group_membership_claims"], "SecurityGroup");
    let claims = json!([{"name": "idtyp", "additional_properties": ["include_user_token"]}]);
    assert_eq!(api["optional_claims"], json!({"id_token": [], "access_token": claims}));
    assert_eq!(plan.idp["applications"][1]["group_membership_claims"], "None");
}

#[test]
fn every_requirement_names_an_application_of_the_tenant() {
    let plan = plan_for(another());
    for application in plan.idp["applications"].as_array().expect("a list") {
        for requirement in application["required"].as_array().expect("a list") {
            assert!(requirement["resource"].is_string(), "{application}");
        }
    }
    let desktop = plan.applications.iter().find(|a| a.name == "Orders Desktop").expect("seeded");
    assert_eq!(desktop.redirect_uris[0], "http://localhost");
    let connector = plan.applications.iter().find(|a| a.name == "Contoso Orders Connector").expect("seeded");
    assert_eq!(connector.redirect_uris, ["http://127.0.0.1:8702/redirect"]);
}
