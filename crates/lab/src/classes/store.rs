//! Storage of classes and their seats, in the lab's own database.

use outlive_chassis::Chassis;
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Row, StoreError, sql};
use outlive_wire::classes::{Class, ListedClass, Seat, SeatProgress};

/// A seat whose tenant is not created yet.
#[derive(Clone, Debug)]
pub(super) struct ReservedSeat {
    pub(super) class: String,
    pub(super) tenant: TenantId,
    /// When it was reserved (wall time), and by which process.
    pub(super) since: Instant,
    pub(super) by: Option<String>,
}

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

    /// Returns the largest number of a seat, and the number of seats that exist or are reserved.
    pub(super) async fn numbers(&self, code: &str) -> Result<(u16, u16), StoreError> {
        let select = sql!(
            "SELECT MAX(s.seat) AS last, \
             SUM(CASE WHEN h.tenant IS NOT NULL OR s.reserved_wall_us IS NOT NULL THEN 1 ELSE 0 END) AS present \
             FROM seats s LEFT JOIN handouts h ON h.tenant = s.tenant WHERE s.class = $1",
            code
        );
        let Some(row) = self.chassis.store.row(select).await? else { return Ok((0, 0)) };
        Ok((number(row.opt_int("last")?.unwrap_or(0)), number(row.opt_int("present")?.unwrap_or(0))))
    }

    /// Reserves seats for this process; a conflict if the class has ended or one of the numbers is
    /// in use.
    pub(super) async fn reserve(
        &self,
        code: &str,
        seats: &[(TenantId, u16, Option<String>)],
        now: Instant,
        process: &str,
    ) -> Result<(), StoreError> {
        let exists = sql!("UPDATE classes SET revealed = revealed WHERE code = $1", code);
        let mut change = Change::from(exists.expect_rows(1));
        for (tenant, number, name) in seats {
            change.add(sql!(
                "INSERT INTO seats (tenant, class, seat, name, reserved_wall_us, reserved_by) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                *tenant,
                code,
                u32::from(*number),
                name.clone(),
                now,
                process
            ));
        }
        self.chassis.store.commit(change).await
    }

    /// Removes a reserved seat whose tenant was not created.
    pub(super) async fn give_up(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.chassis
            .store
            .commit(sql!("DELETE FROM seats WHERE tenant = $1 AND reserved_wall_us IS NOT NULL", tenant))
            .await
    }

    /// Returns the seats that are reserved and have no tenant yet.
    pub(super) async fn find_reserved(&self) -> Result<Vec<ReservedSeat>, StoreError> {
        let select = sql!(
            "SELECT tenant, class, reserved_wall_us, reserved_by FROM seats \
             WHERE reserved_wall_us IS NOT NULL ORDER BY class, seat"
        );
        let reserved = |row: &Row| {
            Ok(ReservedSeat {
                class: row.text("class")?,
                tenant: row.parse("tenant")?,
                since: row.instant("reserved_wall_us")?,
                by: row.opt_text("reserved_by")?,
            })
        };
        self.chassis.store.rows(select).await?.iter().map(reserved).collect()
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

    /// Removes the reserved seats of a class: their tenants are not created.
    pub(super) async fn give_up_reserved(&self, code: &str) -> Result<(), StoreError> {
        self.chassis
            .store
            .commit(sql!("DELETE FROM seats WHERE class = $1 AND reserved_wall_us IS NOT NULL", code))
            .await
    }

    /// Removes a class with its seats. Their tenants are deleted before; a conflict if a seat has
    /// one.
    pub(super) async fn delete(&self, code: &str) -> Result<(), StoreError> {
        let delete = sql!(
            "DELETE FROM classes WHERE code = $1 AND NOT EXISTS \
             (SELECT 1 FROM seats s JOIN handouts h ON h.tenant = s.tenant WHERE s.class = $2)",
            code,
            code
        );
        let mut change = Change::from(delete.expect_rows(1));
        change.add(sql!("DELETE FROM seats WHERE class = $1", code));
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
