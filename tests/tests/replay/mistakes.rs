//! Wrong files and options are refused in one sentence.

use outlive_tests::outlive;
use serde_json::json;

use crate::recorder::har;
use crate::write;

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
