//! The identity provider over TLS: trust, host names, and unchanged behavior otherwise.

use std::path::Path;
use std::time::Duration;

use outlive_tests::{Service, System, Tenant, free_base, outlive};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;
use tokio::time::{interval, timeout};

const LOGIN: &str = "login.microsoftonline.com";
const GRAPH: &str = "graph.microsoft.com";

/// A client that trusts only the authority in this file, and resolves `names` to this port of
/// loopback.
fn trusting(authority: &Path, names: &[(&str, u16)]) -> Client {
    let pem = std::fs::read(authority).expect("the authority's certificate is there");
    let mut client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .tls_certs_only([Certificate::from_pem(&pem).expect("it is PEM")]);
    for (name, port) in names {
        client = client.resolve(name, ([127, 0, 0, 1], *port).into());
    }
    client.build().expect("a client")
}

async fn json(client: &Client, url: &str) -> Value {
    let answer = client.get(url).send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
    answer.json().await.expect("in JSON")
}

/// What a daemon is issued at this origin for the orders API.
async fn token(client: &Client, origin: &str, tenant: &Tenant, scope: &str) -> String {
    let job = tenant.application("Nightly Job");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", job["client_id"].as_str().expect("an id")),
        ("client_secret", job["secret"].as_str().expect("a secret")),
        ("scope", scope),
    ];
    let answer = client.post(format!("{origin}/{}/oauth2/v2.0/token", tenant.id())).form(&form).send().await;
    let answer: Value = answer.expect("it answers").json().await.expect("in JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}")).to_owned()
}

fn issuer(token: &str) -> String {
    use base64::Engine;
    let payload = token.split('.').nth(1).expect("a JWT");
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let claims: Value = serde_json::from_slice(&payload).expect("JSON");
    claims["iss"].as_str().expect("an issuer").to_owned()
}

#[tokio::test]
async fn everything_follows_the_https_origin_and_its_tokens_are_good_everywhere() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    let origin =
        tenant.facts["urls"]["idp_tls"].as_str().expect("the https address is handed out").to_owned();
    let port = system.tls_port();
    assert_eq!(origin, format!("https://localhost:{port}"));
    let resource = tenant.facts["urls"]["resource_tls"].as_str().expect("so is the resource's");
    let notice = format!(
        "  identity provider over TLS  {origin}\n  resource over TLS           {resource}\n  their certificate"
    );
    let printed = async {
        let mut looks = interval(Duration::from_millis(20));
        while !system.log().contains(&notice) {
            looks.tick().await;
        }
    };
    let printed = timeout(Duration::from_secs(30), printed).await;
    assert!(printed.is_ok(), "no {notice} in {}", system.log());
    let client = trusting(&system.data().join("ca.pem"), &[]);
    let document =
        json(&client, &format!("{origin}/{}/v2.0/.well-known/openid-configuration", tenant.id())).await;
    assert_eq!(document["issuer"], format!("{origin}/{}/v2.0", tenant.id()));
    for endpoint in ["token_endpoint", "authorization_endpoint", "jwks_uri"] {
        let url = document[endpoint].as_str().expect("a URL");
        assert!(url.starts_with(&format!("{origin}/")), "{endpoint} is {url}");
    }
    // Either token opens the resource, which fetches its keys by plain HTTP inside.
    for (origin, scheme) in [(origin.clone(), "https"), (system.url(Service::Idp), "http")] {
        let token = token(&client, &origin, &tenant, "api://contoso-orders/.default").await;
        assert!(issuer(&token).starts_with(&format!("{scheme}://")), "{}", issuer(&token));
        let orders = format!("{}/orders", system.url(Service::Resource));
        let answer = system.http().get(orders).bearer_auth(&token).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::OK, "with a token issued by {scheme}");
    }
    // Addresses are certified as well as the name.
    assert_eq!(json(&client, &format!("https://127.0.0.1:{port}/healthz")).await["service"], "idp");
    system.stop().await;
}

