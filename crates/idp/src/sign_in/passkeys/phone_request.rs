//! Ceremonies that a page hands to another device: the stand-in for the user's phone. The device
//! responds as a browser does, and the response is verified likewise.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use serde::Serialize;

use super::challenge::{Challenge, Reason};
use super::stored;

/// The maximum number of open requests of a user name, or of no user name. Anybody can cause them,
/// without signing in.
const OPEN_OF_NAME_MAX: i64 = 10;
/// The maximum number of open requests of a tenant.
const OPEN_MAX: i64 = 200;
/// The maximum number of open requests that are listed: all of a user name and of none.
const LISTED_MAX: i64 = 2 * OPEN_OF_NAME_MAX;
/// The response of a user who declined.
const DECLINED: &str = "declined";

/// What the device is asked.
#[derive(Debug, Clone)]
pub(crate) struct PhoneRequest {
    pub(crate) challenge: String,
    /// The typed or known user name; empty if the passkey is to identify the user.
    pub(crate) user_name: String,
    /// What the passkey is for: the application, or the registration.
    pub(crate) purpose: String,
    /// The origin of the page.
    pub(crate) origin: String,
    /// The options of the ceremony, as JSON.
    pub(crate) options: String,
    pub(crate) asked: Instant,
    /// The number that the page shows, and that is typed on the device. It does not follow from
    /// anything else in the request.
    pub(crate) number: u8,
}

/// What becomes of a registration on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// The page may still register the passkey.
    Waiting,
    Registered,
    /// It was canceled, or expired.
    Over,
}

/// What a page learns about its request.
pub(super) enum Heard {
    Nothing,
    Response(String),
}

impl PhoneRequest {
    /// Returns the statements that store the request, once, and forget expired ones. It is not
    /// stored if too many are open.
    pub(super) fn store(&self, tenant: TenantId) -> Change {
        let forgotten = Challenge::forgotten_before(self.asked);
        let mut change = Change::from(sql!(
            "DELETE FROM phone_requests WHERE tenant = $1 AND challenge IN \
             (SELECT challenge FROM phone_requests WHERE tenant = $1 AND asked_us < $2 LIMIT 20)",
            tenant,
            forgotten
        ));
        change.add(sql!(
            "INSERT INTO phone_requests (tenant, challenge, user_name, purpose, origin, options, asked_us, number) \
             SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
             CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM phone_requests WHERE tenant = $1 AND response IS NULL AND asked_us > $9 \
             AND lower(user_name) = $10) < $11 AND (SELECT COUNT(*) FROM phone_requests WHERE tenant = $1 \
             AND response IS NULL AND asked_us > $9) < $12 ON CONFLICT (tenant, challenge) DO NOTHING",
            tenant,
            &self.challenge,
            &self.user_name,
            &self.purpose,
            &self.origin,
            &self.options,
            self.asked,
            i64::from(self.number),
            forgotten,
            self.user_name.to_lowercase(),
            OPEN_OF_NAME_MAX,
            OPEN_MAX
        ));
        change
    }
}

/// Whether a request is stored.
pub(super) async fn is_stored(store: &Store, tenant: TenantId, challenge: &str) -> Result<bool, StoreError> {
    let row = store
        .row(sql!(
            "SELECT challenge FROM phone_requests WHERE tenant = $1 AND challenge = $2",
            tenant,
            challenge
        ))
        .await?;
    Ok(row.is_some())
}

/// Deletes the request of a page that was left, if there is one.
pub(super) fn forget(tenant: TenantId, challenge: &Challenge) -> Statement {
    sql!("DELETE FROM phone_requests WHERE tenant = $1 AND challenge = $2", tenant, challenge.text())
}

/// Returns what becomes of a registration that a device responded to with this credential.
pub(crate) async fn registration(
    store: &Store,
    tenant: TenantId,
    challenge: &str,
    credential: &str,
    now: Instant,
) -> Result<Registration, StoreError> {
    let answered = sql!(
        "SELECT challenge FROM answered_challenges WHERE tenant = $1 AND challenge = $2",
        tenant,
        challenge
    );
    if stored::find(store, tenant, credential).await?.is_some() || store.row(answered).await?.is_some() {
        return Ok(Registration::Registered);
    }
    let open = sql!(
        "SELECT challenge FROM phone_requests WHERE tenant = $1 AND challenge = $2 AND asked_us > $3",
        tenant,
        challenge,
        Challenge::forgotten_before(now)
    );
    Ok(if store.row(open).await?.is_some() { Registration::Waiting } else { Registration::Over })
}

/// Reads the response of the device.
pub(super) async fn hear(
    store: &Store,
    tenant: TenantId,
    challenge: &Challenge,
) -> Result<Result<Heard, Reason>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT response FROM phone_requests WHERE tenant = $1 AND challenge = $2",
            tenant,
            challenge.text()
        ))
        .await?;
    let response = match row {
        Some(row) => row.opt_text("response")?,
        None => None,
    };
    Ok(match response {
        None => Ok(Heard::Nothing),
        Some(response) if response == DECLINED => Err("it was declined on the phone".to_owned()),
        Some(response) => Ok(Heard::Response(response)),
    })
}

/// Reads the requests that a user's device can respond to, newest first: those that name the user,
/// or no user.
pub(crate) async fn open_requests(
    store: &Store,
    tenant: TenantId,
    user_name: &str,
    now: Instant,
) -> Result<Vec<PhoneRequest>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT challenge, user_name, purpose, origin, options, asked_us, number FROM phone_requests \
             WHERE tenant = $1 AND response IS NULL AND asked_us > $2 AND (user_name = '' OR lower(user_name) = $3) \
             ORDER BY asked_us DESC, challenge LIMIT $4",
            tenant,
            Challenge::forgotten_before(now),
            user_name.to_lowercase(),
            LISTED_MAX
        ))
        .await?;
    let request = |row: &Row| {
        Ok(PhoneRequest {
            challenge: row.text("challenge")?,
            user_name: row.text("user_name")?,
            purpose: row.text("purpose")?,
            origin: row.text("origin")?,
            options: row.text("options")?,
            asked: row.instant("asked_us")?,
            number: u8::try_from(row.int("number")?).unwrap_or_default(),
        })
    };
    rows.iter().map(request).collect()
}

/// Records the response of the device, or that the user declined; conflicts with another.
pub(crate) fn respond(tenant: TenantId, challenge: &str, response: Option<&str>) -> Statement {
    sql!(
        "UPDATE phone_requests SET response = $3 WHERE tenant = $1 AND challenge = $2 AND response IS NULL",
        tenant,
        challenge,
        response.unwrap_or(DECLINED)
    )
    .expect_rows(1)
}
