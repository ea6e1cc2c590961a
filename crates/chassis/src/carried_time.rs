//! Time that travels with calls: while the lab moves a tenant's clocks from due event to due event,
//! the service that does the work receives each instant from the lab. Its calls carry the instant,
//! and a service that receives such a call sets its own clock before it handles the call. If the
//! clock runs, calls carry no instant, because the clocks of the other services run, too; they only
//! tell whose they are.
//!
//! The instant is authenticated with the lab key, and a clock never goes back: repeating it has no
//! effect, and no other client can move a clock. It names the incarnation of the tenant, so that
//! what was under way while the tenant was started over does not move the new clock.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use outlive_clock::{Instant, TenantId};

use crate::ClockReading;

/// The header of calls: tenant, incarnation and instant in microseconds since 1970 (`-` if the
/// clock runs), and their authentication code.
pub(crate) static OUTLIVE_TIME: HeaderName = HeaderName::from_static("outlive-time");

/// The tenant of a call, and its instant as the lab set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedTime {
    pub(crate) tenant: TenantId,
    pub(crate) incarnation: Instant,
    /// `None` if the clock runs.
    pub(crate) now: Option<Instant>,
    code: [u8; 32],
}

impl CarriedTime {
    /// What the calls of work carry which was begun at `reading`.
    pub(crate) fn of(key: &hmac::Key, tenant: TenantId, reading: ClockReading) -> Self {
        let ClockReading { now, incarnation, is_frozen } = reading;
        let now = is_frozen.then_some(now);
        let tag = hmac::sign(key, authenticated(&message(tenant, incarnation, now)).as_bytes());
        let mut code = [0; 32];
        code.copy_from_slice(tag.as_ref());
        Self { tenant, incarnation, now, code }
    }

    /// The authenticated instant of a request, if it carries one.
    pub(crate) fn of_request(key: &hmac::Key, headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(&OUTLIVE_TIME)?.to_str().ok()?;
        let (message, code) = text.rsplit_once(' ')?;
        let code: [u8; 32] = BASE64URL_NOPAD.decode(code.as_bytes()).ok()?.try_into().ok()?;
        hmac::verify(key, authenticated(message).as_bytes(), &code).ok()?;
        let (tenant, instants) = message.split_once(' ')?;
        let (incarnation, now) = instants.split_once(' ')?;
        let instant = |text: &str| Some(Instant::from_micros(text.parse().ok()?));
        Some(Self {
            tenant: tenant.parse().ok()?,
            incarnation: instant(incarnation)?,
            now: if now == RUNNING { None } else { Some(instant(now)?) },
            code,
        })
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let message = message(self.tenant, self.incarnation, self.now);
        let text = format!("{message} {}", BASE64URL_NOPAD.encode(&self.code));
        HeaderValue::try_from(text).ok()
    }
}

/// Stands for the instant of a running clock.
const RUNNING: &str = "-";

/// The message with its purpose, which no other use of the key has.
fn authenticated(message: &str) -> String {
    format!("outlive/carried-time/3 {message}")
}

fn message(tenant: TenantId, incarnation: Instant, now: Option<Instant>) -> String {
    let now = now.map_or_else(|| RUNNING.to_owned(), |now| now.as_micros().to_string());
    format!("{tenant} {} {now}", incarnation.as_micros())
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
        let tenant = TenantId::from_uuid(Uuid::from_u128(7));
        let reading = ClockReading {
            now: Instant::from_seconds(1_767_603_600),
            incarnation: Instant::from_seconds(1_790_000_000),
            is_frozen: true,
        };
        let sent = CarriedTime::of(&key("lab"), tenant, reading);
        let running = CarriedTime::of(&key("lab"), tenant, ClockReading { is_frozen: false, ..reading });
        assert_eq!((sent.now, running.now), (Some(reading.now), None));
        let header = running.header().expect("a header");
        assert_eq!(received(&key("lab"), header.to_str().expect("text")), Some(running));
        let header = sent.header().expect("a header");
        let text = header.to_str().expect("text");
        assert_eq!(received(&key("lab"), text), Some(sent));
        assert_eq!(received(&key("another lab"), text), None);
        let later = text.replace("1767603600", "1767603601");
        let newer = text.replace("1790000000", "1790000001");
        assert!(later != text && newer != text);
        for invalid in [&*later, &newer, "", " ", "a b c", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(received(&key("lab"), invalid), None, "{invalid}");
        }
        assert_eq!(CarriedTime::of_request(&key("lab"), &HeaderMap::new()), None);
    }
}
