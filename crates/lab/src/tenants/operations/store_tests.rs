//! Two replicas that have the record of one operation.

use outlive_chassis::{Chassis, ChassisConfig, LabKey, Origins};
use outlive_clock::{Instant, TenantId, wall_now};
use outlive_store::{DatabaseUrl, sql};
use outlive_wire::lab_api::{OperationDetails, OperationKind};

use super::record::begun;
use super::store::OperationStore;
use crate::tenants::MIGRATIONS;
use crate::tenants::store::seat_is_reserved;

async fn replicas() -> (tempfile::TempDir, Chassis, OperationStore, OperationStore) {
    let data = tempfile::tempdir().expect("a temporary directory");
    let config = ChassisConfig {
        service: "lab",
        database: DatabaseUrl::Sqlite(data.path().join("lab.db")),
        data_dir: data.path().to_owned(),
        sealing_key: None,
        lab_key: LabKey::new("00112233445566778899aabbccddeeff").expect("a key"),
        seed: Some(1),
        origins: Origins::new(["http://localhost"]),
    };
    let chassis = Chassis::start(config, &MIGRATIONS).await.expect("starts");
    let (one, other) = (OperationStore::new(chassis.clone()), OperationStore::new(chassis.clone()));
    (data, chassis, one, other)
}

fn begun_again() -> OperationDetails {
    begun(OperationKind::Reset)
}

fn tenant() -> TenantId {
    "00000000-0000-4000-8000-000000000001".parse().expect("a tenant")
}

#[tokio::test]
async fn what_another_replica_has_claimed_is_neither_ended_nor_updated() {
    let (_data, chassis, one, other) = replicas().await;
    let listed =
        sql!("INSERT INTO handouts (tenant, domain, sealed) VALUES ($1, $2, $3)", tenant(), "d", "s");
    chassis.store.commit(listed).await.expect("listed");
    let begun = one.begin(tenant(), begun(OperationKind::Create)).await.expect("begins");
    let claimed = other.claim(begun.clone()).await.expect("claims");
    assert_eq!(claimed.id, begun.id);
    let again = begun_again();
    let late = [
        one.commit(OperationStore::end(&begun)).await,
        one.update(&begun).await,
        one.give_up(&begun).await,
        one.begin_again(tenant(), again, Instant::EPOCH, Some(&begun)).await.map(drop),
        one.claim(begun.clone()).await.map(drop),
    ];
    for (number, ended) in late.into_iter().enumerate() {
        assert!(ended.is_err_and(|error| error.is_conflict()), "{number}");
    }
    other.commit(OperationStore::end(&claimed)).await.expect("ends");
    assert!(one.read(tenant()).await.expect("reads").is_none());
}

/// What an earlier attempt does too late names an earlier incarnation.
#[tokio::test]
async fn every_claim_is_another_attempt() {
    let (_data, _, one, other) = replicas().await;
    let mut details = begun(OperationKind::Delete);
    // The clock of the first replica is ahead.
    details.attempt = Some(wall_now() + outlive_clock::Span::from_days(1));
    let mut present = one.begin(tenant(), details).await.expect("begins");
    for store in [&other, &one] {
        let earlier = present.details.incarnation();
        present = store.claim(present).await.expect("claims");
        assert!(present.details.incarnation() > earlier);
        let stored = store.read(tenant()).await.expect("reads").expect("it is there");
        assert_eq!(stored.details.incarnation(), present.details.incarnation());
    }
}

#[tokio::test]
async fn the_tenant_of_a_seat_is_created_once() {
    let (_data, chassis, one, _) = replicas().await;
    let begin =
        async || one.begin_if(tenant(), begun(OperationKind::Create), Some(seat_is_reserved(tenant()))).await;
    assert!(begin().await.is_err_and(|error| error.is_conflict()), "there is no seat");
    let insert = sql!(
        "INSERT INTO seats (tenant, class, seat, reserved_wall_us) VALUES ($1, $2, $3, $4)",
        tenant(),
        "c",
        1_u32,
        wall_now()
    );
    chassis.store.commit(insert).await.expect("inserted");
    let operation = begin().await.expect("begins");
    one.commit(OperationStore::end(&operation)).await.expect("ends");
    chassis.store.commit(sql!("UPDATE seats SET reserved_wall_us = NULL")).await.expect("occupied");
    assert!(begin().await.is_err_and(|error| error.is_conflict()), "it has its tenant");
}
