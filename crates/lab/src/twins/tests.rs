//! Replays: which facts a run has, and that the scenarios written for them are valid.

use outlive_clock::Instant;
use outlive_rules::{ClientClass, Event, Presented, Question, Ruleset, UserFacts};
use outlive_wire::EventPayload;
use outlive_wire::events::TokenIssued;
use outlive_wire::lab_api::TenantCredentials;
use serde_json::json;

use super::replay::{ChangedFact, replay_text, replays};
use super::{RunOrigin, SHIPPED, SHIPPED_NAME, pairs};
use crate::scenario::{KnownSeeds, ReadScenarios, read_text};
use crate::seed::Seed;

const PUBLIC: &str = "c0470500-0000-4000-8002-000000000003";

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn tenant() -> TenantCredentials {
    let application = |name: &str, id: &str, kind: &str, secret: Option<&str>| json!({"name": name, "client_id": id, "kind": kind, "secret": secret, "redirect_uris": ["http://hub/redirect"]});
    let urls = json!({"idp": "http://i", "graph": "http://i", "hub": "http://h", "resource": "http://r", "flow": "http://f"});
    serde_json::from_value(json!({
        "tenant_id": "c0470500-0000-4000-8000-000000000001", "domain": "contoso.example", "name": "Contoso", "rules": "2025-11",
        "users": [], "connectors": [], "connections": [], "flows": [], "urls": urls, "maker_portal": PUBLIC,
        "applications": [
            application("Contoso Orders Public Connector", PUBLIC, "public", None),
            application("Contoso Orders Connector", "c0470500-0000-4000-8002-000000000002", "confidential", Some("s")),
        ],
    }))
    .expect("tenant credentials")
}

/// A token of a public client, granted at 9:00, renewed at 10:00, used at 15:00.
fn question(event: Option<Event>) -> Question {
    let mut question = TokenIssued::example().question.expect("a question");
    question.user = UserFacts::in_good_standing(outlive_rules::RevocationEvents::none());
    if let Some(event) = event {
        question.user.events.record(event, at("2026-01-05T12:01:00.5Z"));
    }
    question.rules = Ruleset::default();
    question.at = at("2026-01-05T15:00:00.9Z");
    if let Presented::RefreshToken(token) = &mut question.presented {
        token.client_class = ClientClass::Public;
        token.password_based = true;
        token.family_issued_at = at("2026-01-05T09:00:00.7Z");
        token.issued_at = at("2026-01-05T10:00:00.7Z");
    }
    question
}

fn origin(event: Option<Event>) -> RunOrigin {
    let question = question(event);
    let refused = question.decide().code;
    RunOrigin::of(&question, PUBLIC, refused, &tenant()).expect("a refresh token")
}

fn read(text: &str) -> ReadScenarios {
    let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let read = read_text("replay.yaml", text.to_owned(), KnownSeeds::only(&[seed]));
    read.unwrap_or_else(|wrong| panic!("{}\n{text}", wrong[0]))
}

#[test]
fn every_fact_of_every_event_makes_a_valid_pair() {
    for event in Event::ALL.into_iter().filter(|event| *event != Event::SingleSignOut) {
        let origin = origin(Some(event));
        let changes = replays(&origin);
        assert_eq!(changes.len(), 5, "{event:?}: {changes:?}");
        for change in changes {
            let text = replay_text(&origin, change.fact, "Again").expect("a scenario");
            let file = read(&text);
            assert!(file.twin.is_some(), "{text}");
            assert_ne!(change.values[0], change.values[1]);
        }
    }
}

#[test]
fn a_run_to_which_nothing_happened_has_fewer_facts() {
    let origin = origin(None);
    let facts: Vec<_> = replays(&origin).into_iter().map(|change| change.fact).collect();
    assert_eq!(facts, [ChangedFact::Client, ChangedFact::WayIn, ChangedFact::Edition]);
    assert_eq!(replay_text(&origin, ChangedFact::Event, "Again"), None);
}

#[test]
fn the_story_has_its_moments_in_order_and_ends_as_the_run_did() {
    let origin = origin(Some(Event::PasswordChangedByUser));
    let text = replay_text(&origin, ChangedFact::Client, "The \"run\": again").expect("a scenario");
    insta::assert_snapshot!(text);
}

#[test]
fn the_pairs_that_ship_are_valid_and_listed() {
    let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let seeds = [seed];
    let known = KnownSeeds::only(&seeds);
    let file =
        read_text(SHIPPED_NAME, SHIPPED.to_owned(), known).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let names: Vec<_> = pairs(&file).into_iter().map(|pair| pair.name).collect();
    assert_eq!(
        names,
        [
            "Public against confidential",
            "Password against passkey",
            "Edition against edition",
            "Portal against admin center"
        ]
    );
}
