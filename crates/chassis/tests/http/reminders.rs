//! The example: a service that keeps reminders and writes a line when one falls due.

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use outlive_chassis::{Chassis, DueWork, Problem, Service, Trace, Turn};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, Migration, sql};
use outlive_wire::events::RunWaiting;
use outlive_wire::{EventPayload as _, Subject};
use serde::Deserialize;
use serde_json::json;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "reminders",
    sql: "CREATE TABLE reminders (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    done_us BIGINT,
    PRIMARY KEY (tenant, id)
);
",
}];

pub(crate) struct Reminders(pub(crate) Chassis);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    #[serde(default)]
    reminders: Vec<Reminder>,
}

#[derive(Deserialize)]
struct Reminder {
    id: String,
    due: Instant,
}

impl Service for Reminders {
    type TenantSpec = Spec;
    const TENANT_TABLES: &'static [&'static str] = &["reminders"];

    async fn create_tenant(
        &self,
        tenant: TenantId,
        spec: Spec,
        _: Instant,
        _: &Trace,
    ) -> Result<Change, Problem> {
        let mut change = Change::new();
        for Reminder { id, due } in spec.reminders {
            change.add(sql!(
                "INSERT INTO reminders (tenant, id, due_us) VALUES ($1, $2, $3)",
                tenant,
                id,
                due
            ));
        }
        Ok(change)
    }

    async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, Problem> {
        let next =
            sql!("SELECT MIN(due_us) AS due_us FROM reminders WHERE tenant = $1 AND done_us IS NULL", tenant);
        match self.0.store.row(next).await? {
            Some(row) => Ok(row.opt_instant("due_us")?),
            None => Ok(None),
        }
    }

    /// A reminder whose id begins with "bad" fails; one that begins with "broken" makes all the
    /// work fail, one that begins with "slow" takes most of a second.
    async fn run_due(&self, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
        let now = turn.now();
        let due = sql!(
            "SELECT id, due_us FROM reminders WHERE tenant = $1 AND done_us IS NULL AND due_us <= $2 ORDER BY due_us LIMIT 100",
            tenant,
            now
        );
        let mut work = DueWork::default();
        for row in self.0.store.rows(due).await? {
            let id = row.text("id")?;
            if id.starts_with("broken") {
                return Err(Problem::unavailable());
            }
            let mut change = Change::from(
                sql!(
                    "UPDATE reminders SET done_us = $1 WHERE tenant = $2 AND id = $3 AND done_us IS NULL",
                    now,
                    tenant,
                    &id
                )
                .expect_rows(1),
            );
            let waiting = RunWaiting { until: row.instant("due_us")?, ..RunWaiting::example() };
            let trace = Trace::begin(&self.0.random);
            let event = Event::new(tenant, now, Subject::run(&id), trace, waiting);
            change.append(self.0.journal.entry(&event));
            self.0.store.commit(change).await?;
            work.done += 1;
            work.failed += u64::from(id.starts_with("bad"));
            if id.starts_with("slow") {
                outlive_chassis::pause(std::time::Duration::from_millis(700)).await;
            }
            if turn.is_over() {
                break;
            }
        }
        Ok(work)
    }
}

pub(crate) fn routes(chassis: &Chassis) -> Router {
    let http = chassis.http.clone();
    let onwards = move |trace: Trace| async move {
        let request = http.request(&trace, http::Method::GET, "http://127.0.0.1/");
        let onwards = request.header_map()["traceparent"].to_str().expect("a text").to_owned();
        axum::Json(json!({"trace": &*trace.trace_id, "client": trace.client_request_id, "onwards": onwards}))
    };
    Router::new()
        .route("/trace", get(onwards))
        .route("/panic", get(|| async { panic!("as the test wants") as &'static str }))
        .route("/size", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/own-policy", get(|| async { [("content-security-policy", "default-src 'self'")] }))
}
