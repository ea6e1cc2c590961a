//! A recording of Outlive is answered as recorded, also without its secrets.

use outlive_tests::{Ended, System, outlive};
use serde_json::{Value, json};

use crate::recorder::{Recorder, text};
use crate::recording::{ORDERS, VERIFIER, challenge, record};
use crate::secrets::assert_no_secret;
use crate::{differences, replay, tenants, write};

#[tokio::test]
async fn a_recording_of_outlive_is_answered_as_recorded_with_and_without_its_secrets() {
    let system = System::start().await;
    let mut recorder = Recorder::start(&system).await;
    let entries = record(&mut recorder).await;
    let home = tempfile::tempdir().expect("a directory");
    let file = write(&home, "recorded.har", &recorder.har());
    let event = format!("{}=change_password", entries.at("wrong secret") + 1);

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
    assert_eq!(counts(&raw), [json!(21), json!(21), json!(2)], "{}", raw.stdout);

    // Without the event, the change shows, and what to do about it.
    let unexplained = outlive(["replay", &file]).await;
    assert_eq!(unexplained.code, Some(1), "{}", unexplained.stderr);
    assert!(unexplained.stdout.contains("add --event N=change_password"), "{}", unexplained.stdout);
    assert!(
        unexplained.stdout.contains("21 requests, 20 equal, 1 differs, 2 skipped"),
        "{}",
        unexplained.stdout
    );
    assert!(unexplained.stdout.contains("outlive replay --redact FILE"), "{}", unexplained.stdout);
    system.stop().await;
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
    system.seed_tenant().await;
    let before = tenants(&system).await;
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
    assert_eq!(tenants(&system).await, before, "a tenant is left");
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
