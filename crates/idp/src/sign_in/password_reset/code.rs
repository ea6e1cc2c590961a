//! Password reset codes.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_rules::reset_code::{self, ResetCode, ResetCodeFacts, TRIES_MAX};
use outlive_store::{Change, Statement, StoreError, sql};
use uuid::Uuid;

use crate::directory::{Tenant, User};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;
use crate::sign_in::outbox::Message;

/// Returns the statements that send a code to a user and invalidate earlier codes.
pub(super) fn sending(idp: &Idp, tenant: &Tenant, user: &User, id: Uuid, now: Instant) -> Change {
    let drawn = idp.chassis.random.of(user.tenant).stream("password-reset-code").between(0, 99_999_999);
    let code = format!("{drawn:08}");
    let message = Message {
        to: user.upn.clone(),
        subject: "Your password reset code".to_owned(),
        text: format!(
            "Use the code {code} to set a new password. It is valid for 15 minutes. If you did not request it, \
             do nothing."
        ),
        code: code.clone(),
        reset: Some(id),
    };
    let mut change = Change::new();
    change.add(sql!("DELETE FROM password_resets WHERE tenant = $1 AND user_id = $2", user.tenant, user.id));
    change.add(sql!(
        "INSERT INTO password_resets (tenant, id, user_id, code_hash, issued_us, tries) VALUES ($1, $2, $3, $4, $5, 0)",
        user.tenant,
        id.to_string(),
        user.id,
        tenant.keys.secrets().sent_code_hash(id, &code),
        now
    ));
    change.append(message.sending(idp, tenant, now));
    change
}

/// The result of an attempt, with the user.
pub(super) enum AttemptResult {
    Accepted(UserId),
    Rejected(ResetCode),
}

/// Checks a code. The attempt is counted before the comparison, so that concurrent attempts cannot
/// exceed the limit.
pub(super) async fn attempt(
    idp: &Idp,
    tenant: &Tenant,
    id: Uuid,
    typed: &str,
    now: Instant,
) -> Result<AttemptResult, Refusal> {
    let store = &idp.chassis.store;
    let counted = sql!(
        "UPDATE password_resets SET tries = tries + 1 WHERE tenant = $1 AND id = $2 AND tries <= $3",
        tenant.id,
        id.to_string(),
        i64::from(TRIES_MAX)
    );
    store.commit(Change::from(counted)).await?;
    let row = store.row(sql!(
        "SELECT user_id, code_hash, issued_us, tries FROM password_resets WHERE tenant = $1 AND id = $2",
        tenant.id,
        id.to_string()
    ));
    // Without a sent code, every code is wrong.
    let Some(row) = row.await? else { return Ok(AttemptResult::Rejected(ResetCode::Wrong)) };
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).take(20).collect();
    let facts = ResetCodeFacts {
        issued_at: row.instant("issued_us")?,
        tries: u32::try_from(row.int("tries")?).unwrap_or(u32::MAX),
        matches: tenant.keys.secrets().is_sent_code(id, &typed, &row.text("code_hash")?),
    };
    Ok(match reset_code::decide(&facts, now) {
        ResetCode::Good => AttemptResult::Accepted(row.parse("user_id")?),
        not => AttemptResult::Rejected(not),
    })
}

/// Returns whether the code of a reset can still be used: it is not used, replaced, expired, nor
/// tried too often.
pub(crate) async fn is_open(idp: &Idp, tenant: TenantId, id: Uuid, now: Instant) -> Result<bool, StoreError> {
    let row = idp.chassis.store.row(sql!(
        "SELECT issued_us, tries FROM password_resets WHERE tenant = $1 AND id = $2",
        tenant,
        id.to_string()
    ));
    let Some(row) = row.await? else { return Ok(false) };
    let tries = u32::try_from(row.int("tries")?).unwrap_or(u32::MAX).saturating_add(1);
    let facts = ResetCodeFacts { issued_at: row.instant("issued_us")?, tries, matches: true };
    Ok(matches!(reset_code::decide(&facts, now), ResetCode::Good))
}

/// Reverts the count of an attempt: the code was correct and another check failed.
pub(super) fn revert_attempt(tenant: TenantId, id: Uuid) -> Statement {
    sql!(
        "UPDATE password_resets SET tries = tries - 1 WHERE tenant = $1 AND id = $2 AND tries > 0",
        tenant,
        id.to_string()
    )
}

/// Marks the code as used; of two concurrent uses exactly one succeeds.
pub(super) fn mark_used(tenant: TenantId, id: Uuid) -> Statement {
    sql!("DELETE FROM password_resets WHERE tenant = $1 AND id = $2", tenant, id.to_string()).expect_rows(1)
}
