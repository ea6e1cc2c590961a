//! How often codes are sent and tried, by user name and by address. Names that no user has are
//! counted like all others, so that the answer says nothing about them.

use std::net::IpAddr;

use outlive_clock::{Instant, TenantId};
use outlive_rules::aadsts;
use outlive_rules::reset_code::{ADDRESS_LIMITS, Limits, ResetAttempts, USER_LIMITS};
use outlive_store::{Change, Statement, StoreError, sql};
use serde_json::json;

use crate::idp::Idp;
use crate::refusal::Refusal;

/// How often it is tried again when another attempt is counted at the same moment.
const TRIES: u32 = 16;
/// Rows that a count removes on its way, of those that no longer say anything.
const REMOVED_AT_ONCE: u32 = 20;

/// Who asks, and for whom.
pub(super) struct Asker {
    tenant: TenantId,
    user: String,
    address: String,
}

/// What is remembered of a user name or an address.
struct Counted<'a> {
    subject: &'a str,
    limits: &'static Limits,
    revision: Option<i64>,
    attempts: ResetAttempts,
}

impl Asker {
    pub(super) fn new(idp: &Idp, tenant: TenantId, user_name: &str, address: IpAddr) -> Self {
        let name = user_name.trim().to_lowercase();
        Self {
            tenant,
            user: idp.secrets.reset_subject(tenant, "user", &name),
            address: idp.secrets.reset_subject(tenant, "address", &address.to_string()),
        }
    }

    /// Counts that a code is asked for, together with what sends it. `false`: these were too many,
    /// and nothing is sent.
    pub(super) async fn count_send(
        &self,
        idp: &Idp,
        now: Instant,
        sending: impl Fn() -> Change,
    ) -> Result<bool, Refusal> {
        let count = |attempts: &ResetAttempts, limits: &Limits| attempts.after_send(limits, now);
        self.count(idp, now, count, |counted| {
            let too_many = counted.iter().any(|one| one.attempts.are_too_many(one.limits, now));
            (!too_many).then(&sending)
        })
        .await
    }

    /// Counts a try, before the code is looked at: however many try at once, each is counted.
    /// `false`: it is not looked at.
    pub(super) async fn count_try(&self, idp: &Idp, now: Instant) -> Result<bool, Refusal> {
        let count = |attempts: &ResetAttempts, limits: &Limits| attempts.after_try(limits, now);
        self.count(idp, now, count, |_| Some(Change::new())).await
    }

    /// Takes a try at `at` back: the code was right.
    pub(super) async fn forgive(&self, idp: &Idp, at: Instant) -> Result<(), Refusal> {
        for _ in 0..TRIES {
            let mut change = Change::new();
            for one in self.read(idp).await?.iter().filter(|one| one.revision.is_some()) {
                change.add(one.written(self.tenant, &one.attempts.without_try(at)));
            }
            match idp.chassis.store.commit(change).await {
                Err(error) if error.is_conflict() => {}
                other => return Ok(other?),
            }
        }
        Err(Refusal::new(aadsts::SERVICE_UNAVAILABLE))
    }

    /// Forgets the user's counters: the password was reset.
    pub(super) fn reset(&self) -> Statement {
        sql!("DELETE FROM password_reset_limits WHERE tenant = $1 AND subject = $2", self.tenant, &self.user)
    }

    async fn count(
        &self,
        idp: &Idp,
        now: Instant,
        count: impl Fn(&ResetAttempts, &Limits) -> ResetAttempts,
        admitted: impl Fn(&[Counted<'_>]) -> Option<Change>,
    ) -> Result<bool, Refusal> {
        for _ in 0..TRIES {
            let mut counted = self.read(idp).await?;
            if counted.iter().any(|one| one.attempts.are_too_many(one.limits, now)) {
                return Ok(false);
            }
            let mut change = Change::new();
            for one in &mut counted {
                let after = count(&one.attempts, one.limits);
                change.add(one.written(self.tenant, &after));
                one.attempts = after;
            }
            // After the rows that are written: one of them may be old.
            change.add(remove_old(self.tenant, now));
            let admitted = admitted(&counted);
            let is_admitted = admitted.is_some();
            change.append(admitted.unwrap_or_default());
            match idp.chassis.store.commit(change).await {
                Ok(()) => return Ok(is_admitted),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        // So many at the same moment are too many.
        Ok(false)
    }

    async fn read(&self, idp: &Idp) -> Result<Vec<Counted<'_>>, StoreError> {
        let mut all = Vec::new();
        for (subject, limits) in [(&self.user, &USER_LIMITS), (&self.address, &ADDRESS_LIMITS)] {
            let select = sql!(
                "SELECT revision, sends, failures FROM password_reset_limits WHERE tenant = $1 AND subject = $2",
                self.tenant,
                subject
            );
            let mut counted = Counted { subject, limits, revision: None, attempts: ResetAttempts::default() };
            if let Some(row) = idp.chassis.store.row(select).await? {
                counted.revision = Some(row.int("revision")?);
                counted.attempts =
                    ResetAttempts { sends: row.json("sends")?, failures: row.json("failures")? };
            }
            all.push(counted);
        }
        Ok(all)
    }
}

impl Counted<'_> {
    /// Writes `after`, if the row is still as it was read.
    fn written(&self, tenant: TenantId, after: &ResetAttempts) -> Statement {
        let until = after.count_until(self.limits).unwrap_or(Instant::EPOCH);
        match self.revision {
            None => sql!(
                "INSERT INTO password_reset_limits (tenant, subject, revision, sends, failures, until_us) \
                 VALUES ($1, $2, 1, $3, $4, $5)",
                tenant,
                self.subject,
                json!(after.sends),
                json!(after.failures),
                until
            ),
            Some(revision) => sql!(
                "UPDATE password_reset_limits SET revision = revision + 1, sends = $1, failures = $2, until_us = $3 \
                 WHERE tenant = $4 AND subject = $5 AND revision = $6",
                json!(after.sends),
                json!(after.failures),
                until,
                tenant,
                self.subject,
                revision
            )
            .expect_rows(1),
        }
    }
}

/// Removes some of the rows that no longer say anything.
fn remove_old(tenant: TenantId, now: Instant) -> Statement {
    sql!(
        "DELETE FROM password_reset_limits WHERE tenant = $1 AND subject IN \
         (SELECT subject FROM password_reset_limits WHERE tenant = $1 AND until_us < $2 LIMIT $3)",
        tenant,
        now,
        REMOVED_AT_ONCE
    )
}
