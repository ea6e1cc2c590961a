//! Replicas of the lab on one PostgreSQL database: operations on one tenant exclude each other.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use outlive_chassis::pause;
use outlive_clock::{Instant, Span, wall_now};

use super::*;

/// Another replica of a lab, on the same database.
pub(crate) struct Replicas {
    pub(crate) lab: Arc<Lab>,
    other: String,
    /// What the replicas store in one schema, to be removed.
    schema: &'static str,
    database: String,
    _data: tempfile::TempDir,
}

impl Replicas {
    /// `None`, and a word on the terminal itself, where there is no server.
    pub(crate) async fn start(case: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(database) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED {case}: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
            );
            return None;
        };
        let schema = format!("lab_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let schema: &'static str = Box::leak(schema.into_boxed_str());
        let mut lab = Lab::start().await;
        let replica = async |data: &FilePath, origins: &Origins| {
            let url =
                DatabaseUrl::postgres(&database).expect("OUTLIVE_TEST_POSTGRES_URL is a PostgreSQL URL");
            replica_on(data, origins, schema, url, Some("0123456789abcdef".repeat(4))).await
        };
        let data = tempfile::tempdir().expect("a temporary directory");
        (lab.origin, lab.client) = replica(lab.data.path(), &lab.origins).await;
        let (other, _) = replica(data.path(), &lab.origins).await;
        Some(Self { lab: Arc::new(lab), other, schema, database, _data: data })
    }

    pub(crate) fn hold(&self, holds: bool) {
        self.lab.fakes[3].lock().expect("no test panicked").holds = holds;
    }

    /// Sends a request to the other replica.
    pub(crate) fn ask_other(&self, method: reqwest::Method, path: &str, body: Value) -> Answering {
        let request =
            self.lab.client.request(method, format!("{}/lab/tenants{path}", self.other)).json(&body);
        tokio::spawn(async move {
            let answer = request.send().await.expect("it answers");
            let status = answer.status().as_u16();
            (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
        })
    }

    /// Begins an advance at the first replica, with a step every hour.
    pub(crate) async fn advance(&self, id: &str) -> Answering {
        let first: Instant = "2026-01-05T10:00:00Z".parse().expect("an instant");
        self.lab.fakes[3].lock().expect("no test panicked").due = Some(first);
        let (lab, path) = (Arc::clone(&self.lab), format!("/{id}/clock"));
        let change = json!({"advance": "P36525D"});
        let advance = tokio::spawn(async move { lab.call(reqwest::Method::POST, &path, Some(change)).await });
        while self.clock(id).await["operation"]["done"].as_u64().is_none_or(|done| done < 2) {}
        advance
    }

    pub(crate) async fn clock(&self, id: &str) -> Value {
        self.lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await.1
    }

    /// Opens the database of the replicas.
    pub(crate) async fn store(&self) -> outlive_store::Store {
        let url = DatabaseUrl::postgres(&self.database).expect("a PostgreSQL URL");
        outlive_store::Store::open(&url, self.schema, &[]).await.expect("opens")
    }

    pub(crate) async fn remove(self) {
        let store = self.store().await;
        let drop: &'static str = Box::leak(format!("DROP SCHEMA {} CASCADE", self.schema).into_boxed_str());
        store.commit(outlive_store::Statement::new(drop, Vec::new())).await.expect("dropped");
    }
}

pub(crate) type Answering = tokio::task::JoinHandle<(u16, Value)>;

