//! Every event can be documented and read, and `docs/events.md` and the schema are what the types
//! say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use outlive_wire::{JournalEvent, JournalLine, words_of};
use serde_json::{Value, json};

/// Lines of the journal as version 0.1 wrote them before events had types: one for each form of
/// each kind.
const BEFORE: &str = include_str!("journal-before-typed-events.jsonl");

/// Members that carry no information, or that only older lines have.
fn is_dropped(kind: &str, member: &str, value: &Value) -> bool {
    value.is_null() || (kind == "user.removed" && member == "by")
}

#[test]
fn a_journal_from_before_the_types_can_be_read_without_loss() {
    let mut kinds = BTreeSet::new();
    for line in BEFORE.lines() {
        let line: JournalLine = serde_json::from_str(line).expect("a line");
        let event = line.event().unwrap_or_else(|error| panic!("{error}: {}", line.data));
        assert!(!event.summary().is_empty());
        let payload = event.payload().expect("JSON");
        let payload: Value = serde_json::from_str(&payload).expect("JSON");
        for (member, value) in line.data.as_object().expect("an object") {
            let is_kept = payload.get(member).map(without_wording) == Some(without_wording(value))
                || is_empty_list(value);
            assert!(
                is_kept || is_dropped(&line.kind, member, value),
                "{} loses {member}: {payload}",
                line.kind
            );
        }
        kinds.insert(line.kind);
    }
    assert!(kinds.len() > 90, "{} kinds", kinds.len());
}