#[tokio::test]
async fn who_trusts_another_authority_and_who_comes_by_another_name_is_turned_away() {
    let system = System::start().await;
    let port = system.tls_port();
    let url = format!("https://localhost:{port}/healthz");
    let elsewhere = tempfile::tempdir().expect("the temporary directory is writable");
    let data = elsewhere.path().to_str().expect("its path is UTF-8");
    assert_eq!(outlive(["ca", "--data", data]).await.code, Some(0));
    let stranger = trusting(&elsewhere.path().join("ca.pem"), &[]).get(&url).send().await;
    assert!(stranger.expect_err("its certificate is not trusted").is_connect());

    let client = trusting(&system.data().join("ca.pem"), &[("evil.example", port)]);
    let rebound =
        client.get(&url).header("host", format!("evil.example:{port}")).send().await.expect("it answers");
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
    let uncertified = client.get(format!("https://evil.example:{port}/healthz")).send().await;
    assert!(uncertified.expect_err("the certificate does not carry this name").is_connect());
    // Names of others are not answered to unless that was asked for.
    let login = client.get(&url).header("host", LOGIN).send().await.expect("it answers");
    assert_eq!(login.status(), StatusCode::MISDIRECTED_REQUEST);
    // Who does not speak TLS spoils nothing for those who do.
    assert!(client.get(format!("http://localhost:{port}/healthz")).send().await.is_err());
    let silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("it is accepted");
    assert_eq!(json(&client, &url).await["service"], "idp");
    drop(silent);
    system.stop().await;
}

