//! Ceremonies that a page hands to another device: the stand-in for the user's phone. The device
//! responds as a browser does, and the response is verified likewise.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};

use super::challenge::{Challenge, Reason};

/// The maximum number of open requests that are listed.
const LISTED_MAX: u32 = 20;
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
}

/// What a page learns about its request.
pub(super) enum Heard {
    Nothing,
    Response(String),
}

impl PhoneRequest {
    /// Returns the statements that store the request, once, and forget expired ones.
    pub(super) fn store(&self, tenant: TenantId) -> Change {
        let mut change = Change::from(sql!(
            "DELETE FROM phone_requests WHERE tenant = $1 AND challenge IN \
             (SELECT challenge FROM phone_requests WHERE tenant = $1 AND asked_us < $2 LIMIT 20)",
            tenant,
            Challenge::forgotten_before(self.asked)
        ));
        change.add(sql!(
            "INSERT INTO phone_requests (tenant, challenge, user_name, purpose, origin, options, asked_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, challenge) DO NOTHING",
            tenant,
            &self.challenge,
            &self.user_name,
            &self.purpose,
            &self.origin,
            &self.options,
            self.asked
        ));
        change
    }

    /// The number that the page shows, and that is typed on the device.
    pub(crate) fn number(&self) -> u8 {
        number_of(&self.challenge)
    }
}

/// The number of a challenge, from 10 to 99.
pub(super) fn number_of(challenge: &str) -> u8 {
    let sum = challenge.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 90);
    u8::try_from(sum).unwrap_or_default() + 10
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
            "SELECT challenge, user_name, purpose, origin, options, asked_us FROM phone_requests \
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits_and_differ() {
        let numbers: Vec<_> = ["", "AAAA", "AAAB", "zzzzzzzzzzzzzzzz"].map(number_of).into();
        assert!(numbers.iter().all(|number| (10..=99).contains(number)), "{numbers:?}");
        assert_ne!(numbers[1], numbers[2]);
    }
}
