//! Wrong input at the command line: each message names what is wrong, where, and what to do, and
//! the exit status is 2.

#![cfg(unix)]

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use outlive_tests::{Ended, Service, System, copy_directory, free_base, outlive, outlive_printing_to, pause};

const PASSES: &str = "scenarios:\n  - name: Passes\n    chapters:\n      - title: C\n        steps:\n          - advance: {by: PT1H}\n";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("the temporary directory is writable"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("its path is UTF-8").to_owned()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("it is writable");
        path
    }

    /// The seed that comes with the program, changed, with the folders of its connectors beside it.
    fn seed(&self, name: &str, changes: &[(&str, &str)]) -> String {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("seeds");
        copy_directory(&seeds.join("connectors"), &self.0.path().join("connectors"));
        let text = std::fs::read_to_string(seeds.join("contoso.yaml")).expect("the seed is there");
        let text = changes.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{from} is not in the seed");
            text.replacen(from, to, 1)
        });
        self.file(name, text)
    }
}

/// The command ended with status 2 and a message that has every one of `parts`, in sentences for
/// people.
fn rejected(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "lacks {part:?}:\n{}", ended.stderr);
    }
    for internal in ["panicked", "RUST_BACKTRACE", "os error", "Failed to deserialize", "Some(", "Err(", "::"]
    {
        assert!(!ended.stderr.contains(internal), "has {internal:?}:\n{}", ended.stderr);
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named_with_the_cause() {
    let home = Home::new();
    let directory = home.path("directory");
    std::fs::create_dir(&directory).expect("it is writable");
    let files = [
        (home.path("missing.yaml"), "there is no such file"),
        (directory, "it is a directory"),
        (home.file("binary.yaml", [0_u8, 159, 146, 150, 255]), "it is not UTF-8 text"),
        (home.file("latin1.yaml", b"scenarios: \xe4"), "it is not UTF-8 text"),
        (home.file("empty.yaml", ""), "remedy:"),
        (home.file("list.yaml", "- a\n- b\n"), "remedy:"),
        (home.file("text.yaml", "scenarios: many\n"), "a list is expected"),
        (home.file("broken.yaml", "scenarios: [\n"), "this [ is never closed"),
    ];
    for (file, cause) in &files {
        for command in [vec!["check"], vec!["run"], vec!["twins"]] {
            let ended = outlive(command.iter().copied().chain([file.as_str()])).await;
            rejected(&ended, &[file, cause]);
        }
        for command in [
            vec!["check", "--seed", file, &home.file("passes.yaml", PASSES)],
            vec!["up", "--data", &home.path("data"), "--seed", file],
        ] {
            rejected(&outlive(command).await, &[file]);
        }
    }
    assert!(!Path::new(&home.path("data")).exists(), "nothing was written");
}

#[tokio::test]
async fn check_reports_every_mistake_of_a_seed_that_a_service_would_reject() {
    let home = Home::new();
    let wrong = home.seed(
        "wrong.yaml",
        &[
            ("domain: contoso.example", "domain: contoso"),
            ("role: colleague\n", "role: co league\n"),
            ("[owner, colleague]", "[owner]"),
            ("directory_roles: [Global Administrator]", "directory_roles: [Global Adminstrator]"),
            ("api://contoso-orders]", "contoso-orders]"),
            ("uri: \"http://localhost:5173/\"", "uri: \"http://localhost:5173/#x\""),
            ("allow_public_client: true", "token_version: 3\n    logout_url: http://contoso.example/out"),
        ],
    );
    let ended = outlive(["check", &wrong]).await;
    rejected(
        &ended,
        &[
            "'contoso' is not a domain",
            "'co league' cannot be the name of a user",
            "there is no directory role 'Global Adminstrator'",
            "'contoso-orders' cannot be an identifier URI",
            "cannot be registered",
            "is 3",
            "logout_url",
            "wrong.yaml:15:",
        ],
    );
    let form = home.seed(
        "form.yaml",
        &[("display_name: Colleague", "displayname: C"), ("secret: true", "secret: often")],
    );
    let ended = outlive(["check", &form]).await;
    rejected(&ended, &["unknown field `displayname`", "true or false"]);
    let right = home.seed("right.yaml", &[]);
    let ended = outlive(["check", &right]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// What would let `up` fail while it creates connections and flows is a mistake of the seed.
#[tokio::test]
async fn check_finds_what_no_connection_or_flow_of_a_seed_could_use() {
    let home = Home::new();
    let connection = "connections:\n  - {name: ORDERS-of-the-owner, display_name: X, \
                      connector: shared_contoso-orders, owner: colleague}\n";
    let orders = "      - {api: Contoso Orders API, scopes: [Orders.Read, Orders.ReadWrite]}\n";
    for (name, from, to, parts) in [
        (
            "resource.yaml",
            "[api://contoso-orders]",
            "[api://orders]",
            ["'api://contoso-orders' (resourceUri)", "    folder: connectors/contoso-orders"],
        ),
        (
            "requires.yaml",
            orders,
            "",
            ["requires no delegated permission of 'Contoso Orders API'", "requires"],
        ),
        ("connection.yaml", "connections:\n", connection, ["is given twice", "orders-of-the-owner"]),
        (
            "operation.yaml",
            "operationId: ListOrders",
            "operationId: EatOrders",
            ["no operation 'EatOrders'", "operationId: EatOrders"],
        ),
        (
            "platform.yaml",
            "[api://contoso-orders]",
            "[api://contoso-orders, HTTPS://graph.microsoft.com]",
            ["that of 'Microsoft Graph'", "identifier_uris:"],
        ),
        (
            "client.yaml",
            "client_id: c0470500-0000-4000-8002-000000000005",
            "client_id: 04b07795-8ddb-461a-bbee-02f9e1bf7b46\n    first_party: true",
            ["that of 'Microsoft Azure CLI'", "client_id: 04b07795"],
        ),
    ] {
        let seed = home.seed(name, &[(from, to)]);
        rejected(&outlive(["check", &seed]).await, &[&[name, ".yaml:"], &parts[..]].concat());
        let passes = home.file("passes.yaml", PASSES);
        rejected(&outlive(["run", "--seed", &seed, &passes]).await, &parts);
    }
    let long = format!("domain: {}.example", "a".repeat(40));
    let seed = home.seed("long.yaml", &[("domain: contoso.example", &long)]);
    let ended = outlive(["check", &seed]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_wrong_name_hides_no_other_mistake_and_is_reported_once() {
    let home = Home::new();
    let seed = home.seed(
        "multi.yaml",
        &[
            ("domain: contoso.example", "domain: \"x y\""),
            ("[Global Administrator]", "[Emperor]"),
            ("name: Order Clerks", "name: \"\""),
            ("http://localhost:5173/", "javascript:x"),
            ("quantity: 40", "quantity: 0"),
            ("    owner: owner\n", "    owner: stranger\n"),
            ("frequency: Hour, interval: 1", "frequency: Hour, interval: 0"),
            (
                "      - {api: Microsoft Graph, scopes: [User.Read]}",
                "      - {api: Azure Nothing, scopes: [x]}",
            ),
        ],
    );
    let ended = outlive(["check", &seed]).await;
    rejected(&ended, &["'x y'", "Emperor", "javascript:x", "'stranger'", "interval", "'Azure Nothing'"]);
    assert_eq!(ended.stderr.matches("remedy:").count(), 8, "{}", ended.stderr);
}

/// `up` on a seed that cannot be, in a file or only when connections are created, ends by itself,
/// and the corrected seed starts on the same data.
#[tokio::test]
async fn a_bad_seed_ends_up_and_the_corrected_one_starts_on_the_same_data() {
    let home = Home::new();
    let data = home.path("data");
    let base = free_base();
    let port_base = base.to_string();
    let up = |seed: String| {
        let (data, port_base) = (data.clone(), port_base.clone());
        async move { outlive(["up", "--data", &data, "--port-base", &port_base, "--seed", &seed]).await }
    };
    let rejected_at_once = home.seed("domain.yaml", &[("domain: contoso.example", "domain: contoso")]);
    rejected(&up(rejected_at_once).await, &["domain.yaml", "'contoso' is not a domain", "outlive check"]);
    assert!(!Path::new(&data).exists(), "nothing was written");
    let rejected_later = home.seed(
        "consent.yaml",
        &[("uri: \"${hub}/redirect\", type: web", "uri: \"${hub}/elsewhere\", type: web")],
    );
    let ended = up(rejected_later).await;
    rejected(&ended, &["first tenant", "correct the seed file"]);
    assert!(!ended.stdout.contains("is up"), "{}", ended.stdout);
    let right = home.seed("right.yaml", &[]);
    let system = System::start_on(Path::new(&data), base, &["--seed", &right]).await;
    let tenants: serde_json::Value = wait_for_tenant(&system).await;
    assert_eq!(tenants["tenants"][0]["domain"], "contoso.example");
    system.stop().await;
}

async fn wait_for_tenant(system: &System) -> serde_json::Value {
    let url = format!("{}/lab/tenants", system.url(Service::Console));
    for _ in 0..200 {
        let answer = system.http().get(&url).send().await.expect("it answers");
        let tenants: serde_json::Value = answer.json().await.expect("in JSON");
        if tenants["tenants"].as_array().is_some_and(|tenants| !tenants.is_empty()) {
            return tenants;
        }
        pause(std::time::Duration::from_millis(100)).await;
    }
    panic!("no tenant was created");
}

#[tokio::test]
async fn a_misspelt_kind_of_event_is_no_passing_expectation() {
    let home = Home::new();
    let steps =
        "          - advance: {by: PT1H}\n          - expect_journal: {kind: token.isued, count: 0}\n";
    let text = format!("scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n{steps}");
    let file = home.file("kind.yaml", text);
    for command in ["check", "run"] {
        let ended = outlive([command, &file]).await;
        rejected(&ended, &["kind.yaml:7:", "no journal event has the kind 'token.isued'", "token.issued"]);
    }
}

#[tokio::test]
async fn a_misspelt_verb_or_field_is_reported_with_what_was_meant() {
    let home = Home::new();
    let steps =
        "          - advnce: {by: PT1H}\n          - expect_journal: {kind: token.issued, cuont: 0}\n";
    let text = format!("scenarios:\n  - name: S\n    chapters:\n      - title: C\n        steps:\n{steps}");
    let file = home.file("misspelt.yaml", text);
    let meant = ["misspelt.yaml:6:", "did you mean advance?", "misspelt.yaml:7:", "did you mean count?"];
    rejected(&outlive(["check", &file]).await, &meant);
}

#[tokio::test]
async fn arguments_that_cannot_be_used_are_explained() {
    let home = Home::new();
    let passes = home.file("passes.yaml", PASSES);
    let taken = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let unused = "http://127.0.0.1:1";
    let here = format!("http://{}", taken.local_addr().expect("it is bound"));
    drop(taken);
    let not_a_directory = home.file("a-file", "");
    for (arguments, parts) in [
        (vec!["health", "127.0.0.1:8701"], vec!["127.0.0.1:8701", "not a URL", "for example http://"]),
        (vec!["health", "https://localhost:8743"], vec!["not an http address"]),
        (vec!["health", "http://127.0.0.1:1/lab"], vec!["at /lab, only at /healthz"]),
        (vec!["health", &here], vec!["not healthy", "nothing listens there"]),
        (vec!["advance", "soon"], vec!["'soon' is not a duration", "PT1H"]),
        (vec!["advance", "PT1H", "--against", unused], vec![unused, "outlive up"]),
        (vec!["advance", "PT1H", "--against", "nonsense"], vec!["nonsense"]),
        (vec!["why", "x", "--against", unused], vec![unused, "outlive up"]),
        (vec!["run", &passes, "--against", unused], vec![unused]),
        (vec!["run", &passes, "--rules", "1999"], vec!["1999", "2025-11"]),
        (vec!["run", &passes, "--jobs", "many"], vec!["many", "give a whole number from 0 to 65535"]),
        (vec!["run", &passes, "--repeat", "0"], vec!["--repeat", "give a whole number from 1 to 1000"]),
        (vec!["up", "--temporary", "--port-base", "1e4"], vec!["1e4", "give a whole number from 0 to 65535"]),
        (vec!["class", "61"], vec!["61", "give a whole number from 1 to 60"]),
        (vec!["matrix", "nothing"], vec!["nothing"]),
        (vec!["ca", "--data", &not_a_directory], vec!["a-file"]),
        (vec!["up", "--data", &not_a_directory], vec!["a-file"]),
        (vec!["run"], vec!["FILE"]),
        (vec!["nonsense"], vec!["nonsense"]),
    ] {
        rejected(&outlive(arguments).await, &parts);
    }
    let ended =
        outlive_printing_to(Stdio::piped(), &[("OUTLIVE_TEST_PANIC_AT_STEP", "x")], &["run", &passes]).await;
    rejected(&ended, &["OUTLIVE_TEST_PANIC_AT_STEP", "'x' is not the number of a step", "whole number"]);
}

#[tokio::test]
async fn a_health_check_takes_the_base_address() {
    let system = System::start().await;
    for suffix in ["", "/", "/healthz"] {
        let ended = outlive(["health", &format!("{}{suffix}", system.url(Service::Hub))]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    system.stop().await;
}

/// Only a user without the right to read everything can be refused.
#[tokio::test]
async fn an_unreadable_file_is_named() {
    let home = Home::new();
    let file = home.file("secret.yaml", PASSES);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    if std::fs::read(&file).is_ok() {
        return;
    }
    rejected(&outlive(["check", &file]).await, &["secret.yaml", "reading it is not permitted"]);
}

#[tokio::test]
async fn requirements_name_permissions_that_exist() {
    let home = Home::new();
    let from = "      - {api: Contoso Orders API, scopes: [Orders.Read]}\n";
    let with = |name: &str, requirement: &str| {
        let to = format!("{from}      - {requirement}\n");
        home.seed(name, &[(from, to.as_str())])
    };
    for (name, known) in [
        (
            "graph.yaml",
            "{api: Microsoft Graph, scopes: [Mail.Read, calendars.read, openid], roles: [User.Read.All]}",
        ),
        ("arm.yaml", "{api: Azure Resource Manager, scopes: [user_impersonation]}"),
        ("vault.yaml", "{api: Azure Key Vault, scopes: [user_impersonation]}"),
    ] {
        let ended = outlive(["check", &with(name, known)]).await;
        assert_eq!(ended.code, Some(0), "{known}: {}", ended.stderr);
    }
    for (name, unknown, message) in [
        (
            "eat.yaml",
            "{api: Microsoft Graph, scopes: [Mail.Eat]}",
            "offers no delegated permission 'Mail.Eat'",
        ),
        (
            "role.yaml",
            "{api: Microsoft Graph, roles: [User.Read]}",
            "offers no application permission 'User.Read'",
        ),
        (
            "own.yaml",
            "{api: Contoso Orders API, scopes: [Orders.Eat]}",
            "offers no delegated permission 'Orders.Eat'",
        ),
        ("none.yaml", "{api: Azure Nothing, scopes: [x]}", "no application 'Azure Nothing'"),
    ] {
        rejected(&outlive(["check", &with(name, unknown)]).await, &[message]);
    }
}
