//! Refresh tokens that are good once, where a tenant's rules say so (`rotation=strict`): which token of a family is still good.
//! Elsewhere nothing is read and nothing written.

use outlive_clock::Instant;
use outlive_rules::{RotationFacts, Ruleset, lifetimes};
use outlive_store::{Change, Statement, Store, StoreError, sql};
use outlive_tokens::SealedRefreshToken;

/// What is known of a presented token, and what its use would change.
pub(crate) struct Rotation {
    pub(crate) facts: RotationFacts,
    /// Whether the family was used before.
    known: bool,
    strict: bool,
}

/// Looks the family up: one indexed read, and none where tokens are good more than once.
pub(crate) async fn look_up(
    store: &Store,
    rules: &Ruleset,
    token: &SealedRefreshToken,
) -> Result<Rotation, StoreError> {
    let strict = rules.switches().strict_rotation;
    if !strict {
        return Ok(Rotation { facts: RotationFacts::default(), known: false, strict });
    }
    let row = store.row(sql!(
        "SELECT good, used_us, ended_us FROM refresh_token_families WHERE tenant = $1 AND family = $2",
        token.tenant,
        token.family_id.to_string()
    ));
    let Some(row) = row.await? else {
        return Ok(Rotation { facts: RotationFacts::default(), known: false, strict });
    };
    let is_good = row.text("good")? == token.token_id.to_string();
    let used_at = if is_good { None } else { Some(row.instant("used_us")?) };
    let facts = RotationFacts { used_at, family_ended_at: row.opt_instant("ended_us")? };
    Ok(Rotation { facts, known: true, strict })
}

impl Rotation {
    /// Makes `next` the one good token of the family, if `used` still is it: of two that use it at once, one does.
    pub(crate) fn replace(
        &self,
        used: &SealedRefreshToken,
        next: &SealedRefreshToken,
        now: Instant,
        change: &mut Change,
    ) {
        if !self.strict {
            return;
        }
        let (tenant, family) = (used.tenant, used.family_id.to_string());
        change.add(if self.known {
            sql!(
                "UPDATE refresh_token_families SET good = $1, used_us = $2 \
                 WHERE tenant = $3 AND family = $4 AND good = $5 AND ended_us IS NULL",
                next.token_id.to_string(),
                now,
                tenant,
                family,
                used.token_id.to_string()
            )
            .expect_rows(1)
        } else {
            sql!(
                "INSERT INTO refresh_token_families (tenant, family, good, used_us) VALUES ($1, $2, $3, $4)",
                tenant,
                family,
                next.token_id.to_string(),
                now
            )
        });
        // What was not used for so long is refused without a row.
        change.add(sql!(
            "DELETE FROM refresh_token_families WHERE tenant = $1 AND family IN \
             (SELECT family FROM refresh_token_families WHERE tenant = $1 AND used_us < $2 LIMIT 20)",
            tenant,
            now - lifetimes::REFRESH_TOKEN_INACTIVITY
        ));
    }

    /// Ends the family, if the token was used before and the family has not ended yet.
    pub(crate) fn end_family(&self, token: &SealedRefreshToken, now: Instant) -> Option<Statement> {
        (self.facts.used_at.is_some() && self.facts.family_ended_at.is_none()).then(|| {
            sql!(
                "UPDATE refresh_token_families SET ended_us = $1 \
                 WHERE tenant = $2 AND family = $3 AND ended_us IS NULL",
                now,
                token.tenant,
                token.family_id.to_string()
            )
        })
    }
}
