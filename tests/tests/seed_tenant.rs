//! The seed tenant contains the contrast: one owner, three flows, one password change.

use std::path::Path;

use outlive_tests::{Service, System, copy_directory, free_base};
use serde_json::{Value, json};

/// Each flow of the owner, how many of its runs fail in the three hours after the password change,
/// and a part of the error.
const FLOWS: &[(&str, &str, Failures, &str)] = &[
    ("c0470500-0000-4000-8006-000000000001", "a confidential client", Failures::None, ""),
    ("c0470500-0000-4000-8006-000000000002", "a public client", Failures::AfterRefresh, "AADSTS50173"),
    ("c0470500-0000-4000-8006-000000000003", "a stored password", Failures::All, "AADSTS50126"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failures {
    None,
    /// From the first refresh, which is due within an hour and a half.
    AfterRefresh,
    All,
}

fn of_flow<'a>(runs: &'a [Value], flow: &str) -> Vec<&'a Value> {
    runs.iter().filter(|run| run["data"]["flow"] == flow).collect()
}

#[tokio::test]
async fn one_password_change_breaks_the_flows_by_what_their_connections_store() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT1H").await;
    let before = system.journal(Service::Flow, &tenant, "run.finished").await;
    for (flow, stores, ..) in FLOWS {
        let runs = of_flow(&before, flow);
        assert!(!runs.is_empty(), "the flow with {stores} has not run");
        assert!(runs.iter().all(|run| run["data"]["status"] == "Succeeded"), "{stores}: {runs:?}");
    }

    tenant.change_password("owner", "a new password, 2 words").await;
    tenant.advance("PT3H").await;
    let all = system.journal(Service::Flow, &tenant, "run.finished").await;
    for (flow, stores, failures, error) in FLOWS {
        let runs = of_flow(&all, flow).split_off(of_flow(&before, flow).len());
        let statuses: Vec<_> =
            runs.iter().map(|run| run["data"]["status"].as_str().unwrap_or_default()).collect();
        assert_eq!(statuses.len(), 3, "{stores}");
        let failed = statuses.iter().filter(|status| **status == "Failed").count();
        match failures {
            Failures::None => assert_eq!(failed, 0, "{stores}: {statuses:?}"),
            Failures::All => assert_eq!(failed, 3, "{stores}: {statuses:?}"),
            Failures::AfterRefresh => {
                assert!(
                    statuses.is_sorted_by(|one, two| (*two, *one) != ("Succeeded", "Failed")),
                    "{statuses:?}"
                );
                assert!((2..=3).contains(&failed) && statuses[2] == "Failed", "{stores}: {statuses:?}");
            }
        }
        let message = runs[2]["data"]["actions"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(error), "{stores}: {message}");
    }
    system.stop().await;
}

/// What a seed gives a tenant, without what is generated for each.
fn names(tenant: &Value) -> Value {
    let list = |name: &str| {
        let items = tenant[name].as_array().into_iter().flatten();
        items
            .map(|item| {
                let mut item = item.clone();
                for generated in ["password", "secret", "key"] {
                    item.as_object_mut().map(|item| item.remove(generated));
                }
                item
            })
            .collect::<Vec<_>>()
    };
    json!({
        "tenant_id": tenant["tenant_id"], "domain": tenant["domain"], "users": list("users"),
        "applications": list("applications"), "flows": list("flows"), "connections": list("connections"),
    })
}

/// A tenant that named no seed is started over from the one that was the default then.
#[tokio::test]
async fn a_reset_gives_the_same_tenant_after_the_default_seed_has_changed() {
    let seeds = tempfile::tempdir().expect("a directory");
    copy_directory(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds")), seeds.path());
    let file = seeds.path().join("contoso.yaml");
    let mut system = System::start_at(free_base(), &["--seed", file.to_str().expect("UTF-8")]).await;
    let lab = format!("{}/lab/tenants", system.url(Service::Console));
    let create = system.http().post(&lab).json(&json!({"clock": {"speed": 0}}));
    let created: Value = create.send().await.expect("answers").json().await.expect("JSON");
    let tenant = created["tenant_id"].as_str().unwrap_or_else(|| panic!("{created}"));
    system.kill();
    // Another name, and other users.
    let text = std::fs::read_to_string(&file).expect("it can be read");
    let changed = text
        .replacen("seed: contoso", "seed: fabrikam", 1)
        .replace("Global Administrator", "User Administrator");
    assert_ne!(changed, text);
    std::fs::write(&file, changed).expect("it can be written");
    system.restart().await;
    let reset = system.http().post(format!("{lab}/{tenant}/reset")).json(&json!({}));
    let reset: Value = reset.send().await.expect("answers").json().await.expect("JSON");
    // Passwords and secrets are generated again.
    assert_eq!(names(&reset), names(&created));
    let roles =
        format!("{lab}/{tenant}/directory/users/{}", created["users"][0]["upn"].as_str().expect("a name"));
    assert_eq!(system.http().get(roles).send().await.expect("answers").status().as_u16(), 200);
    system.stop().await;
}
