//! A presented refresh token: its facts for the rules, at redemption and when explaining a verdict,
//! and its family, for tenants whose rules enable rotation (`rotation=strict`).

use outlive_chassis::{Chassis, ClockError};
use outlive_clock::{Instant, Speed};
use outlive_rules::{RefreshTokenFacts, RequestOrigin, RotationFacts, Ruleset, SecondFactorFacts, lifetimes};
use outlive_store::{Change, Statement, StoreError, sql};
use outlive_tokens::SealedRefreshToken;
use uuid::Uuid;

use crate::access::conditional_access::Access;
use crate::access::second_factor;
use crate::directory::{Application, Tenant, User};
use crate::idp::Idp;

/// A presented refresh token and its context.
pub(crate) struct Presentation<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) token: &'a SealedRefreshToken,
    pub(crate) user: Option<&'a User>,
    pub(crate) client: Option<&'a Application>,
    pub(crate) access: &'a Access,
    /// Whether the presenting client is the one it was issued to.
    pub(crate) by_its_client: bool,
    /// The page that sent the request, if a browser did.
    pub(crate) origin: RequestOrigin,
}

/// Returns the facts, and the effect on the family where refresh tokens rotate.
pub(crate) async fn gather(
    idp: &Idp,
    presented: &Presentation<'_>,
) -> Result<(RefreshTokenFacts, Rotation), StoreError> {
    let Presentation { tenant, token, user, client, access, by_its_client, origin } = *presented;
    let session_signed_out_at = match token.session_id {
        Some(session) => idp.directory.signed_out_at(tenant.id, session).await?,
        None => None,
    };
    let rotation = look_up(&idp.chassis, &tenant.rules, token).await?;
    let facts = RefreshTokenFacts {
        client_class: token.client_class,
        password_based: token.password_based,
        spa: token.is_spa(),
        family_issued_at: token.family_issued_at,
        issued_at: token.issued_at,
        session_signed_out_at,
        presented_by_its_client: by_its_client,
        origin,
        second_factor: user.map_or_else(SecondFactorFacts::default, |user| {
            access.also(second_factor::facts(tenant, user, client, &token.amr))
        }),
        rotation: rotation.facts.clone(),
        conditional_access: access.facts.clone(),
    };
    Ok((facts, rotation))
}

/// The state of a presented token, and the effect of its use.
pub(crate) struct Rotation {
    pub(crate) facts: RotationFacts,
    /// Whether the family has been used before.
    known: bool,
    strict: bool,
    /// The successor of the presented token, if that was the last to be replaced.
    successor: Option<Uuid>,
}

/// Looks up the family: one indexed read, and none without rotation.
async fn look_up(
    chassis: &Chassis,
    rules: &Ruleset,
    token: &SealedRefreshToken,
) -> Result<Rotation, StoreError> {
    let strict = rules.switches().strict_rotation;
    let unused = Rotation { facts: RotationFacts::default(), known: false, strict, successor: None };
    if !strict {
        return Ok(unused);
    }
    let row = chassis.store.row(sql!(
        "SELECT good, previous, used_us, ended_us FROM refresh_token_families \
         WHERE tenant = $1 AND family = $2",
        token.tenant,
        token.family_id.to_string()
    ));
    let Some(row) = row.await? else { return Ok(unused) };
    let mut facts =
        RotationFacts { family_ended_at: row.opt_instant("ended_us")?, ..RotationFacts::default() };
    let (good, previous) = (row.parse::<Uuid>("good")?, row.opt_text("previous")?);
    if good == token.token_id {
        return Ok(Rotation { facts, known: true, ..unused });
    }
    let used_at = row.instant("used_us")?;
    facts.used_at = Some(used_at);
    let was_replaced_last = previous.is_some_and(|previous| previous == token.token_id.to_string());
    if was_replaced_last {
        let speed = match chassis.clocks.clock(token.tenant).await {
            Ok(clock) => clock.speed(),
            Err(ClockError::UnknownTenant(_)) => Speed::REAL,
            Err(ClockError::Store(error)) => return Err(error),
        };
        facts.reusable_until = Some(RotationFacts::reusable_until(used_at, speed));
    }
    Ok(Rotation { facts, known: true, strict, successor: was_replaced_last.then_some(good) })
}

impl Rotation {
    /// Returns the id of the next token if the presented one is retried: a client that lost the
    /// first response then gets the same token again.
    pub(crate) fn successor(&self, now: Instant) -> Option<Uuid> {
        self.successor.filter(|_| self.strict && self.facts.is_reuse(now))
    }

    /// Makes `next` the valid token of the family if `used` still is; of two concurrent uses
    /// exactly one succeeds.
    pub(crate) fn replace(
        &self,
        used: &SealedRefreshToken,
        next: &SealedRefreshToken,
        now: Instant,
        change: &mut Change,
    ) {
        if !self.strict || self.successor(now).is_some() {
            return;
        }
        let (tenant, family) = (used.tenant, used.family_id.to_string());
        change.add(if self.known {
            sql!(
                "UPDATE refresh_token_families SET good = $1, previous = $5, used_us = $2 \
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
                "INSERT INTO refresh_token_families (tenant, family, good, previous, used_us) \
                 VALUES ($1, $2, $3, $4, $5)",
                tenant,
                family,
                next.token_id.to_string(),
                used.token_id.to_string(),
                now
            )
        });
        // Tokens that have been unused for so long are rejected without a row.
        change.add(sql!(
            "DELETE FROM refresh_token_families WHERE tenant = $1 AND family IN \
             (SELECT family FROM refresh_token_families WHERE tenant = $1 AND used_us < $2 LIMIT 20)",
            tenant,
            now - lifetimes::REFRESH_TOKEN_INACTIVITY
        ));
    }

    /// Revokes the family if the token was used before, unless it is revoked already.
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
