//! The challenge of a ceremony, which is answered once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Span, Stream, TenantId};
use outlive_store::{Change, sql};
use serde::{Deserialize, Serialize};

/// Validity of a challenge (virtual).
const VALIDITY: Span = Span::from_minutes(5);

/// The first and the last number that a page may show.
const NUMBERS: (i64, i64) = (10, 99);

/// A challenge and when it was issued (virtual). It is sealed in the form that carries the
/// response.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub(super) text: String,
    since: Instant,
    /// The number that a page shows while it waits for another device.
    #[serde(default)]
    number: u8,
}

/// Why a response is rejected, completing the sentence "was not accepted: ".
pub(super) type Reason = String;

impl Challenge {
    pub(super) fn generate(stream: &mut Stream, now: Instant) -> Self {
        let text = URL_SAFE_NO_PAD.encode(stream.bytes::<32>());
        // Drawn by itself: the text is public, as the options of the ceremony contain it.
        let number = u8::try_from(stream.between(NUMBERS.0, NUMBERS.1)).unwrap_or_default();
        Self { text, since: now, number }
    }

    pub(super) const fn number(&self) -> u8 {
        self.number
    }

    /// When it was issued (virtual).
    pub(super) const fn since(&self) -> Instant {
        self.since
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the instant before which all challenges have expired, so that no record of their use
    /// is needed.
    pub(super) fn forgotten_before(now: Instant) -> Instant {
        now - VALIDITY
    }

    pub(super) fn bytes(&self, now: Instant) -> Result<passkey_auth::Challenge, Reason> {
        if now >= self.since + VALIDITY {
            return Err("the challenge has expired".to_owned());
        }
        let bytes =
            URL_SAFE_NO_PAD.decode(&self.text).ok().ok_or_else(|| "the challenge is malformed".to_owned())?;
        Ok(passkey_auth::Challenge(bytes))
    }
}

/// Returns the statements that record the use of a challenge; they conflict with another use.
pub(super) fn record_challenge(tenant: TenantId, challenge: &Challenge, now: Instant) -> Change {
    let mut change = Change::from(sql!(
        "DELETE FROM answered_challenges WHERE tenant = $1 AND challenge IN \
         (SELECT challenge FROM answered_challenges WHERE tenant = $1 AND answered_us < $2 LIMIT 20)",
        tenant,
        Challenge::forgotten_before(now)
    ));
    change.add(sql!(
        "INSERT INTO answered_challenges (tenant, challenge, answered_us) VALUES ($1, $2, $3)",
        tenant,
        challenge.text(),
        now
    ));
    change
}
