//! A replica of the lab that stood still while another one went on with its operation: it changes
//! nothing more. The other one is a row that the test changes.

use std::time::Duration;

use outlive_clock::{Instant, Span, wall_now};
use outlive_store::sql;

use super::replicas::Replicas;
use super::*;

/// The name of a replica that works elsewhere.
const ELSEWHERE: &str = "elsewhere/1/1#0";

impl Replicas {
    /// Another replica claims the tenant's operation.
    async fn take_over(&self, id: &str) {
        let (lease, id) = (wall_now() + Span::from_days(1), id.to_owned());
        let claim = sql!(
            "UPDATE operations SET owner = $1, lease_wall_us = $2 WHERE tenant = $3",
            ELSEWHERE,
            lease,
            id
        );
        self.store().await.commit(claim.expect_rows(1)).await.expect("claimed");
    }

    async fn tenant(&self) -> String {
        self.lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned()
    }

    fn each_fake(&self, change: impl Fn(&mut fakes::FakeState)) {
        self.lab.fakes.iter().for_each(|fake| change(&mut fake.lock().expect("no test panicked")));
    }

    async fn insert_seat(&self, class: &str, seat: u32, tenant: &str) {
        let insert = sql!(
            "INSERT INTO seats (tenant, class, seat, joined_wall_us) VALUES ($1, $2, $3, $4)",
            tenant.to_owned(),
            class.to_owned(),
            seat,
            wall_now()
        );
        self.store().await.commit(insert).await.expect("inserted");
    }

    /// A class whose first seat is taken, with its tenant.
    async fn class(&self, code: &str) -> String {
        let insert = sql!(
            "INSERT INTO classes (code, opened_wall_us, created_from) VALUES ($1, $2, $3)",
            code.to_owned(),
            wall_now(),
            "{}"
        );
        self.store().await.commit(insert).await.expect("inserted");
        let tenant = self.tenant().await;
        self.insert_seat(code, 1, &tenant).await;
        tenant
    }

    async fn tenants(&self) -> Value {
        self.lab.call(reqwest::Method::GET, "", None).await.1["tenants"].clone()
    }

    /// Begins the creation of a tenant; it ends when the services answer.
    async fn held_creation(&self, wanted: Value) -> (String, replicas::Answering) {
        self.each_fake(|fake| (fake.tenant, fake.holds_creations) = (None, true));
        let lab = Arc::clone(&self.lab);
        let creation = tokio::spawn(async move { lab.call(reqwest::Method::POST, "", Some(wanted)).await });
        self.lab
            .until(|lab| lab.fakes.iter().all(|fake| fake.lock().expect("no test panicked").tenant.is_some()))
            .await;
        let id = self.lab.fakes[0].lock().expect("no test panicked").tenant.clone().expect("it is there");
        (id, creation)
    }
}

#[tokio::test]
async fn a_creation_that_another_replica_took_over_neither_lists_the_tenant_nor_deletes_it() {
    let case = "a_creation_that_another_replica_took_over_neither_lists_the_tenant_nor_deletes_it";
    let Some(replicas) = Replicas::start(case).await else { return };
    let (id, creation) = replicas.held_creation(json!({"bare": true})).await;
    replicas.take_over(&id).await;
    replicas.each_fake(|fake| fake.holds_creations = false);
    let (status, answer) = creation.await.expect("ends");
    assert!(status >= 400, "{answer}");
    assert_eq!(replicas.tenants().await, json!([]));
    let left = sql!("SELECT owner FROM operations WHERE tenant = $1", id);
    let row = replicas.store().await.row(left).await.expect("reads").expect("the other one goes on");
    assert_eq!(row.text("owner").expect("a text"), ELSEWHERE);
    assert!((0..4).all(|fake| replicas.lab.calls(fake) == ["create"]), "it deletes what is not its own");
    replicas.remove().await;
}

#[tokio::test]
async fn an_advance_that_another_replica_ended_leaves_the_clocks_alone() {
    let case = "an_advance_that_another_replica_ended_leaves_the_clocks_alone";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.tenant().await;
    let advance = replicas.advance(&id).await;
    replicas.hold(true);
    replicas.take_over(&id).await;
    replicas.lab.fakes[3].lock().expect("no test panicked").due = None;
    replicas.hold(false);
    let (status, ended) = advance.await.expect("ends");
    assert_eq!(status, 409, "{ended}");
    replicas
        .each_fake(|fake| assert_eq!(fake.speeds, 0, "{}: a person may have frozen the clock", fake.name));
    replicas.remove().await;
}