/// A verdict without title and explanation, which are derived from its rule when it is read.
fn without_wording(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(verdict) = value.as_object_mut().filter(|members| members.contains_key("rule")) {
        verdict.remove("title");
        verdict.remove("explanation");
    }
    value
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

#[test]
fn a_rejected_security_event_token_is_read_under_its_older_kind() {
    let payload = json!({"token": "9f", "err": "invalid_key", "description": "unknown key"});
    let event = JournalEvent::read("security_event.refused", &payload).expect("an event");
    assert_eq!(event.kind(), "security_event.rejected");
}

#[test]
fn a_kind_is_known_by_its_name_or_by_the_beginning_of_it() {
    let of = |wanted, service| JournalEvent::kinds_of(wanted, service).count();
    assert_eq!((of("token.issued", None), of("token.isued", None), of("token", None)), (1, 0, 0));
    assert_eq!(of("token.", None), 3);
    assert_eq!((of("run.finished", Some("flow")), of("run.finished", Some("idp"))), (1, 0));
    assert_eq!(of("tenant.created", Some("resource")), 1);
}

#[test]
fn unknown_events_are_errors() {
    let unknown = JournalEvent::read("pigeon.sent", &json!({})).unwrap_err();
    assert_eq!(unknown.to_string(), "no journal event has the kind 'pigeon.sent'");
    let broken = JournalEvent::read("user.created", &json!({})).unwrap_err();
    assert!(
        broken.to_string().starts_with("the payload of a 'user.created' event cannot be read: missing field")
    );
}

#[test]
fn every_kind_has_a_sentence_a_schema_and_an_example_that_can_be_read() {
    let mut kinds = BTreeSet::new();
    for described in JournalEvent::descriptions() {
        let kind = described.kind;
        assert!(kinds.insert(kind), "two events have the kind {kind}");
        let is_word =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(kind.split('.').all(is_word), "{kind}");
        for text in [described.when, &described.summary] {
            assert!(
                text.ends_with('.')
                    && text.chars().next().is_some_and(|c| !c.is_lowercase()
                        || kind == "user.removed"
                        || text.starts_with("owner@")),
                "{kind}: {text}"
            );
        }
        let schema = serde_json::to_value(&described.schema).expect("JSON");
        assert!(
            schema["properties"].is_object() || schema["allOf"].is_array() || kind == "tenant.created",
            "{kind}: {schema}"
        );
        let read = JournalEvent::read(kind, &described.example).expect(kind);
        let has_verdict = described.example.get("verdict").is_some_and(|verdict| !verdict.is_null());
        assert_eq!(read.verdict().is_some(), has_verdict, "{kind}");
        assert_eq!(read.kind(), kind);
        assert_eq!(read.summary(), described.summary);
    }
    assert_eq!(kinds.len(), JournalEvent::KINDS.len());
}

#[test]
fn every_kind_has_words_of_its_own() {
    let mut known = BTreeMap::new();
    for described in JournalEvent::descriptions() {
        let (kind, words) = (described.kind, words_of(described.kind, "tenant:1", &described.example));
        assert_eq!(words, described.summary, "{kind}");
        let is_sentence = words.split_whitespace().count() >= 3
            && !words.contains(|c: char| c.is_control() || c == '{' || c == '}')
            && !words.contains(kind);
        assert!(is_sentence, "{kind}: {words}");
        let other = known.insert(words.clone(), kind);
        assert_eq!(other, None, "{kind} has the same words: {words}");
    }
    assert_eq!(known.len(), JournalEvent::KINDS.len());
}

#[test]
fn an_event_of_another_version_is_described_by_its_kind_and_subject() {
    let unreadable = words_of("password.changed", "user:1", &json!({"upn": 1}));
    assert_eq!(unreadable, "Password changed (user:1).");
    assert_eq!(words_of("moon.risen_late", "moon:1", &json!({})), "Moon risen late (moon:1).");
    assert_eq!(words_of("moon.risen", &"x".repeat(10_000), &json!({})).chars().count(), 1_500);
}

fn document() -> String {
    let mut text = "# Journal events\n\nEvery event that a service records. `GET /lab/tenants/{tenant}/journal` returns them, \
        with what happened in one sentence as `words`; \
        [events.schema.json](events.schema.json) has the schema of every payload.\nThis page is generated from `crates/wire`: run \
        `UPDATE_DOCS=1 cargo test -p outlive-wire --test events` after a change.\n\nNotable events change what a credential can do, or are \
        refusals: the console lists them as *what changed*.\n\n| kind | recorded by | when | summary of the example | notable |\n|---|---|---|---|---|\n".to_owned();
    let mut described = JournalEvent::descriptions();
    described.sort_by_key(|described| described.kind);
    for event in &described {
        let notable = if event.is_notable { "yes" } else { "" };
        let services = event.services.join(", ");
        let summary = event.summary.replace('|', "\\|");
        let (kind, anchor) = (event.kind, event.kind.replace('.', ""));
        let _ =
            writeln!(text, "| [`{kind}`](#{anchor}) | {services} | {} | {summary} | {notable} |", event.when);
    }
    for event in &described {
        let example = serde_json::to_string_pretty(&event.example).expect("JSON");
        let _ = write!(text, "\n## {}\n\n{}\n\n```json\n{example}\n```\n", event.kind, event.when);
    }
    text
}

fn schema() -> String {
    let mut described = JournalEvent::descriptions();
    described.sort_by_key(|described| described.kind);
    let events: Vec<Value> = described
        .iter()
        .map(|event| {
            json!({
                "title": event.kind,
                "description": event.when,
                "type": "object",
                "required": ["kind", "data"],
                "properties": {
                    "kind": {"const": event.kind},
                    "data": event.schema,
                    "words": {
                        "type": "string",
                        "description": "What happened, in one sentence; in the answers of the lab API.",
                        "examples": [event.summary],
                    },
                },
            })
        })
        .collect();
    let references: BTreeMap<_, _> = described.into_iter().flat_map(|event| event.references).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A journal event of Outlive: its kind and its payload",
        "oneOf": events,
        "components": {"schemas": references},
    });
    serde_json::to_string_pretty(&schema).expect("JSON") + "\n"
}

#[test]
fn every_reference_of_the_schema_is_defined() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let text = schema.to_string();
    let references: BTreeSet<_> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 5, "{references:?}");
    for reference in references {
        assert!(schema.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn the_documents_are_fresh() {
    for (name, text) in [("docs/events.md", document()), ("docs/events.schema.json", schema())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).expect("the document can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{name} is stale; run UPDATE_DOCS=1 cargo test -p outlive-wire --test events"
        );
    }
}
