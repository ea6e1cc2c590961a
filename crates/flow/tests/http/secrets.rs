//! No secret appears in the database, the journal or a response.

use outlive_clock::Span;
use serde_json::json;

use crate::fake_hub::{KEY, Reply};
use crate::fake_issuer::{APP_TOKEN, CLIENT_SECRET};
use crate::lab::{FLOW, Lab, OWNER, hourly};

#[test]
fn no_secret_is_stored_or_returned() {
    let mut lab = Lab::on_files();
    lab.put_flow(hourly()).expect(201);
    lab.hub
        .replies([Reply::Respond(401, json!({"error": {"message": "no"}})), Reply::Respond(503, json!({}))]);
    lab.advance(Span::from_hours(2));
    let token = lab.token(OWNER);
    lab.owner("POST", &format!("/{FLOW}/triggers/Recurrence/run"), Some(json!({"a": 1}))).expect(202);
    let shown = format!("{:?} {:?}", lab.runs(""), lab.newest_run()) + &format!("{:?}", lab.journal(""));
    // A restart reads everything back and writes the first log into the database.
    lab.restart();
    lab.advance(Span::from_hours(1));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(lab.data.path()).expect("a directory") {
        let path = entry.expect("an entry").path();
        files.extend(std::fs::read(&path).expect("a file"));
    }
    let holds = |needle: &str| files.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds("List_orders"), "the files are those of the database");
    for secret in [CLIENT_SECRET, APP_TOKEN, KEY, "secret-cookie", &token] {
        assert!(!holds(secret), "{secret} in the files");
        assert!(!shown.contains(secret), "{secret} in an answer");
    }
}
