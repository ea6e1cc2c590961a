//! Revocation cutoffs of users.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Statement, Store, StoreError, sql};
use outlive_tokens::claims::BACKDATED;
use outlive_tokens::{AccessClaims, SecurityEventKind};

/// The latest critical event of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// When it happened: whole seconds of virtual time, as in events.
    pub(crate) at: Instant,
    /// The event kind (`credential-change`).
    pub(crate) event: String,
}

impl CutOff {
    /// Whether a token was issued before the event. Tokens issued within the same second survive,
    /// as grants do at the issuer.
    fn revokes(&self, token: &AccessClaims) -> bool {
        token.iat + BACKDATED < self.at
    }
}

/// Returns the event that revoked the token; `None` without one, or if the client cannot
/// handle a claims challenge: its tokens are short-lived and remain valid until they expire.
pub(crate) async fn find_cut_off(
    store: &Store,
    tenant: TenantId,
    token: &AccessClaims,
) -> Result<Option<CutOff>, StoreError> {
    let Some(user) = token.user().filter(|_| token.can_be_challenged()) else { return Ok(None) };
    let row = store
        .row(sql!("SELECT at_us, event FROM cut_offs WHERE tenant = $1 AND user_id = $2", tenant, user))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let found = CutOff { at: row.instant("at_us")?, event: row.text("event")? };
    Ok(Some(found).filter(|found| found.revokes(token)))
}

/// Stores an event, unless a later one is stored.
pub(super) fn upsert_cut_off(
    tenant: TenantId,
    user: UserId,
    kind: SecurityEventKind,
    at: Instant,
) -> Statement {
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
