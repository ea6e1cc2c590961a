//! An authenticator app: the codes of a secret that a user shares with the identity provider (TOTP,
//! RFC 6238, on the tenant's clock).

use outlive_clock::{Instant, Span};
use totp_rs::{Builder, Secret, Totp};
use url::Url;

/// The duration of a time step.
const STEP: i64 = 30;
/// The maximum length of a secret, in base32.
const SECRET_MAX: usize = 128;
/// The maximum length of what is pasted.
const PASTED_MAX: usize = 2_048;

/// Why a pasted text is no secret.
pub(crate) const NOT_A_SECRET: &str = "That is neither a secret of an authenticator app (base32, at least 26 characters) nor an otpauth link with six \
     digits every 30 seconds. Copy what the sign-in page shows.";

/// The shared secret of an account.
#[derive(Clone)]
pub(crate) struct AuthenticatorApp(Totp);

/// The codes of an instant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) current: String,
    pub(crate) next: String,
    /// When the next code begins.
    pub(crate) until: Instant,
}

impl AuthenticatorApp {
    /// Parses a secret in base32, or an `otpauth` link; `None` if it is neither.
    pub(crate) fn of_pasted(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > PASTED_MAX {
            return None;
        }
        if !text.to_ascii_lowercase().starts_with("otpauth:") {
            return Self::of_base32(text);
        }
        let link = Url::parse(text).ok().filter(|link| link.host_str() == Some("totp"))?;
        let parameter =
            |name: &str| link.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value);
        let is_standard =
            |name: &str, value: &str| parameter(name).is_none_or(|given| given.eq_ignore_ascii_case(value));
        let is_supported =
            is_standard("digits", "6") && is_standard("period", "30") && is_standard("algorithm", "SHA1");
        Self::of_base32(&parameter("secret").filter(|_| is_supported)?)
    }

    pub(crate) fn of_base32(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if text.len() > SECRET_MAX {
            return None;
        }
        let secret = Secret::try_from_base32(text.to_ascii_uppercase().trim_end_matches('=')).ok()?;
        Builder::new().with_secret(secret).build().ok().map(Self)
    }

    pub(crate) fn to_base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// Returns a code that the identity provider accepts at an instant and has not accepted yet;
    /// `last` is the number of the last one. It accepts those of a half minute before and after. An
    /// earlier one is only used while time is stopped (`frozen`), because it may soon be too old.
    pub(crate) fn unused_code(&self, now: Instant, last: Option<u64>, frozen: bool) -> Option<String> {
        let step = now.as_seconds().max(0).div_euclid(STEP);
        let first = if frozen { (step - 1).max(0) } else { step };
        let unused = |step: &i64| last.is_none_or(|last| step.cast_unsigned() > last);
        let step = (first..=step + 1).find(unused)?;
        Some(self.0.generate((step * STEP).cast_unsigned()).to_string())
    }

    pub(crate) fn codes_at(&self, now: Instant) -> Codes {
        let step = now.as_seconds().max(0).div_euclid(STEP);
        let code = |step: i64| self.0.generate((step * STEP).cast_unsigned()).to_string();
        let until = Instant::EPOCH + Span::from_seconds((step + 1) * STEP);
        Codes { current: code(step), next: code(step + 1), until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    /// RFC 6238, appendix B: the last six of the eight digits.
    #[test]
    fn codes_are_those_of_the_rfc_and_change_every_half_minute() {
        let app = AuthenticatorApp::of_pasted(SECRET).expect("a secret");
        for (at, code, until) in [(59, "287082", 60), (1_111_111_109, "081804", 1_111_111_110)] {
            let codes = app.codes_at(Instant::from_seconds(at));
            assert_eq!((codes.current.as_str(), codes.until), (code, Instant::from_seconds(until)));
            assert_eq!(app.codes_at(codes.until).current, codes.next);
        }
    }

    #[test]
    fn each_code_is_used_once() {
        let app = AuthenticatorApp::of_pasted(SECRET).expect("a secret");
        let now = Instant::from_seconds(59);
        let code = |step: u64| Some(app.0.generate(step * 30).to_string());
        for (last, frozen, expected) in [
            (None, true, code(0)),
            (None, false, code(1)),
            (Some(0), true, code(1)),
            (Some(1), true, code(2)),
            (Some(1), false, code(2)),
            (Some(2), true, None),
        ] {
            assert_eq!(app.unused_code(now, last, frozen), expected, "{last:?} {frozen}");
        }
    }

    #[test]
    fn secrets_and_links_are_accepted_as_people_paste_them() {
        let link = |more: &str| {
            format!("otpauth://totp/Outlive:owner%40contoso.example?secret={SECRET}&issuer=Outlive{more}")
        };
        for text in [
            SECRET.to_owned(),
            format!("  {} ", SECRET.to_lowercase()),
            link(""),
            link("&digits=6&period=30"),
        ] {
            let app = AuthenticatorApp::of_pasted(&text);
            assert_eq!(app.map(|app| app.to_base32()).as_deref(), Some(SECRET), "{text}");
        }
        let foreign = [
            String::new(),
            "GEZDG".to_owned(),
            "not a secret, but a sentence 189".to_owned(),
            "A".repeat(3_000),
            link("&digits=8"),
            link("&algorithm=SHA256"),
            "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(),
            "otpauth://totp/x".to_owned(),
        ];
        for text in foreign {
            assert!(AuthenticatorApp::of_pasted(&text).is_none(), "{text}");
        }
    }
}
