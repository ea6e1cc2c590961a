//! Limits how many codes are sent and tried, by user name and by address. Names that no user has
//! are counted in the same way, so that the response does not reveal whether a user exists.

use std::net::IpAddr;

use outlive_clock::{Instant, TenantId};
use outlive_rules::aadsts;
use outlive_rules::reset_code::{ADDRESS_LIMITS, Limits, ResetAttempts, USER_LIMITS};
use outlive_store::{Change, Statement, StoreError, sql};
use serde_json::json;

use crate::idp::Idp;
use crate::protocol::refusal::Refusal;

/// How many times a conflicting attempt is retried.
const TRIES: u32 = 16;
/// How many expired rows are removed by each attempt.
const REMOVED_AT_ONCE: u32 = 20;

/// Limits the attempts for a user name and from an address.
pub(super) struct AttemptLimiter {
    tenant: TenantId,
    user: String,
    address: String,
}

/// The stored attempts of a user name or an address.
struct Counted<'a> {
    subject: &'a str,
    limits: &'static Limits,
    revision: Option<i64>,
    attempts: ResetAttempts,
}

impl AttemptLimiter {
    pub(super) fn new(idp: &Idp, tenant: TenantId, user_name: &str, address: IpAddr) -> Self {
        let name = user_name.trim().to_lowercase();
        Self {
            tenant,
            user: idp.secrets.reset_subject(tenant, "user", &name),
            address: idp.secrets.reset_subject(tenant, "address", &address.to_string()),
        }
    }

    /// Counts the request for a code in the same commit as the message. Returns `false`, and sends
    /// nothing, if the limit is exceeded.
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

    /// Counts a try before the code is checked, so that concurrent tries are all counted. Returns
    /// `false` if the limit is exceeded.
    pub(super) async fn count_try(&self, idp: &Idp, now: Instant) -> Result<bool, Refusal> {
        let count = |attempts: &ResetAttempts, limits: &Limits| attempts.after_try(limits, now);
        self.count(idp, now, count, |_| Some(Change::new())).await
    }

    /// Removes a try at `at` from the counters: the code was correct.
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

    /// Removes the user's counters: the password was reset.
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
            // After the rows are written: one of them may be expired.
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
        // So many concurrent attempts exceed the limit.
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
    /// Writes `after` if the row is unchanged since it was read.
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

/// Removes expired rows.
fn remove_old(tenant: TenantId, now: Instant) -> Statement {
    sql!(
        "DELETE FROM password_reset_limits WHERE tenant = $1 AND subject IN \
         (SELECT subject FROM password_reset_limits WHERE tenant = $1 AND until_us < $2 LIMIT $3)",
        tenant,
        now,
        REMOVED_AT_ONCE
    )
}
