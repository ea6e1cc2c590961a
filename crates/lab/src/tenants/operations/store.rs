//! Storage of operations, in the lab's own database.

use outlive_chassis::Chassis;
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Change, Row, Statement, StoreError, sql};
use outlive_wire::lab_api::{OperationDetails, OperationKind};

use super::holder;
use super::record::{attempt_again, begun};
use crate::tenants::store::{
    end_of_seat, forget_end, forget_phones, forget_raised, forget_snapshots, keep_snapshot,
};

/// How long a lease lasts (wall time): other replicas of the lab do not touch the operation.
pub(super) const LEASE: Span = Span::from_seconds(20);
/// A lease with less than this left is renewed while its operation waits.
const LEASE_HALF: Span = Span::from_seconds(10);

/// An operation with its lease.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) tenant: TenantId,
    pub(crate) id: String,
    owner: String,
    lease: Instant,
    pub(crate) details: OperationDetails,
}

#[derive(Debug)]
pub(super) struct OperationStore {
    chassis: Chassis,
    /// This process.
    owner: String,
}

impl OperationStore {
    pub(super) fn new(chassis: Chassis) -> Self {
        Self { chassis, owner: holder::new_name() }
    }

    /// The name of this process.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    fn new_operation(&self, tenant: TenantId, details: OperationDetails) -> Operation {
        let id = format!("{}-{}", details.started.as_micros(), self.owner);
        Operation { tenant, id, owner: self.owner.clone(), lease: wall_now() + LEASE, details }
    }

    /// Records an operation before its first step.
    pub(super) async fn begin(
        &self,
        tenant: TenantId,
        details: OperationDetails,
    ) -> Result<Operation, StoreError> {
        self.begin_if(tenant, details, None).await
    }

    /// [`Self::begin`] in one commit with `condition`; a conflict if that does not hold.
    pub(super) async fn begin_if(
        &self,
        tenant: TenantId,
        details: OperationDetails,
        condition: Option<Statement>,
    ) -> Result<Operation, StoreError> {
        let operation = self.new_operation(tenant, details);
        let mut change = Change::from(insert(&operation));
        if let Some(condition) = condition {
            change.add(condition);
        }
        self.chassis.store.commit(change).await?;
        Ok(operation)
    }

    /// Records a deletion: removes the tenant from the list, and replaces its operation `present`.
    /// `newest` is the newest of the tenant's data. A conflict if the tenant or its operation has
    /// changed.
    pub(super) async fn begin_deletion(
        &self,
        tenant: TenantId,
        newest: Instant,
        present: Option<&Operation>,
    ) -> Result<Operation, StoreError> {
        let mut details = begun(OperationKind::Delete);
        attempt_again(&mut details, newest);
        let operation = self.new_operation(tenant, details);
        let mut change = Change::from(sql!("DELETE FROM handouts WHERE tenant = $1", tenant).expect_rows(1));
        change.append(forget_phones(tenant));
        change.add(forget_end(tenant));
        change.add(forget_raised(tenant));
        change.append(forget_snapshots(tenant));
        change.add(end_of_seat(tenant, wall_now()));
        if let Some(present) = present {
            change.add(Self::replaced(present));
        }
        change.add(insert(&operation));
        self.chassis.store.commit(change).await?;
        Ok(operation)
    }

    /// Records a reset or a restore, which replaces the tenant's operation `present`. `newest` is
    /// the newest of the tenant's data. A conflict if the tenant or its operation has changed.
    pub(super) async fn begin_again(
        &self,
        tenant: TenantId,
        mut details: OperationDetails,
        newest: Instant,
        present: Option<&Operation>,
    ) -> Result<Operation, StoreError> {
        attempt_again(&mut details, newest);
        let operation = self.new_operation(tenant, details);
        let exists = sql!("UPDATE handouts SET revision = revision + 1 WHERE tenant = $1", tenant);
        let mut change = Change::from(exists.expect_rows(1));
        if let Some(snapshot) = operation.details.snapshot {
            change.add(keep_snapshot(tenant, snapshot));
        }
        if let Some(present) = present {
            change.add(Self::replaced(present));
        }
        change.add(insert(&operation));
        self.chassis.store.commit(change).await?;
        Ok(operation)
    }

    /// Returns the statement that removes an operation for one that replaces it: of this process,
    /// or abandoned by another one. A conflict if its lease was renewed or another replica has
    /// claimed it: it goes on.
    fn replaced(present: &Operation) -> Statement {
        let removal = sql!(
            "DELETE FROM operations WHERE tenant = $1 AND id = $2 AND owner = $3 AND lease_wall_us = $4",
            present.tenant,
            &present.id,
            &present.owner,
            present.lease
        );
        removal.expect_rows(1)
    }

    /// Asks the replica that works on an operation to end it after its current step.
    pub(super) async fn ask_to_end(&self, operation: &Operation) -> Result<(), StoreError> {
        self.chassis
            .store
            .commit(sql!(
                "UPDATE operations SET must_end = 1 WHERE tenant = $1 AND id = $2 AND must_end = 0",
                operation.tenant,
                &operation.id
            ))
            .await
    }

    /// Whether an operation is to end, because another replica waits or it has been replaced.
    pub(super) async fn must_end(&self, operation: &Operation) -> Result<bool, StoreError> {
        let select = sql!(
            "SELECT must_end FROM operations WHERE tenant = $1 AND id = $2 AND owner = $3",
            operation.tenant,
            &operation.id,
            &operation.owner
        );
        let row = self.chassis.store.row(select).await?;
        row.map_or(Ok(true), |row| Ok(row.int("must_end")? != 0))
    }

    /// Renews the lease of an operation of this process that waits for its turn; one that has ended
    /// stays ended.
    pub(super) async fn renew(&self, operation: &Operation) -> Result<(), StoreError> {
        let now = wall_now();
        if operation.owner != self.owner || operation.lease - now > LEASE_HALF {
            return Ok(());
        }
        let renew = sql!(
            "UPDATE operations SET lease_wall_us = $1 WHERE tenant = $2 AND id = $3 AND owner = $4",
            now + LEASE,
            operation.tenant,
            &operation.id,
            &self.owner
        );
        self.chassis.store.commit(renew).await
    }

    /// Whether replicas of the lab may share the database.
    pub(super) fn is_shared(&self) -> bool {
        !self.chassis.store.is_exclusive()
    }

    pub(super) async fn read(&self, tenant: TenantId) -> Result<Option<Operation>, StoreError> {
        let row = self
            .chassis
            .store
            .row(sql!(
                "SELECT tenant, id, owner, lease_wall_us, details FROM operations WHERE tenant = $1",
                tenant
            ))
            .await?;
        row.as_ref().map(operation_of).transpose()
    }

    pub(super) async fn list(&self) -> Result<Vec<Operation>, StoreError> {
        let rows = self
            .chassis
            .store
            .rows(sql!("SELECT tenant, id, owner, lease_wall_us, details FROM operations ORDER BY tenant"))
            .await?;
        rows.iter().map(operation_of).collect()
    }

    /// Whether another replica of the lab works on it: its lease is valid and its process may still
    /// run. An embedded database has no other replicas.
    pub(super) fn is_elsewhere(&self, operation: &Operation) -> bool {
        !self.chassis.store.is_exclusive()
            && operation.owner != self.owner
            && operation.lease > wall_now()
            && !holder::has_ended(&operation.owner)
    }

    /// Claims an abandoned operation, for another attempt.
    pub(super) async fn claim(&self, operation: Operation) -> Result<Operation, StoreError> {
        let mut details = operation.details;
        let earlier = details.incarnation();
        attempt_again(&mut details, earlier);
        let claimed =
            Operation { owner: self.owner.clone(), lease: wall_now() + LEASE, details, ..operation };
        let update = sql!(
            "UPDATE operations SET owner = $1, lease_wall_us = $2, details = $3 \
             WHERE tenant = $4 AND id = $5 AND owner = $6 AND lease_wall_us = $7",
            &claimed.owner,
            claimed.lease,
            text_of(&claimed.details),
            claimed.tenant,
            &claimed.id,
            operation.owner,
            operation.lease
        );
        self.chassis.store.commit(update.expect_rows(1)).await?;
        Ok(claimed)
    }

    /// Saves the progress of an operation, and renews its lease.
    pub(super) async fn update(&self, operation: &Operation) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE operations SET lease_wall_us = $1, details = $2 WHERE tenant = $3 AND id = $4 AND owner = $5",
            wall_now() + LEASE,
            text_of(&operation.details),
            operation.tenant,
            &operation.id,
            &operation.owner
        );
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    /// Saves how an operation stands that has stopped unfinished, and gives its lease up: any
    /// replica may end it, or replace it.
    pub(super) async fn give_up(&self, operation: &Operation) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE operations SET lease_wall_us = $1, details = $2 WHERE tenant = $3 AND id = $4 AND owner = $5",
            wall_now(),
            text_of(&operation.details),
            operation.tenant,
            &operation.id,
            &operation.owner
        );
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    /// Renews the lease before a step that must not follow those of another replica. A conflict if
    /// one has claimed the operation, or it has ended. An embedded database has no other replicas.
    pub(super) async fn keep(&self, operation: &Operation) -> Result<(), StoreError> {
        if self.chassis.store.is_exclusive() {
            return Ok(());
        }
        let update = sql!(
            "UPDATE operations SET lease_wall_us = $1 WHERE tenant = $2 AND id = $3 AND owner = $4",
            wall_now() + LEASE,
            operation.tenant,
            &operation.id,
            &operation.owner
        );
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    /// Returns the statement that ends an operation; a conflict if it has already ended or another
    /// replica has claimed it.
    pub(super) fn end(operation: &Operation) -> Statement {
        let end = sql!(
            "DELETE FROM operations WHERE tenant = $1 AND id = $2 AND owner = $3",
            operation.tenant,
            &operation.id,
            &operation.owner
        );
        end.expect_rows(1)
    }

    /// Commits a change in the lab's own database.
    pub(super) async fn commit(&self, change: impl Into<Change>) -> Result<(), StoreError> {
        self.chassis.store.commit(change).await
    }
}

fn insert(operation: &Operation) -> Statement {
    sql!(
        "INSERT INTO operations (tenant, id, owner, lease_wall_us, details) VALUES ($1, $2, $3, $4, $5)",
        operation.tenant,
        &operation.id,
        &operation.owner,
        operation.lease,
        text_of(&operation.details)
    )
}

fn text_of(details: &OperationDetails) -> String {
    // Plain data with text keys: serialization cannot fail.
    serde_json::to_string(details).unwrap_or_default()
}

fn operation_of(row: &Row) -> Result<Operation, StoreError> {
    let details = row.text("details")?;
    let details = serde_json::from_str(&details)
        .map_err(|error| StoreError::Corrupt { column: "details".to_owned(), why: error.to_string() })?;
    Ok(Operation {
        tenant: row.parse("tenant")?,
        id: row.text("id")?,
        owner: row.text("owner")?,
        lease: row.instant("lease_wall_us")?,
        details,
    })
}
