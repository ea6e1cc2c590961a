//! `outlive replay`: an exchange that was recorded against Outlive is answered as recorded, changed
//! members are found by name, and redacted recordings have no secret.

mod recorder;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_tests::{Ended, System, outlive, outlive_on_database};
use serde_json::{Value, json};

use self::recorder::{Recorder, har, text};

const VERIFIER: &str = "a-code-verifier-of-forty-three-characters-x";
/// The code challenge of [`VERIFIER`], by RFC 7636.
fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes()))
}

const ORDERS: &str = "openid profile offline_access api://contoso-orders/Orders.Read";
const GRAPH: &str = "openid profile offline_access https://graph.microsoft.com/User.Read";

/// Records documents, a sign-in with refreshes, a device code, a daemon, and a password change.
/// Returns the number of the entry before the change.
async fn record(recorder: &mut Recorder<'_>) -> usize {
    recorder.document("v2.0/.well-known/openid-configuration").await;
    recorder.document("discovery/v2.0/keys").await;
    let desktop = recorder.client("Orders Desktop");
    let code = recorder.sign_in(&desktop, "http://localhost", ORDERS, &challenge()).await;
    let tokens = recorder
        .post(
            "oauth2/v2.0/token",
            &[
                ("client_id", &desktop),
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "http://localhost"),
                ("code_verifier", VERIFIER),
                ("scope", ORDERS),
            ],
        )
        .await;
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    let first = text(&tokens["refresh_token"]).to_owned();
    recorder.tenant.advance("P20D").await;
    let refresh = [
        ("client_id", desktop.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &first),
        ("scope", ORDERS),
    ];
    recorder.post("oauth2/v2.0/token", &refresh).await;
    let code = recorder.sign_in(&desktop, "http://localhost", GRAPH, &challenge()).await;
    let graph = recorder
        .post(
            "oauth2/v2.0/token",
            &[
                ("client_id", &desktop),
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "http://localhost"),
                ("code_verifier", VERIFIER),
            ],
        )
        .await;
    let token = text(&graph["access_token"]).to_owned();
    recorder.graph("/oidc/userinfo", &token).await;
    recorder.graph("/v1.0/me", &token).await;

    let device = recorder.post("oauth2/v2.0/devicecode", &[("client_id", &desktop), ("scope", ORDERS)]).await;
    let code = text(&device["device_code"]).to_owned();
    let poll = [
        ("client_id", desktop.as_str()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", &code),
    ];
    let pending = recorder.post("oauth2/v2.0/token", &poll).await;
    assert_eq!(pending["error"], "authorization_pending");
    recorder.approve_device(text(&device["user_code"])).await;
    recorder.tenant.advance("PT5S").await;
    recorder.post("oauth2/v2.0/token", &poll).await;

    let (job, secret) = (recorder.client("Nightly Job"), recorder.secret("Nightly Job"));
    let daemon = |secret| {
        [
            ("client_id", job.as_str()),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
            ("scope", "api://contoso-orders/.default"),
        ]
    };
    recorder.post("oauth2/v2.0/token", &daemon(&secret)).await;
    recorder.post("oauth2/v2.0/token", &daemon("a-wrong-secret")).await;

    let before = recorder.entries.len();
    recorder.tenant.change_password("owner", "Another long passphrase 7").await;
    recorder.tenant.advance("PT1H").await;
    let refused = recorder.post("oauth2/v2.0/token", &refresh).await;
    assert_eq!(refused["error_codes"], json!([50173]), "{refused}");
    before
}

fn write(home: &tempfile::TempDir, name: &str, har: &Value) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, har.to_string()).expect("it is writable");
    path.to_str().expect("UTF-8").to_owned()
}

/// The differences of a replay that are not expected: entry, member, recorded, Outlive.
fn differences(replay: &Ended) -> Vec<[String; 4]> {
    let result: Value = serde_json::from_str(&replay.stdout).unwrap_or_else(|_| panic!("{replay:?}"));
    let entries = result["entries"].as_array().expect("entries");
    let rows = entries.iter().flat_map(|entry| {
        let found = entry["differences"].as_array().expect("differences");
        found.iter().filter(|one| one["severity"] != "expected").map(|one| {
            [&entry["place"], &one["member"], &one["recorded"], &one["outlive"]]
                .map(|cell| text(cell).to_owned())
        })
    });
    rows.collect()
}

