//! Time that travels with calls: while the lab moves a tenant's clocks from due event to due event,
//! the service that does the work receives each instant from the lab. Its calls carry the instant,
//! and a service that receives such a call sets its own clock before it handles the call.
//!
//! The instant is authenticated with the lab key, and a clock never goes back: repeating it has no
//! effect, and no other client can move a clock.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use outlive_clock::{Instant, TenantId};

/// The header of calls: tenant, instant in microseconds since 1970, and their authentication code.
pub(crate) static OUTLIVE_TIME: HeaderName = HeaderName::from_static("outlive-time");

/// A tenant's instant, as its lab set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedTime {
    pub(crate) tenant: TenantId,
    pub(crate) now: Instant,
    code: [u8; 32],
}

impl CarriedTime {
    pub(crate) fn new(key: &hmac::Key, tenant: TenantId, now: Instant) -> Self {
        let tag = hmac::sign(key, authenticated(&message(tenant, now)).as_bytes());
        let mut code = [0; 32];
        code.copy_from_slice(tag.as_ref());
        Self { tenant, now, code }
    }

    /// The authenticated instant of a request, if it carries one.
    pub(crate) fn of_request(key: &hmac::Key, headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(&OUTLIVE_TIME)?.to_str().ok()?;
        let (message, code) = text.rsplit_once(' ')?;
        let code: [u8; 32] = BASE64URL_NOPAD.decode(code.as_bytes()).ok()?.try_into().ok()?;
        hmac::verify(key, authenticated(message).as_bytes(), &code).ok()?;
        let (tenant, now) = message.split_once(' ')?;
        Some(Self { tenant: tenant.parse().ok()?, now: Instant::from_micros(now.parse().ok()?), code })
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let text = format!("{} {}", message(self.tenant, self.now), BASE64URL_NOPAD.encode(&self.code));
        HeaderValue::try_from(text).ok()
    }
}

/// The message with its purpose, which no other use of the key has.
fn authenticated(message: &str) -> String {
    format!("outlive/carried-time/1 {message}")
}

fn message(tenant: TenantId, now: Instant) -> String {
    format!("{tenant} {}", now.as_micros())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(text: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())
    }

    fn received(key: &hmac::Key, header: &str) -> Option<CarriedTime> {
        let mut headers = HeaderMap::new();
        headers.insert(&OUTLIVE_TIME, header.parse().expect("a header"));
        CarriedTime::of_request(key, &headers)
    }

    #[test]
    fn only_the_instant_that_was_sent_is_received() {
        let sent = CarriedTime::new(
            &key("lab"),
            TenantId::from_uuid(Uuid::from_u128(7)),
            Instant::from_seconds(1_767_603_600),
        );
        let header = sent.header().expect("a header");
        let text = header.to_str().expect("text");
        assert_eq!(received(&key("lab"), text), Some(sent));
        assert_eq!(received(&key("another lab"), text), None);
        let later = text.replace("1767603600", "1767603601");
        assert_ne!(later, text);
        for invalid in [&*later, "", " ", "a b c", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(received(&key("lab"), invalid), None, "{invalid}");
        }
        assert_eq!(CarriedTime::of_request(&key("lab"), &HeaderMap::new()), None);
    }
}
