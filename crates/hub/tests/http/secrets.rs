//! No secret appears where it must not.

use outlive_clock::Span;
use outlive_store::sql;
use serde_json::{Value, json};

use crate::fakes::{Behavior, token};
use crate::world::{CONNECTOR, OWNER, SECRET, World, query};

#[tokio::test]
async fn no_secret_is_in_a_response_the_journal_or_the_database() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let keys =
        world.arm(&world.user(OWNER), "POST", "orders/listConnectionKeys", &json!({})).await.expect(200);
    let key = keys.at("/connectionKey").as_str().expect("a key").to_owned();
    let mut answers = String::new();
    for _ in 0..3 {
        world.advance(Span::from_hours(1)).await;
        let answer = world.call(&runtime).await.expect(200);
        answers.push_str(&format!("{:?}{}", answer.headers, answer.text));
    }
    // A second consent in progress: its code verifier, state and code are secrets, too.
    let authorize = world.authorize(&world.link("orders").await).await;
    let code = world.follow_redirect(&authorize).await;
    let verifier = world.issuer.last()["code_verifier"].clone();
    world.issuer.set(Behavior::Refuse(400, json!({"error": "invalid_grant"})));
    world.advance(Span::from_hours(2)).await;
    answers.push_str(&world.call(&runtime).await.expect(401).text);

    let api = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/{CONNECTOR}?export=true&api-version=2016-06-01",
        world.tenant
    );
    answers.push_str(
        &world.send("GET", &api, &[("authorization", &world.user(OWNER))], "").await.expect(200).text,
    );
    for rest in ["orders", "orders/accessPolicies", ""] {
        let rest = if rest.is_empty() { "orders/extensions/proxy/testconnection" } else { rest };
        answers.push_str(&world.arm(&world.user(OWNER), "GET", rest, &Value::Null).await.text);
    }
    let journal =
        world.send("GET", &format!("/_lab/tenants/{}/journal", world.tenant), &[], "").await.expect(200).text;
    assert!(journal.contains("connection.refreshed"), "the journal was read");

    let database = world.database.content();
    let found = |secret: &str| database.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(found("connection.refreshed") && found("owner@contoso.example"), "the database was read");

    let issued = world.issuer.token_requests().len();
    let mut secrets =
        vec![SECRET.to_owned(), code, verifier, key, query(&authorize, "state"), "issuers-code".to_owned()];
    secrets.extend((1..=issued).flat_map(|n| [token("access", n), token("refresh", n)]));
    assert!(secrets.len() > 12);
    for secret in &secrets {
        assert!(!answers.contains(secret.as_str()), "in an answer: {secret}");
        assert!(!journal.contains(secret.as_str()), "in the journal: {secret}");
        assert!(!found(secret), "in the database: {secret}");
    }
}

#[tokio::test]
async fn deleting_a_connection_deletes_its_tokens() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.arm(&world.user(OWNER), "DELETE", "orders", &Value::Null).await.expect(200);
    world.call(&runtime).await.expect(404);
    world.put_connection("orders", CONNECTOR).await.expect(201);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
    assert_ne!(
        world.get("orders").await.at("/properties/connectionRuntimeUrl"),
        format!("http://hub.test{runtime}")
    );
}

/// Tokens are sealed for their connection: copied to another one in the database, they cannot be
/// opened.
#[tokio::test]
async fn sealed_tokens_belong_to_one_connection() {
    let world = World::new().await;
    let paths = [world.connect("one", CONNECTOR).await, world.connect("two", CONNECTOR).await];
    for path in &paths {
        world.call(path).await.expect(200);
    }
    let copy = sql!("UPDATE credentials SET sealed = (SELECT max(sealed) FROM credentials)");
    world.store.commit(copy).await.expect("copied");
    let mut statuses =
        [world.call(&paths[0]).await, world.call(&paths[1]).await].map(|it| it.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "only the owner of the tokens can use them");
    assert_eq!(world.back_end.calls().len(), 3);
}
