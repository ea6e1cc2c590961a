//! `outlive run --seed N`: results do not depend on which request or scenario is first.

use std::fs;
use std::path::{Path, PathBuf};

use outlive_tests::outlive_on_database;
use serde_json::Value;

/// How often the scenarios run in each order. More runs under load find rarer races:
/// `OUTLIVE_TEST_RUNS=20`.
const RUNS: usize = 1;

/// Parallel steps that share a user and a token, in scenarios of one name, which are paired.
const SHARED: &str = r#"
scenarios:
  - name: Steps share a user and a token
    twins: {fact: user, values: [colleague, owner]}
    chapters:
      - title: Tokens
        steps:
          - sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access api://contoso-orders/Orders.Read, keep: owner}
            capture: {first: {claim: /exp}}
          - parallel:
              - refresh: {tokens: owner, keep: one}
                capture: {exp: {claim: /exp}}
              - refresh: {tokens: owner, keep: two}
              - refresh: {tokens: owner, keep: three}
              - sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access api://contoso-orders/Orders.Read, keep: four}
              - graph: {user: owner, path: /v1.0/me, status: 200}
              - client_credentials: {app: Nightly Job, scope: "api://contoso-orders/.default", keep: job}
          - graph: {user: owner, path: "/v1.0/me?one=${captured.exp}&other=${captured.first}", status: 200}
          - parallel:
              - create_connection: {name: one, connector: shared_contoso-orders, owner: owner}
              - create_connection: {name: two, connector: shared_contoso-orders, owner: owner}
          - parallel:
              - create_flow: {name: one, owner: owner, connection: one, every: PT1H}
              - create_flow: {name: two, owner: owner, connection: two, every: PT1H}
          - advance: {by: PT5H}
          - parallel:
              - refresh: {tokens: one, keep: one}
              - refresh: {tokens: two, keep: two}
              - why: {tokens: three, accepted: true}
              - why: {connection: one, accepted: true}
          - event: {type: revoke_sessions, user: "${twin.user}"}
          - advance: {by: PT1H}
          - refresh: {tokens: two}
  - name: Steps share a user and a token
    chapters:
      - title: Tokens
        steps:
          - sign_in: {user: owner, app: Orders Desktop, scope: openid offline_access api://contoso-orders/Orders.Read, keep: owner}
          - refresh: {tokens: owner}
"#;

/// Removes the only members in wall time.
fn remove_wall_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(remove_wall_times),
        Value::Object(members) => {
            members.remove("wall_ms");
            members.values_mut().for_each(remove_wall_times);
        }
        _ => {}
    }
}

/// Runs files, all of which must pass, each scenario three times, and returns the results by file.
async fn results(folder: &Path, files: &[PathBuf], jobs: &str) -> Vec<Value> {
    let report = folder.join("report.json");
    let mut arguments = vec!["run".into()];
    arguments.extend(files.iter().map(|file| file.display().to_string()));
    arguments.extend(["--jobs", jobs, "--repeat", "3", "--seed", "7", "--json"].map(str::to_owned));
    arguments.push(report.display().to_string());
    let ended = outlive_on_database(arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut result: Value = serde_json::from_slice(&fs::read(report).expect("written")).expect("JSON");
    remove_wall_times(&mut result);
    let mut files = result["files"].as_array().expect("files").clone();
    files.sort_by_key(|file| file["file"].to_string());
    files
}

#[tokio::test]
async fn results_do_not_depend_on_which_request_or_scenario_is_first() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let mut files = Vec::new();
    for name in ["a.yaml", "b.yaml"] {
        let file = home.path().join(name);
        fs::write(&file, SHARED).expect("written");
        files.push(file);
    }
    let expected = results(home.path(), &files, "1").await;
    let mut tenants: Vec<&Value> = expected
        .iter()
        .flat_map(|file| file["scenarios"].as_array().expect("scenarios"))
        .flat_map(|scenario| [&scenario["tenant"], &scenario["variant"]["result"]["tenant"]])
        .filter(|tenant| tenant.is_string())
        .collect();
    assert_eq!(tenants.len(), 18, "two files with two scenarios and a variant, three times");
    tenants.sort_by_key(|tenant| tenant.as_str());
    tenants.dedup();
    assert_eq!(tenants.len(), 18, "each has a tenant of its own");
    let runs = std::env::var("OUTLIVE_TEST_RUNS").ok().map_or(RUNS, |text| text.parse().expect("a number"));
    for run in 1..=runs {
        for jobs in ["1", "4"] {
            files.reverse();
            assert_eq!(expected, results(home.path(), &files, jobs).await, "run {run} with {jobs} jobs");
        }
    }
}