async fn replay(file: &str, options: &[&str]) -> Ended {
    outlive_on_database([&["replay", file, "--format", "json"], options].concat()).await
}

/// Changes the JSON body of an entry.
fn change(entry: &mut Value, change: impl FnOnce(&mut Value)) {
    let content = &mut entry["response"]["content"];
    let recorded = text(&content["text"]).to_owned();
    let plain = if content["encoding"] == "base64" {
        String::from_utf8(STANDARD.decode(recorded).expect("base64")).expect("UTF-8")
    } else {
        recorded
    };
    let mut body: Value = serde_json::from_str(&plain).expect("JSON");
    change(&mut body);
    *content = json!({"mimeType": "application/json", "text": body.to_string()});
}

/// Changes the claims of a token.
fn with_claims(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
    change(&mut claims);
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

#[tokio::test]
async fn a_recording_of_outlive_is_answered_as_recorded_and_changes_are_found_by_name() {
    let system = System::start().await;
    let mut recorder = Recorder::start(&system).await;
    let before = record(&mut recorder).await;
    let home = tempfile::tempdir().expect("a directory");
    let file = write(&home, "recorded.har", &recorder.har());
    let event = format!("{before}=change_password");

    let raw = replay(&file, &["--event", &event]).await;
    assert_eq!(differences(&raw), Vec::<[String; 4]>::new(), "{}", raw.stdout);
    assert_eq!(raw.code, Some(0), "{}", raw.stderr);
    for secret in &recorder.secrets {
        assert!(!raw.stdout.contains(secret.as_str()), "{secret} is in the result");
    }

    // The same without secrets.
    let redacted = outlive(["replay", "--redact", &file]).await;
    assert_eq!(redacted.code, Some(0), "{}", redacted.stderr);
    assert_no_secret(&redacted.stdout, &recorder.secrets);
    let redacted: Value = serde_json::from_str(&redacted.stdout).expect("JSON");
    let redacted = write(&home, "redacted.har", &redacted);
    let replayed = replay(&redacted, &["--event", &event]).await;
    assert_eq!(differences(&replayed), Vec::<[String; 4]>::new(), "{}", replayed.stdout);
    let counts = |ended: &Ended| {
        let result: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        [&result["requests"], &result["equal"], &result["skipped"]].map(Clone::clone)
    };
    assert_eq!(counts(&replayed), counts(&raw));
    assert_eq!(counts(&raw), [json!(15), json!(15), json!(2)], "{}", raw.stdout);

    // Without the event, the change shows, and what to do about it.
    let unexplained = outlive(["replay", &file]).await;
    assert_eq!(unexplained.code, Some(1), "{}", unexplained.stderr);
    assert!(unexplained.stdout.contains("add --event N=change_password"), "{}", unexplained.stdout);
    assert!(
        unexplained.stdout.contains("15 requests, 14 equal, 1 differs, 2 skipped"),
        "{}",
        unexplained.stdout
    );
    assert!(unexplained.stdout.contains("outlive replay --redact FILE"), "{}", unexplained.stdout);

    let mut entries = recorder.entries.clone();
    change(&mut entries[0], |document| {
        document["http_logout_supported"] = json!(false);
        document["new_endpoint"] = json!("https://login.microsoftonline.com/common/new");
    });
    change(&mut entries[4], |tokens| {
        tokens["token_type"] = json!("pop");
        tokens["expires_in"] = json!(86_399);
        tokens.as_object_mut().expect("an object").remove("scope");
        tokens["id_token"] = json!(with_claims(text(&tokens["id_token"]), |claims| {
            claims["ver"] = json!("3.0");
            claims["aud"] = json!("11111111-2222-4333-8444-555555555555");
            claims["custom"] = json!("a-private-value");
        }));
    });
    change(&mut entries[12], |pending| pending["error_codes"] = json!([70017]));
    let unauthorized = entries.iter().position(|entry| entry["response"]["status"] == 401).expect("an entry");
    entries[unauthorized]["response"]["status"] = json!(400);
    let changed = write(&home, "changed.har", &har(&entries));
    let changed = replay(&changed, &["--event", &event]).await;
    assert_eq!(changed.code, Some(1), "{}", changed.stderr);
    let found: Vec<[String; 4]> = differences(&changed);
    let found: Vec<_> = found.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    assert_eq!(
        found,
        [
            ["1", "http_logout_supported", "false", "true"],
            ["1", "(another name)", "a URL", "missing"],
            ["5", "expires_in", "20 to 28 hours", "60 to 90 minutes"],
            ["5", "id_token.claims.aud", "a GUID", "{client 1}"],
            ["5", "id_token.claims.(another name)", "a text", "missing"],
            ["5", "id_token.claims.ver", "a short text", "2.0"],
            ["5", "token_type", "pop", "Bearer"],
            ["5", "scope", "missing", "a URL"],
            ["13", "error_codes", "70017", "70016"],
            [&(unauthorized + 1).to_string(), "status", "400", "401"],
        ]
    );
    assert!(!changed.stdout.contains("a-private-value"));
    system.stop().await;
}

/// Fails if a secret is in a text, also encoded as in URLs, base64 or JSON.
fn assert_no_secret(text: &str, secrets: &[String]) {
    for secret in secrets {
        let escaped = serde_json::to_string(secret).expect("a text");
        let encoded = Url::encoded(secret);
        for form in [secret.as_str(), escaped.trim_matches('"'), &encoded, &STANDARD.encode(secret)] {
            assert!(!text.contains(form), "{form} is in the redacted file");
        }
        // A signature alone is enough to use a token.
        if let Some((_, signature)) = secret.rsplit_once('.').filter(|(_, signature)| signature.len() > 20) {
            assert!(!text.contains(signature), "the signature {signature} is in the redacted file");
        }
    }
}

/// Percent-encoding as in forms.
struct Url;

impl Url {
    fn encoded(text: &str) -> String {
        let url = reqwest::Url::parse_with_params("http://x", [("v", text)]).expect("a URL");
        url.query().unwrap_or_default().trim_start_matches("v=").to_owned()
    }
}

#[tokio::test]
async fn mistakes_are_named_with_their_file_and_entry() {
    let home = tempfile::tempdir().expect("a directory");
    let entry = |url: &str| {
        json!({
            "startedDateTime": "2026-03-02T08:00:00Z",
            "request": {"method": "GET", "url": url},
            "response": {"status": 200, "content": {}},
        })
    };
    let keys = "https://login.microsoftonline.com/common/discovery/keys";
    let mut broken = entry(keys);
    broken["startedDateTime"] = json!("yesterday");
    let mut encoded = entry(keys);
    encoded["response"]["content"] = json!({"text": "%%%", "encoding": "base64"});
    let nested = format!("{{\"log\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let many = har(&vec![json!({}); 100_000]).to_string();
    for (name, content, message) in [
        ("text.har", "no JSON".to_owned(), "text.har: it is not JSON, at line 1, column 2"),
        ("nul.har", "\0\0".to_owned(), "nul.har: it is not JSON, at line 1, column 1"),
        ("short.har", "{\"log\": {".to_owned(), "the file ends too early"),
        ("nested.har", nested, "nested too deeply"),
        ("many.har", many, "it has 100000 entries; 20000 are the most"),
        ("other.har", json!({"entries": []}).to_string(), "it has no member 'log'"),
        ("old.har", json!({"log": {"version": "2.0", "entries": []}}).to_string(), "version '2.0' of HAR"),
        (
            "version.har",
            json!({"log": {"version": "hunter2", "entries": []}}).to_string(),
            "it has another version of HAR; 1.2",
        ),
        ("empty.har", har(&[]).to_string(), "none of the 0 entries is a request that can be replayed"),
        ("alien.har", har(&[entry("https://example.com/")]).to_string(), "none of the 1 entries"),
        (
            "time.har",
            har(&[entry(keys), broken]).to_string(),
            "time.har: entry 2: 'startedDateTime' is no instant",
        ),
        ("base64.har", har(&[encoded]).to_string(), "base64.har: entry 1: a body is not the base64"),
        (
            "url.har",
            har(&[entry("login.microsoftonline.com")]).to_string(),
            "url.har: entry 1: its URL is not valid",
        ),
        (
            "members.har",
            har(&[json!({"request": {"url": keys}})]).to_string(),
            "members.har: entry 1: it has no 'method'",
        ),
    ] {
        let path = home.path().join(name);
        std::fs::write(&path, content).expect("it is writable");
        let ended = outlive(["replay".as_ref(), path.as_os_str()]).await;
        assert_eq!(ended.code, Some(2), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(message), "{name}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{name}: {}", ended.stderr);
    }
    let good = write(&home, "good.har", &har(&[entry(keys)]));
    for (options, message) in [
        (&["--map", "11111111-2222-4333-8444-555555555555=Nightly Job"][..], "--map names client 1111"),
        (&["--user", "bob@contoso.example=owner"], "--user names bob@contoso.example"),
        (&["--event", "7=change_password"], "--event names entry 7"),
        (&["--event", "7=dance"], "there is no such event"),
        (&["--event", "1=disable_user:unknown@typo.example"], "--event names unknown@typo.example"),
        (&["--event", "1=disable_user:unknown"], "No user has the role that --event names"),
        (&["--redact", "--format", "json"], "cannot be used with"),
    ] {
        let ended = outlive([&["replay", &good], options].concat()).await;
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_result_has_no_text_of_the_recording_and_names_what_was_not_replayed() {
    let home = tempfile::tempdir().expect("a directory");
    let entry = |method: &str, url: &str, headers: Value| {
        json!({
            "startedDateTime": "2026-03-02T08:00:00Z",
            "request": {"method": method, "url": url, "headers": headers},
            "response": {"status": 200, "content": {}},
        })
    };
    let login = "https://login.microsoftonline.com";
    let client = "11111111-2222-4333-8444-555555555555";
    let file = write(
        &home,
        "plant.har",
        &har(&[
            entry("G\u{1b}[31m|plant", &format!("{login}/common/oauth2/v2.0/token"), json!([])),
            entry(
                "GET",
                &format!("{login}/common/userrealm/bob@contoso.example+plant?api-version=1.0"),
                json!([]),
            ),
            entry(
                "GET",
                &format!(
                    "{login}/common/oauth2/v2.0/authorize?client_id={client}&response_type=code&scope=openid\
                     &redirect_uri=https%3A%2F%2Fplanta%3Aplant%40plant.example%2Fcb"
                ),
                json!([]),
            ),
            entry(
                "GET",
                "https://graph.microsoft.com/v1.0/me",
                json!([{"name": "Authorization", "value": "Bearer plant"}]),
            ),
        ]),
    );
    for format in ["table", "markdown", "json", "html"] {
        let ended = outlive(["replay", &file, "--format", format]).await;
        assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
        for secret in ["plant", "\u{1b}"] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{}", ended.stdout);
        }
        let parts: &[&str] = match format {
            "table" => &[
                "another method: /common/oauth2/v2.0/token",
                "1 not replayed",
                "1 redirect URIs that cannot",
            ],
            "json" => &["\"not_replayed\": 1"],
            _ => &["another method"],
        };
        for part in parts {
            assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
        }
    }
}

#[tokio::test]
async fn refresh_tokens_of_before_the_recording_get_a_stand_in_and_every_format_shows_the_result() {
    let system = System::start().await;
    let mut recorder = Recorder::start(&system).await;
    let connector = recorder.client("Contoso Orders Connector");
    let redirect_uri =
        text(&recorder.tenant.application("Contoso Orders Connector")["redirect_uris"][0]).to_owned();
    let secret = recorder.secret("Contoso Orders Connector");
    let code = recorder.sign_in(&connector, &redirect_uri, ORDERS, &challenge()).await;
    let redemption = [
        ("client_id", connector.as_str()),
        ("client_secret", &secret),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let tokens = recorder.post("oauth2/v2.0/token", &redemption).await;
    let token = text(&tokens["refresh_token"]).to_owned();
    // Only what follows is recorded.
    recorder.entries.clear();
    let refresh = [
        ("client_id", connector.as_str()),
        ("client_secret", &secret),
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("scope", ORDERS),
    ];
    recorder.post("oauth2/v2.0/token", &refresh).await;
    recorder.tenant.advance("P91D").await;
    let refused = recorder.post("oauth2/v2.0/token", &refresh).await;
    assert_eq!(refused["error_codes"], json!([700_082]), "{refused}");
    let home = tempfile::tempdir().expect("a directory");
    let file = write(&home, "recorded.har", &recorder.har());
    let replayed = replay(&file, &[]).await;
    assert_eq!(differences(&replayed), Vec::<[String; 4]>::new(), "{}", replayed.stdout);
    // Against a running system, which keeps no tenant of it.
    let lab = system.url(outlive_tests::Service::Console);
    for (format, part) in [
        ("table", "2 requests, 2 equal, 0 differ, 0 skipped"),
        (
            "markdown",
            "| 1 | POST /{tenant}/oauth2/v2.0/token (refresh_token) | equal; The refresh token was issued before",
        ),
        ("html", "<h1>Outlive answers as recorded</h1>"),
        ("json", "\"equal\": 2"),
    ] {
        let ended = outlive(["replay", &file, "--format", format, "--against", &lab]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(part), "{}", ended.stdout);
    }
    let tenants = system.http().get(format!("{lab}/lab/tenants")).send().await.expect("an answer");
    assert!(!tenants.text().await.expect("a list").contains("Replay"), "a tenant is left");
    system.stop().await;
}

#[tokio::test]
async fn other_grants_silent_renewal_and_sign_out_are_answered_as_recorded() {
    let system = System::start().await;
    let mut recorder = Recorder::start(&system).await;
    let desktop = recorder.client("Orders Desktop");
    let api = "openid api://contoso-orders-connector/access_as_user";
    for scope in [ORDERS, api] {
        let code = recorder.sign_in(&desktop, "http://localhost", scope, &challenge()).await;
        let redemption = [
            ("client_id", desktop.as_str()),
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "http://localhost"),
            ("code_verifier", VERIFIER),
        ];
        let tokens = recorder.post("oauth2/v2.0/token", &redemption).await;
        assert!(tokens["access_token"].is_string(), "{tokens}");
        if scope == api {
            let assertion = text(&tokens["access_token"]).to_owned();
            let connector = recorder.client("Contoso Orders On-Behalf-Of Connector");
            let secret = recorder.secret("Contoso Orders On-Behalf-Of Connector");
            let exchange = [
                ("client_id", connector.as_str()),
                ("client_secret", &secret),
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion),
                ("requested_token_use", "on_behalf_of"),
                ("scope", "api://contoso-orders/Orders.Read"),
            ];
            let exchanged = recorder.post("oauth2/v2.0/token", &exchange).await;
            assert!(exchanged["access_token"].is_string(), "{exchanged}");
        }
    }
    let owner = recorder.tenant.user("owner").clone();
    for (password, error) in [(text(&owner["password"]), json!(null)), ("a wrong password", json!([50126]))] {
        let form = [
            ("client_id", desktop.as_str()),
            ("grant_type", "password"),
            ("username", text(&owner["upn"])),
            ("password", password),
            ("scope", ORDERS),
        ];
        let answer = recorder.post("oauth2/v2.0/token", &form).await;
        assert_eq!(answer["error_codes"], error, "{answer}");
    }
    recorder.silent(&desktop, "http://localhost", ORDERS, &challenge()).await;
    recorder.document("oauth2/v2.0/logout").await;
    recorder.document("oauth2/v2.0/token").await;
    let home = tempfile::tempdir().expect("a directory");
    let file = write(&home, "recorded.har", &recorder.har());
    let raw = replay(&file, &[]).await;
    assert_eq!(differences(&raw), Vec::<[String; 4]>::new(), "{}", raw.stdout);
    assert!(raw.stdout.contains("\"requests\": 10"), "{}", raw.stdout);
    let redacted = outlive(["replay", "--redact", &file]).await;
    assert_no_secret(&redacted.stdout, &recorder.secrets);
    let redacted = write(&home, "redacted.har", &serde_json::from_str(&redacted.stdout).expect("JSON"));
    let replayed = replay(&redacted, &[]).await;
    assert_eq!(differences(&replayed), Vec::<[String; 4]>::new(), "{}", replayed.stdout);
    // The applications of the seed can stand for the recorded ones.
    let (map, user) = (format!("{desktop}=Orders Desktop"), format!("{}=colleague", text(&owner["upn"])));
    let mapped = replay(&file, &["--map", &map, "--user", &user]).await;
    assert_eq!(differences(&mapped), Vec::<[String; 4]>::new(), "{}", mapped.stdout);
    system.stop().await;
}
