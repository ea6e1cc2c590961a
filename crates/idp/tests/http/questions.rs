//! The journal records the facts and the verdict of each evaluation, which can be repeated.

use outlive_rules::{Question, Verdict, what_if};
use serde_json::{Value, json};

use crate::tenant::{READ, Tenant};

/// Returns question and verdict of a journal event.
fn decision(line: &Value) -> (Question, Verdict) {
    let of = |name: &str| line["data"][name].clone();
    let question = serde_json::from_value(of("question")).expect("a question");
    (question, serde_json::from_value(of("verdict")).expect("a verdict"))
}

fn password_change(tenant: &Tenant) -> Value {
    json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Another-Horse-2"})
}

#[tokio::test]
async fn every_user_token_has_its_facts_in_the_journal() {
    let tenant = Tenant::new().await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    desktop.refresh(tokens.refresh()).await;
    let lines = tenant.journal("token.issued").await;
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let (question, verdict) = decision(line);
        assert!(verdict.is_accepted());
        assert_eq!(question.decide(), verdict);
    }
}

#[tokio::test]
async fn a_verdict_can_be_evaluated_with_a_changed_fact() {
    let tenant = Tenant::new().await;
    let desktop = tenant.desktop();
    let tokens = desktop.sign_in(&tenant, "owner", READ).await;
    tenant.happens(password_change(&tenant)).await;
    desktop.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50173");
    let (question, verdict) = decision(&tenant.journal("token.refused").await[0]);
    assert!(!verdict.is_accepted());
    assert_eq!(question.decide(), verdict);
    let words: Vec<_> = what_if(&question).into_iter().map(|what_if| what_if.words).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    assert!(words[0].starts_with("Had this been a confidential client"), "{words:?}");
}

#[tokio::test]
async fn rejected_sessions_are_in_the_journal() {
    let tenant = Tenant::new().await;
    let desktop = tenant.desktop();
    let mut browser = tenant.browser();
    desktop.code_in(&mut browser, &tenant.upn("owner"), READ).await;
    assert!(tenant.journal("session.refused").await.is_empty());
    tenant.happens(password_change(&tenant)).await;
    browser.open(&desktop.authorize_url(READ, &[("prompt", "none")])).await;
    let (question, verdict) = decision(&tenant.journal("session.refused").await[0]);
    assert!(!verdict.is_accepted());
    assert_eq!(question.decide(), verdict);
}
