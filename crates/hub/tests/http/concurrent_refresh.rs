//! Refreshes beside other changes: another consent, other calls, other replicas.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_chassis::pause;
use outlive_clock::Span;
use outlive_store::sql;
use outlive_tokens::fingerprint;
use serde_json::json;

use crate::fakes::{Behavior, token};
use crate::world::{CAPABLE, CONNECTOR, World};

/// Much less than the 40 seconds after which a lease expires.
const AT_ONCE: Duration = Duration::from_secs(15);

fn bearer(n: usize) -> String {
    format!("Bearer {}", token("access", n))
}

impl World {
    /// Another replica of the hub on PostgreSQL. On SQLite, which one process opens, the same hub.
    async fn another(&self) -> Router {
        self.replica().await.unwrap_or_else(|| self.app.clone())
    }
}

/// Whatever the issuer responds to a refresh with the old token, the new consent counts.
#[tokio::test]
async fn a_consent_during_a_refresh_wins() {
    for behavior in [
        Behavior::Grant { seconds: 7_200 },
        Behavior::Refuse(400, json!({"error": "invalid_grant"})),
        Behavior::Broken(503),
    ] {
        let mut world = World::new().await;
        let runtime = world.connect("orders", CONNECTOR).await;
        world.advance(Span::from_hours(2)).await;
        let hold = world.issuer.hold();
        let consent = async {
            hold.received().await;
            world.sign_in("orders").await;
            world.issuer.set(behavior.clone());
            hold.end();
        };
        let (answer, ()) = tokio::join!(world.call(&runtime), consent);
        assert_eq!(answer.status, 200, "{behavior:?}: {}", answer.text);
        assert_eq!(world.back_end.last().headers["authorization"], bearer(3), "{behavior:?}");
        assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected", "{behavior:?}");
        for kind in ["connection.refreshed", "connection.broken", "connection.refresh_postponed"] {
            assert!(world.journal(kind).await.is_empty(), "{behavior:?}: {kind}");
        }

        // The stored tokens are those of the consent, with their refresh token.
        world.issuer.set(Behavior::Grant { seconds: 3_600 });
        world.call(&runtime).await.expect(200);
        assert_eq!(world.issuer.refreshes(), 1, "{behavior:?}");
        world.advance(Span::from_hours(2)).await;
        world.call(&runtime).await.expect(200);
        assert_eq!(world.issuer.last()["refresh_token"], token("refresh", 3), "{behavior:?}");
    }
}

#[tokio::test]
async fn what_changes_during_a_refresh_counts_for_the_next_call() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let hold = world.issuer.hold();
    let disable = async {
        hold.received().await;
        let disable = sql!("UPDATE connections SET enabled = 0 WHERE tenant = $1", world.tenant);
        world.store.commit(disable).await.expect("is disabled");
        hold.end();
    };
    let (answer, ()) = tokio::join!(world.call(&runtime), disable);
    answer.expect(200);
    world.call(&runtime).await.expect(403);
    assert_eq!(world.issuer.refreshes(), 1);
}

#[tokio::test]
async fn a_call_whose_tokens_keep_changing_ends_after_three_token_requests() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    world.issuer.set(Behavior::Grant { seconds: 0 });
    let hold = world.issuer.hold();
    let consents = async {
        loop {
            hold.received().await;
            world.sign_in("orders").await;
            hold.release();
        }
    };
    let answer = tokio::select! {
        answer = world.call(&runtime) => answer,
        () = consents => unreachable!("endless"),
    };
    assert_eq!((answer.status.as_u16(), world.issuer.refreshes()), (409, 3), "{}", answer.text);
    let refreshed: Vec<_> = world
        .issuer
        .token_requests()
        .into_iter()
        .filter_map(|mut form| form.remove("refresh_token"))
        .collect();
    assert_eq!(refreshed, [1, 3, 5].map(|n| token("refresh", n)), "each with the tokens of the last consent");

    // The next call has its own three requests.
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    hold.end();
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["authorization"], bearer(8));
}