#[tokio::test]
async fn the_authority_outlives_the_process_and_is_its_owners_secret() {
    let mut system = System::start().await;
    let (data, port) = (system.data(), system.tls_port());
    let authority = std::fs::read(data.join("ca.pem")).expect("it is there");
    let client = trusting(&data.join("ca.pem"), &[]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = std::fs::metadata(data.join("ca.key")).expect("it is there");
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    system.kill();
    system.restart().await;
    assert_eq!(std::fs::read(data.join("ca.pem")).expect("it is there"), authority);
    assert_eq!(json(&client, &format!("https://localhost:{port}/healthz")).await["service"], "idp");
    assert!(!system.log().contains("PRIVATE KEY"));
    system.stop().await;
}

#[tokio::test]
async fn ca_tells_the_path_and_how_each_kind_of_client_trusts_it() {
    let directory = tempfile::tempdir().expect("the temporary directory is writable");
    let data = directory.path().join("not yet");
    let data = data.to_str().expect("its path is UTF-8");
    let path = format!("{data}/ca.pem");
    let ended = outlive(["ca", "--data", data]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let made = std::fs::read(&path).expect("it was made");
    for named in [
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS",
        "keytool",
        "--cacert",
        "Firefox",
        &path,
    ] {
        assert!(ended.stdout.contains(named), "{named} is missing: {}", ended.stdout);
    }
    let plain = outlive(["ca", "--path", "--data", data]).await;
    assert_eq!((plain.code, plain.stdout.as_str()), (Some(0), format!("{path}\n").as_str()));
    assert_eq!(std::fs::read(&path).expect("it stays"), made, "asking again changes nothing");
}

#[tokio::test]
async fn drop_in_mode_answers_to_the_names_of_the_cloud() {
    let base = free_base();
    // Within the block of ports that is the system's own.
    let port = base + 45;
    let names = format!("{LOGIN},{GRAPH}");
    let system = System::start_at(base, &["--hosts", &names, "--hosts-port", &port.to_string()]).await;
    let tenant = system.new_tenant().await;
    // Printed when the first tenant exists.
    let line = format!("127.0.0.1 {LOGIN} {GRAPH}");
    let printed = async {
        let mut attempts = interval(Duration::from_millis(100));
        while !system.log().contains(&line) {
            attempts.tick().await;
        }
    };
    timeout(Duration::from_secs(30), printed).await.expect("the hosts-file line is printed");
    for port in [port, base + 43] {
        let client = trusting(&system.data().join("ca.pem"), &[(LOGIN, port), (GRAPH, port)]);
        let login = format!("https://{LOGIN}:{port}");
        let document =
            json(&client, &format!("{login}/{}/v2.0/.well-known/openid-configuration", tenant.id())).await;
        assert_eq!(document["issuer"], format!("{login}/{}/v2.0", tenant.id()));
        let token = token(&client, &login, &tenant, "api://contoso-orders/.default").await;
        assert!(issuer(&token).starts_with(&login), "{}", issuer(&token));
        let orders = format!("{}/orders", system.url(Service::Resource));
        let answer = system.http().get(orders).bearer_auth(&token).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::OK);
        // Graph answers under its own name, and requires a token.
        let graph = client.get(format!("https://{GRAPH}:{port}/v1.0/me")).send().await.expect("it answers");
        assert_eq!(graph.status(), StatusCode::UNAUTHORIZED);
    }
    system.stop().await;
}

/// Expects that a start fails with exit code 2 and a remedy.
async fn expect_failure(arguments: &[&str], prepare: impl FnOnce(&Path), cause: &str, remedy: &str) {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    prepare(data.path());
    let base = free_base().to_string();
    let mut line = vec!["up", "--data", data.path().to_str().expect("its path is UTF-8")];
    line.extend(arguments);
    if !arguments.contains(&"--port-base") {
        line.extend(["--port-base", &base]);
    }
    let ended = outlive(&line).await;
    assert_eq!(ended.code, Some(2), "{line:?}: {ended:?}");
    for expected in [cause, remedy] {
        assert!(ended.stderr.contains(expected), "no '{expected}' in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_with_a_way_out() {
    let port = (free_base() + 45).to_string();
    for name in ["not a name", "https://login.example", "a.example:443", "*.example", ""] {
        let arguments = ["--hosts", name, "--hosts-port", &port];
        expect_failure(&arguments, |_| {}, &format!("'{name}'"), "without scheme, port or path").await;
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    expect_failure(&["--hosts", LOGIN, "--hosts-port", &port], |_| {}, &port, "--hosts-port").await;
    for file in ["ca.key", "ca.pem"] {
        expect_failure(
            &[],
            |data| std::fs::write(data.join(file), "broken").expect("writable"),
            file,
            "delete",
        )
        .await;
        expect_failure(&[], |data| std::fs::create_dir(data.join(file)).expect("writable"), file, "--data")
            .await;
    }
    expect_failure(&["--port-base", "65500"], |_| {}, "65500", "--port-base").await;
}

/// A process that ends with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_identity_provider_alone_listens_by_tls_at_the_given_address() {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    let path = data.path().to_str().expect("its path is UTF-8");
    let copy = data.path().join("copy.pem");
    let port = free_base() + 43;
    let arguments =
        ["--listen", &format!("127.0.0.1:{}", port - 42), "--tls-listen", &format!("127.0.0.1:{port}")];
    let mut idp = std::process::Command::new(outlive_tests::program());
    let more = ["--hosts", LOGIN, "--origins", "http://idp:8701,https://idp:8743", "--data", path];
    idp.arg("idp").args(arguments).args(more).arg("--ca-copy").arg(&copy).stdout(std::process::Stdio::null());
    let running = Running(idp.spawn().expect("it runs"));
    // The authority appears before anything is served.
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let url = format!("https://localhost:{port}/healthz");
    let client = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            looks.tick().await;
            if copy.exists() {
                let client = trusting(&copy, &[(LOGIN, port), ("idp", port)]);
                if client.get(&url).send().await.is_ok() {
                    return client;
                }
            }
        }
    });
    let client = client.await.expect("it answers by TLS");
    assert_eq!(json(&client, &format!("https://{LOGIN}:{port}/healthz")).await["service"], "idp");
    // A name that only an origin has is certified; it is answered to at that origin's port.
    let behind = client.get(format!("https://idp:{port}/healthz")).header("host", "idp:8743").send().await;
    assert_eq!(behind.expect("it is certified").status(), StatusCode::OK);
    drop(running);
}

#[tokio::test]
async fn a_service_alone_listens_by_tls_only_where_it_can() {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    let data = data.path().to_str().expect("its path is UTF-8");
    let ended =
        outlive(["hub", "--data", data, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("only the identity provider"), "{ended:?}");
}
