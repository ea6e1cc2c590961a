//! The secret that a user shares with an authenticator app.

use outlive_clock::{Instant, Stream};
use outlive_rules::smart_lockout::Lockout;
use outlive_tokens::Sealer;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};

/// The sealing purpose of secrets.
const PURPOSE: &str = "authenticator-secret";

/// A user's MFA registration. An empty object for a user without one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecondFactor {
    /// Whether MFA is required for this user, regardless of tenant and application.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    /// Base32, sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The time step of the last accepted code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_step: Option<u64>,
    /// Counts failed codes, separately from failed passwords: a caller who knows the password
    /// cannot reset this counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lockout: Option<Lockout>,
}

impl SecondFactor {
    pub(crate) const fn is_registered(&self) -> bool {
        self.secret.is_some()
    }

    pub(crate) fn register(&mut self, authenticator: &Authenticator, sealer: &Sealer, stream: &mut Stream) {
        self.secret = Some(sealer.seal(PURPOSE, authenticator.to_base32().as_bytes(), stream));
    }

    /// Returns the authenticator, if one is registered and its secret can be opened.
    pub(crate) fn authenticator(&self, sealer: &Sealer) -> Option<Authenticator> {
        let plain = sealer.open(PURPOSE, self.secret.as_deref()?)?;
        Authenticator::of_base32(std::str::from_utf8(&plain).ok()?)
    }
}

/// A TOTP generator: SHA-1, six digits, thirty seconds, as authenticator apps expect.
pub(crate) struct Authenticator(Totp);

impl Authenticator {
    pub(crate) fn generate(stream: &mut Stream) -> Option<Self> {
        Builder::new().with_secret(stream.bytes::<20>().to_vec()).build().ok().map(Self)
    }

    /// Parses a secret; `None` unless it is base32 of at least 128 bits.
    pub(crate) fn of_base32(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if text.len() > 128 {
            return None;
        }
        let secret =
            totp_rs::Secret::try_from_base32(text.to_ascii_uppercase().trim_end_matches('=')).ok()?;
        Builder::new().with_secret(secret).build().ok().map(Self)
    }

    pub(crate) fn to_base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// Returns the code's time step if it is within one step of now (virtual).
    pub(crate) fn step_of(&self, code: &str, now: Instant) -> Option<u64> {
        self.0.check(code, u64::try_from(now.as_seconds()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret, and the last six of the eight digits.
    #[test]
    fn codes_are_those_of_the_rfc_within_one_step() {
        let authenticator = Authenticator::of_base32("GEZD GNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let step = at / 30;
            let step_at =
                |seconds: u64| authenticator.step_of(code, Instant::from_seconds(seconds.cast_signed()));
            assert_eq!(step_at(at), Some(step));
            assert_eq!(step_at((step + 1) * 30 + 29), Some(step));
            assert_eq!(step_at((step + 2) * 30), None);
        }
        for code in ["", "28708", "2870822", "28708x", "\u{0662}87082"] {
            assert_eq!(authenticator.step_of(code, Instant::from_seconds(59)), None, "{code}");
        }
    }

    #[test]
    fn malformed_secrets_are_rejected() {
        for text in ["", "short", "GEZDGNBVGY3TQOJQGEZDGNBV1", &"A".repeat(129)] {
            assert!(Authenticator::of_base32(text).is_none(), "{text}");
        }
    }
}
