//! What must not be in a redacted file or a result.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_tests::outlive;
use serde_json::{Value, json};

use crate::recorder::har;
use crate::write;

/// Fails if a secret is in a text, also encoded as in URLs, base64 or JSON.
pub(crate) fn assert_no_secret(text: &str, secrets: &[String]) {
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
