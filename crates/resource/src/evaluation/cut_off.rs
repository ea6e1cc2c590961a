//! Since when a user's tokens count.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Statement, Store, StoreError, sql};
use outlive_tokens::claims::BACKDATED;
use outlive_tokens::{AccessClaims, SecurityEventKind};

/// The latest critical event of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// When it happened: whole seconds of virtual time, as events tell it.
    pub(crate) at: Instant,
    /// What it was (`credential-change`).
    pub(crate) event: String,
}

impl CutOff {
    /// Whether a token was issued before it. What was issued within its second survives, as grants do at the issuer.
    fn ends(&self, token: &AccessClaims) -> bool {
        token.iat + BACKDATED < self.at
    }
}

/// What ended this token before its time; `None` if nothing did, or if its client could not be asked for another: such a token lives
/// until it expires, and not long.
pub(crate) async fn cut_off(
    store: &Store,
    tenant: TenantId,
    token: &AccessClaims,
) -> Result<Option<CutOff>, StoreError> {
    let Some(user) = token.user().filter(|_| can_be_challenged(token)) else { return Ok(None) };
    let row = store
        .row(sql!("SELECT at_us, event FROM cut_offs WHERE tenant = $1 AND user_id = $2", tenant, user))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let found = CutOff { at: row.instant("at_us")?, event: row.text("event")? };
    Ok(Some(found).filter(|found| found.ends(token)))
}

fn can_be_challenged(token: &AccessClaims) -> bool {
    token.xms_cc.iter().any(|capability| capability.eq_ignore_ascii_case("cp1"))
}

/// Remembers an event, unless a later one is known.
pub(super) fn remember(tenant: TenantId, user: UserId, kind: SecurityEventKind, at: Instant) -> Statement {
    sql!(
        "INSERT INTO cut_offs (tenant, user_id, at_us, event) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant, user_id) DO UPDATE SET at_us = excluded.at_us, event = excluded.event \
         WHERE cut_offs.at_us < excluded.at_us",
        tenant,
        user,
        at,
        kind.name()
    )
}