#[tokio::test]
async fn a_reset_or_a_deletion_ends_an_advance_of_another_replica_first() {
    let case = "a_reset_or_a_deletion_ends_an_advance_of_another_replica_first";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let advance = replicas.advance(&id).await;
    // A step that takes longer than a heartbeat.
    replicas.hold(true);
    let reset = replicas.ask_other(reqwest::Method::POST, &format!("/{id}/reset"), json!({}));
    pause(Duration::from_millis(1_500)).await;
    assert!((0..4).all(|fake| replicas.lab.calls(fake) == ["create"]), "the advance has not ended");
    replicas.lab.fakes[3].lock().expect("no test panicked").due = None;
    replicas.hold(false);
    let (status, ended) = advance.await.expect("ends");
    assert!(status >= 400, "{ended}");
    let (status, body) = reset.await.expect("ends");
    assert_eq!(status, 200, "{body}");
    pause(Duration::from_millis(300)).await;
    for (fake, state) in replicas.lab.fakes.iter().enumerate() {
        let state = state.lock().expect("no test panicked");
        assert_eq!((state.now.as_str(), state.rejected), ("2026-01-05T09:00:00.5Z", 0), "{fake}");
    }
    let advance = replicas.advance(&id).await;
    replicas.hold(true);
    let deletion = replicas.ask_other(reqwest::Method::DELETE, &format!("/{id}"), Value::Null);
    pause(Duration::from_millis(1_500)).await;
    let deletions = |fake| replicas.lab.calls(fake).iter().filter(|call| *call == "delete").count();
    assert!((0..4).all(|fake| deletions(fake) == 1), "the advance has not ended");
    replicas.lab.fakes[3].lock().expect("no test panicked").due = None;
    replicas.hold(false);
    assert_eq!(deletion.await.expect("ends").0, 204);
    assert!(advance.await.expect("ends").0 >= 400);
    replicas.remove().await;
}

/// An operation that waits for its turn keeps its lease: another replica does not take it over.
#[tokio::test]
async fn a_reset_that_waits_for_longer_than_a_lease_is_not_taken_over() {
    let case = "a_reset_that_waits_for_longer_than_a_lease_is_not_taken_over";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let advance = replicas.advance(&id).await;
    replicas.hold(true);
    let began = wall_now();
    let (lab, path) = (Arc::clone(&replicas.lab), format!("/{id}/reset"));
    let reset = tokio::spawn(async move { lab.call(reqwest::Method::POST, &path, Some(json!({}))).await });
    // The other replica joins the reset, and may not execute it.
    while wall_now() - began < Span::from_seconds(23) {
        let joined = replicas.ask_other(reqwest::Method::POST, &format!("/{id}/reset"), json!({}));
        pause(Duration::from_secs(8)).await;
        joined.abort();
        assert!((0..4).all(|fake| replicas.lab.calls(fake) == ["create"]), "the advance has not ended");
    }
    replicas.lab.fakes[3].lock().expect("no test panicked").due = None;
    replicas.hold(false);
    assert_eq!(advance.await.expect("ends").0, 409);
    assert_eq!(reset.await.expect("ends").0, 200);
    assert_eq!(replicas.clock(&id).await["now"], "2026-01-05T09:00:00.5Z");
    replicas.remove().await;
}

/// A replica that stood still for longer than its lease goes on with an advance; the tenant was
/// started over meanwhile.
#[tokio::test]
async fn steps_for_an_earlier_incarnation_do_not_move_the_new_tenant() {
    let lab = Arc::new(Lab::start().await);
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let copy = lab.copied_data();
    let (reset, client) = lab_on(copy.path(), &lab.origins).await;
    lab.fakes[3].lock().expect("no test panicked").holds = true;
    let (late, path) = (Arc::clone(&lab), format!("/{id}/clock"));
    let change = json!({"advance": "P1D"});
    let advance = tokio::spawn(async move { late.call(reqwest::Method::POST, &path, Some(change)).await });
    lab.until(|lab| (0..3).all(|fake| lab.fakes[fake].lock().expect("no test panicked").applied > 0)).await;
    let request = client.post(format!("{reset}/lab/tenants/{id}/reset")).json(&json!({}));
    assert_eq!(request.send().await.expect("answers").status().as_u16(), 200);
    lab.fakes[3].lock().expect("no test panicked").holds = false;
    let (status, ended) = advance.await.expect("ends");
    assert_eq!((status, &ended["error"]["code"]), (409, &json!("TenantStartedOver")), "{ended}");
    for fake in &lab.fakes {
        let state = fake.lock().expect("no test panicked");
        assert_eq!(state.now, "2026-01-05T09:00:00.5Z", "{}", state.name);
    }
    assert!(lab.fakes[3].lock().expect("no test panicked").rejected > 0);
    assert!(lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await.1["operation"].is_null());
}