/// Services reject a deletion that comes after the tenant was created again.
#[tokio::test]
async fn a_reset_that_another_replica_completed_does_not_delete_the_new_tenant() {
    let case = "a_reset_that_another_replica_completed_does_not_delete_the_new_tenant";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.tenant().await;
    replicas.each_fake(|fake| fake.holds_deletions = true);
    let (lab, path) = (Arc::clone(&replicas.lab), format!("/{id}/reset"));
    let reset = tokio::spawn(async move { lab.call(reqwest::Method::POST, &path, Some(json!({}))).await });
    replicas.lab.until(|lab| (0..4).all(|fake| lab.calls(fake) == ["create", "delete"])).await;
    replicas.take_over(&id).await;
    let newer: Instant = wall_now() + Span::from_seconds(1);
    replicas.each_fake(|fake| {
        fake.spec.as_mut().expect("it is there")["clock"]["incarnation"] = json!(newer);
        fake.holds_deletions = false;
    });
    let (status, answer) = reset.await.expect("ends");
    assert!(status >= 400, "{answer}");
    replicas.each_fake(|fake| assert!(fake.spec.is_some() && fake.rejected == 1, "{}", fake.name));
    assert!((0..4).all(|fake| replicas.lab.calls(fake) == ["create", "delete"]), "it is created once more");
    replicas.remove().await;
}

/// What waits for a service is not kept from other replicas.
#[tokio::test]
async fn an_interrupted_reset_can_be_replaced_at_another_replica() {
    let case = "an_interrupted_reset_can_be_replaced_at_another_replica";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.tenant().await;
    replicas.lab.set_down(3, true);
    let reset = replicas.lab.call(reqwest::Method::POST, &format!("/{id}/reset"), Some(json!({}))).await;
    assert_eq!(reset.0, 502, "{}", reset.1);
    let deletion = replicas.ask_other(reqwest::Method::DELETE, &format!("/{id}"), Value::Null);
    let (status, answer) = deletion.await.expect("ends");
    assert_eq!((status, &answer["missing"]), (202, &json!(["flow"])), "{answer}");
    replicas.remove().await;
}

/// The seat's tenant is deleted while that of a lesson is created for it.
#[tokio::test]
async fn a_tenant_of_a_seat_that_is_deleted_meanwhile_is_not_created() {
    let case = "a_tenant_of_a_seat_that_is_deleted_meanwhile_is_not_created";
    let Some(replicas) = Replicas::start(case).await else { return };
    let seat = replicas.class("harbor-0001").await;
    let wanted = json!({"bare": true, "seat": {"class": "harbor-0001", "seat": 1}});
    let (_, creation) = replicas.held_creation(wanted).await;
    let deleted = replicas.lab.call(reqwest::Method::DELETE, &format!("/{seat}"), None).await;
    assert_eq!(deleted.0, 204);
    replicas.each_fake(|fake| fake.holds_creations = false);
    let (status, answer) = creation.await.expect("ends");
    assert_eq!(status, 404, "{answer}");
    assert_eq!(replicas.tenants().await, json!([]));
    replicas.remove().await;
}

/// A seat gets its tenant while the tenants of the others are deleted.
#[tokio::test]
async fn the_end_of_a_class_includes_seats_that_are_added_meanwhile() {
    let case = "the_end_of_a_class_includes_seats_that_are_added_meanwhile";
    let Some(replicas) = Replicas::start(case).await else { return };
    replicas.class("harbor-0002").await;
    let late = replicas.tenant().await;
    replicas.each_fake(|fake| fake.holds_deletions = true);
    let origin = replicas.lab.origin.replace("/lab/tenants", "");
    let end = replicas.lab.client.delete(format!("{origin}/lab/classes/harbor-0002")).send();
    let end = tokio::spawn(end);
    replicas.lab.until(|lab| lab.calls(0).iter().any(|call| call == "delete")).await;
    replicas.insert_seat("harbor-0002", 2, &late).await;
    replicas.each_fake(|fake| fake.holds_deletions = false);
    assert_eq!(end.await.expect("ends").expect("answers").status().as_u16(), 204);
    assert_eq!(replicas.tenants().await, json!([]));
    replicas.remove().await;
}

/// Nothing comes between the advance of an event and the event.
#[tokio::test]
async fn a_reset_at_another_replica_waits_for_an_event() {
    let case = "a_reset_at_another_replica_waits_for_an_event";
    let Some(replicas) = Replicas::start(case).await else { return };
    let id = replicas.tenant().await;
    replicas.each_fake(|fake| fake.holds_events = true);
    let (lab, path) = (Arc::clone(&replicas.lab), format!("/{id}/events"));
    let event = json!({"type": "sign_out", "user": "owner"});
    let raised = tokio::spawn(async move { lab.call(reqwest::Method::POST, &path, Some(event)).await });
    replicas.lab.until(|lab| lab.calls(0).len() == 2).await;
    let reset = replicas.ask_other(reqwest::Method::POST, &format!("/{id}/reset"), json!({}));
    outlive_chassis::pause(Duration::from_secs(1)).await;
    assert!((0..4).all(|fake| !replicas.lab.calls(fake).contains(&"delete".to_owned())), "the event runs");
    replicas.each_fake(|fake| fake.holds_events = false);
    assert_eq!(raised.await.expect("ends").0, 200);
    assert_eq!(reset.await.expect("ends").0, 200);
    replicas.remove().await;
}