/// The refresh in progress began before the challenge, and may end with the challenged token.
#[tokio::test]
async fn a_challenge_is_not_answered_with_the_challenged_token() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    world.advance(Span::from_hours(2)).await;
    let hold = world.issuer.hold();
    let claims = STANDARD.encode(r#"{"access_token":{"nbf":{"essential":true, "value":"1767603600"}}}"#);
    let challenge = format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{claims}\"");
    world.back_end.challenge(3, &challenge);
    let second = async {
        hold.received().await;
        // The second call uses the tokens of the second consent; its challenge waits for the
        // first refresh.
        world.sign_in("orders").await;
        let release = async {
            while world.journal("connection.challenged").await.is_empty() {
                pause(Duration::from_millis(1)).await;
            }
            pause(Duration::from_millis(50)).await;
            hold.end();
        };
        tokio::join!(world.call(&runtime), release).0
    };
    let (first, second) = tokio::join!(world.call(&runtime), second);
    first.expect(200);
    second.expect(200);
    let mut sent: Vec<_> =
        world.back_end.calls().into_iter().map(|call| call.headers["authorization"].clone()).collect();
    sent.sort();
    assert_eq!(sent, [3, 3, 4, 4].map(bearer), "one refresh satisfies both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_refresh_once_together() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let replica = world.another().await;
    let world = Arc::new(world);
    let calls: Vec<_> = (0..64)
        .map(|n| {
            let (world, runtime) = (Arc::clone(&world), runtime.clone());
            let app = if n % 2 == 0 { replica.clone() } else { world.app.clone() };
            tokio::spawn(async move { world.call_at(app, &runtime).await.status.as_u16() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), 200);
    }
    assert_eq!(world.issuer.refreshes(), 1);
    assert_eq!(world.journal("connection.refreshed").await.len(), 1);
}

#[tokio::test]
async fn a_call_waits_for_the_refresh_of_another_replica() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let replica = world.another().await;
    let hold = world.issuer.hold();
    let other = async {
        hold.received().await;
        let release = async {
            pause(Duration::from_millis(300)).await;
            assert_eq!(world.issuer.refreshes(), 1, "the second call waits");
            hold.end();
        };
        tokio::join!(world.call_at(replica, &runtime), release).0
    };
    let (one, other) = tokio::join!(world.call(&runtime), other);
    one.expect(200);
    other.expect(200);
    assert_eq!(world.issuer.refreshes(), 1);
    assert!(world.back_end.calls().iter().all(|call| call.headers["authorization"] == bearer(2)));
    let refreshed = world.journal("connection.refreshed").await;
    assert_eq!(
        (refreshed.len(), &refreshed[0]["data"]["access_token"]),
        (1, &json!(fingerprint(&token("access", 2))))
    );
}

#[tokio::test]
async fn after_a_failed_refresh_another_replica_refreshes_at_once() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let replica = world.another().await;
    for (behavior, status) in
        [(Behavior::Broken(503), 502), (Behavior::Refuse(400, json!({"error": "invalid_grant"})), 401)]
    {
        world.issuer.set(behavior.clone());
        let calls = async {
            world.call(&runtime).await.expect(status);
            world.call_at(replica.clone(), &runtime).await.expect(status);
        };
        tokio::time::timeout(AT_ONCE, calls).await.unwrap_or_else(|_| panic!("{behavior:?}: a call waits"));
    }
    assert_eq!(world.issuer.refreshes(), 4);
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.call_at(replica, &runtime).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test]
async fn tokens_that_cannot_be_opened_do_not_let_another_replica_wait() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let replica = world.another().await;
    world.store.commit(sql!("UPDATE credentials SET sealed = $1", "damaged")).await.expect("damaged");
    let calls = async {
        world.call(&runtime).await.expect(401);
        world.call_at(replica, &runtime).await.expect(401);
    };
    tokio::time::timeout(AT_ONCE, calls).await.expect("neither call waits");
    assert_eq!(world.issuer.refreshes(), 0);
}

#[tokio::test]
async fn a_failing_database_is_an_error_at_once() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    world
        .store
        .commit(sql!("ALTER TABLE credentials RENAME COLUMN lease_holder TO another"))
        .await
        .expect("renamed");
    let answer = tokio::time::timeout(AT_ONCE, world.call(&runtime)).await.expect("no waiting");
    answer.expect(503);
    assert!(world.back_end.calls().is_empty());
}

/// A refresh stores the tokens and its journal event in one commit. Only replicas that share a
/// database need a lease.
#[tokio::test]
async fn a_refresh_is_one_commit_and_on_a_shared_database_a_lease() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let commits = || *world.store.commits().borrow();
    let before = commits();
    world.call(&runtime).await.expect(200);
    let call = commits() - before;
    world.advance(Span::from_hours(2)).await;
    let commits = || *world.store.commits().borrow();
    let before = commits();
    world.call(&runtime).await.expect(200);
    let lease = u64::from(!world.store.is_exclusive());
    assert_eq!((world.issuer.refreshes(), commits() - before), (1, call + 1 + lease));
}
