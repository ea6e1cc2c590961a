//! Authorization responses in each response mode.

use outlive_tests::{System, outlive};
use serde_json::{Value, json};

use crate::recorder::{Recorder, har, text};
use crate::recording::{ORDERS, VERIFIER, challenge};
use crate::secrets::assert_no_secret;
use crate::{differences, replay, write};

#[tokio::test]
async fn every_response_mode_is_replayed_and_another_one_is_a_difference() {
    let system = System::start().await;
    let home = tempfile::tempdir().expect("a directory");
    for mode in ["query", "fragment", "form_post"] {
        let mut recorder = Recorder::start(&system).await;
        let desktop = recorder.client("Orders Desktop");
        let application = (desktop.as_str(), "http://localhost");
        let code = recorder.sign_in_with_mode(application, ORDERS, &challenge(), mode).await;
        let redemption = [
            ("client_id", desktop.as_str()),
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "http://localhost"),
            ("code_verifier", VERIFIER),
        ];
        let tokens = recorder.post("oauth2/v2.0/token", &redemption).await;
        assert!(tokens["access_token"].is_string(), "{mode}: {tokens}");
        let file = write(&home, "recorded.har", &recorder.har());
        let replayed = replay(&file, &[]).await;
        assert_eq!(differences(&replayed), Vec::<[String; 4]>::new(), "{mode}: {}", replayed.stdout);
        assert_eq!(replayed.code, Some(0), "{mode}: {}", replayed.stderr);
        assert!(replayed.stdout.contains("\"requests\": 2"), "{mode}: {}", replayed.stdout);
        let redacted = outlive(["replay", "--redact", &file]).await;
        assert_no_secret(&redacted.stdout, &recorder.secrets);
        let redacted = write(&home, "redacted.har", &serde_json::from_str(&redacted.stdout).expect("JSON"));
        let replayed = replay(&redacted, &[]).await;
        assert_eq!(differences(&replayed), Vec::<[String; 4]>::new(), "{mode}: {}", replayed.stdout);

        // The recorded server puts the parameters elsewhere.
        let mut entries = recorder.entries.clone();
        let Some(location) = location_of(&mut entries[1]) else {
            assert_eq!(mode, "form_post");
            continue;
        };
        let (from, to) = if mode == "query" { ("?", "#") } else { ("#", "?") };
        *location = json!(text(location).replacen(from, to, 1));
        let changed = replay(&write(&home, "changed.har", &har(&entries)), &[]).await;
        let other = if mode == "query" { "fragment" } else { "query" };
        assert_eq!(differences(&changed), [["1", "response_mode", other, mode].map(str::to_owned)], "{mode}");
        assert_eq!(changed.code, Some(1), "{mode}: {}", changed.stderr);
    }
    system.stop().await;
}

/// The `Location` of a response.
pub(crate) fn location_of(entry: &mut Value) -> Option<&mut Value> {
    let headers = entry["response"]["headers"].as_array_mut().expect("headers");
    headers.iter_mut().find(|header| header["name"] == "location").map(|header| &mut header["value"])
}
