//! Storage of classes and their seats, in the lab's own database.

use outlive_chassis::Chassis;
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Row, StoreError, sql};
use outlive_wire::classes::{Class, ListedClass, Seat, SeatProgress};

#[derive(Clone, Debug)]
pub(super) struct ClassStore {
    chassis: Chassis,
}

impl ClassStore {
    pub(super) const fn new(chassis: Chassis) -> Self {
        Self { chassis }
    }

    /// Records a class without seats; a conflict if its code is in use.
    pub(super) async fn insert(&self, class: &Class, created_from: &str) -> Result<(), StoreError> {
        let insert = sql!(
            "INSERT INTO classes (code, opened_wall_us, created_from, lesson) VALUES ($1, $2, $3, $4)",
            &class.code,
            class.opened,
            created_from,
            class.lesson.map(u32::from)
        );
        self.chassis.store.commit(insert).await
    }

    /// Lists the classes, the newest first.
    pub(super) async fn list(&self) -> Result<Vec<ListedClass>, StoreError> {
        let select = sql!(
            "SELECT c.code, c.opened_wall_us, COUNT(h.tenant) AS seats, \
             SUM(CASE WHEN h.tenant IS NOT NULL AND s.joined_wall_us IS NOT NULL THEN 1 ELSE 0 END) AS taken \
             FROM classes c LEFT JOIN seats s ON s.class = c.code LEFT JOIN handouts h ON h.tenant = s.tenant \
             GROUP BY c.code, c.opened_wall_us ORDER BY c.opened_wall_us DESC, c.code"
        );
        let rows = self.chassis.store.rows(select).await?;
        let listed = |row: &Row| {
            Ok(ListedClass {
                code: row.text("code")?,
                seats: number(row.int("seats")?),
                taken: number(row.int("taken")?),
                opened: row.instant("opened_wall_us")?,
            })
        };
        rows.iter().map(listed).collect()
    }

    /// Returns a class with its seats, and what its tenants are created from. Seats whose tenant
    /// was deleted are left out.
    pub(super) async fn read(&self, code: &str) -> Result<Option<(Class, String)>, StoreError> {
        let select = sql!(
            "SELECT code, opened_wall_us, created_from, lesson, revealed FROM classes WHERE code = $1",
            code
        );
        let Some(row) = self.chassis.store.row(select).await? else { return Ok(None) };
        let select = sql!(
            "SELECT s.tenant, s.seat, s.name, s.joined_wall_us, s.progress, h.domain FROM seats s \
             JOIN handouts h ON h.tenant = s.tenant WHERE s.class = $1 ORDER BY s.seat",
            code
        );
        let seats = self.chassis.store.rows(select).await?;
        let class = Class {
            code: row.text("code")?,
            lesson: row.opt_int("lesson")?.and_then(|lesson| u8::try_from(lesson).ok()),
            opened: row.instant("opened_wall_us")?,
            revealed: number(row.int("revealed")?),
            seats: seats.iter().map(seat_of).collect::<Result<_, _>>()?,
        };
        Ok(Some((class, row.text("created_from")?)))
    }

    /// Returns the number of the next seat.
    pub(super) async fn next_seat(&self, code: &str) -> Result<u16, StoreError> {
        let select = sql!("SELECT MAX(seat) AS last FROM seats WHERE class = $1", code);
        let row = self.chassis.store.row(select).await?;
        let last = row.map(|row| row.opt_int("last")).transpose()?.flatten();
        Ok(number(last.unwrap_or(0)).saturating_add(1))
    }

    pub(super) async fn insert_seat(&self, code: &str, seat: &Seat) -> Result<(), StoreError> {
        let insert = sql!(
            "INSERT INTO seats (tenant, class, seat, name) VALUES ($1, $2, $3, $4)",
            seat.tenant_id,
            code,
            u32::from(seat.seat),
            seat.name.clone()
        );
        self.chassis.store.commit(insert).await
    }

    /// Takes a seat; a conflict if it has been taken meanwhile.
    pub(super) async fn take(
        &self,
        tenant: TenantId,
        name: Option<&str>,
        now: Instant,
    ) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE seats SET joined_wall_us = $1, name = COALESCE($2, name) \
             WHERE tenant = $3 AND joined_wall_us IS NULL",
            now,
            name.map(str::to_owned),
            tenant
        );
        self.chassis.store.commit(update.expect_rows(1)).await
    }

    /// Records the progress of a seat.
    pub(super) async fn report(&self, tenant: TenantId, progress: &SeatProgress) -> Result<(), StoreError> {
        // Plain data with text keys: serialization cannot fail.
        let text = serde_json::to_string(progress).unwrap_or_default();
        self.chassis
            .store
            .commit(sql!("UPDATE seats SET progress = $1 WHERE tenant = $2", text, tenant))
            .await
    }

    /// Forgets how far these seats were.
    pub(super) async fn forget_progress(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.chassis.store.commit(sql!("UPDATE seats SET progress = NULL WHERE tenant = $1", tenant)).await
    }

    pub(super) async fn reveal(&self, code: &str, step: u16) -> Result<(), StoreError> {
        let step = u32::from(step);
        self.chassis.store.commit(sql!("UPDATE classes SET revealed = $1 WHERE code = $2", step, code)).await
    }

    /// Sets the lesson: none of its answers is revealed, and no seat has begun it.
    pub(super) async fn set_lesson(&self, code: &str, lesson: u8) -> Result<(), StoreError> {
        let mut change = Change::from(sql!(
            "UPDATE classes SET lesson = $1, revealed = 0 WHERE code = $2",
            u32::from(lesson),
            code
        ));
        change.add(sql!("UPDATE seats SET progress = NULL WHERE class = $1", code));
        self.chassis.store.commit(change).await
    }

    /// Removes a class with its seats. Their tenants are deleted before.
    pub(super) async fn delete(&self, code: &str) -> Result<(), StoreError> {
        let mut change = Change::from(sql!("DELETE FROM seats WHERE class = $1", code));
        change.add(sql!("DELETE FROM classes WHERE code = $1", code));
        self.chassis.store.commit(change).await
    }
}

fn seat_of(row: &Row) -> Result<Seat, StoreError> {
    Ok(Seat {
        seat: number(row.int("seat")?),
        tenant_id: row.parse("tenant")?,
        domain: row.text("domain")?,
        name: row.opt_text("name")?,
        joined: row.opt_instant("joined_wall_us")?,
        progress: row.opt_json("progress")?,
    })
}

/// A stored count; what does not fit is the largest.
fn number(stored: i64) -> u16 {
    u16::try_from(stored.max(0)).unwrap_or(u16::MAX)
}
