//! The seat of this browser: a cookie that the page to join sets.

use http::HeaderMap;
use outlive_clock::{Instant, TenantId};
use outlive_wire::classes::{SeatOfClass, SeatProgress};

use crate::forms::cookie;
use crate::state::Console;

const COOKIE: &str = "outlive_seat";
/// Maximum length of what a seat expects, in characters.
const EXPECTS_CHARACTERS_MAX: usize = 120;

/// A seat of a class that was taken in this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TakenSeat {
    pub(super) code: String,
    pub(super) number: u16,
}

impl TakenSeat {
    /// Reads the seat of a request.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (code, number) = cookie(headers, COOKIE)?.rsplit_once('.')?;
        let is_code =
            code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Some(Self { code: code.to_owned(), number: number.parse().ok()? }).filter(|_| is_code)
    }

    /// Returns the `Set-Cookie` header that keeps it for a day.
    pub(super) fn set_cookie(&self) -> String {
        let Self { code, number } = self;
        format!("{COOKIE}={code}.{number}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict")
    }
}

/// Returns the seat of this browser, for a tenant that belongs to it.
pub(crate) fn seat_of(headers: &HeaderMap) -> Option<SeatOfClass> {
    TakenSeat::of(headers).map(|TakenSeat { code, number }| SeatOfClass { class: code, seat: number })
}

/// Where a person is in a lesson.
pub(crate) struct LessonStep<'a> {
    pub(crate) lesson: usize,
    pub(crate) step: usize,
    pub(crate) steps: usize,
    pub(crate) tenant: TenantId,
    /// What the person expects, in the words of the question.
    pub(crate) expects: Option<String>,
    /// The name of the step.
    pub(crate) last: &'a str,
}

/// Reports to the teacher of the class where this browser's seat is. Returns the last step whose
/// answer is revealed; `None` outside of a class.
pub(crate) async fn report(console: &Console, headers: &HeaderMap, at: LessonStep<'_>) -> Option<u16> {
    let seat = TakenSeat::of(headers)?;
    let number = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    let progress = SeatProgress {
        lesson: u8::try_from(at.lesson).unwrap_or(u8::MAX),
        step: number(at.step),
        steps: number(at.steps),
        expects: at.expects.map(|text| text.chars().take(EXPECTS_CHARACTERS_MAX).collect()),
        last: at.last.chars().take(EXPECTS_CHARACTERS_MAX).collect(),
        tenant_id: Some(at.tenant),
        at: Instant::EPOCH,
    };
    // A class that has ended does not keep its people from the lesson.
    console.lab.report_progress(&seat, &progress).await.ok().map(|answer| answer.revealed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE as COOKIES;

    use super::*;

    #[test]
    fn a_seat_is_read_from_its_cookie() {
        let seat = TakenSeat { code: "harbor-7421".to_owned(), number: 12 };
        let set = seat.set_cookie();
        let pair = set.split(';').next().expect("a pair");
        for (cookies, read) in [
            (pair, Some(seat.clone())),
            ("outlive_seat=harbor-7421", None),
            ("outlive_seat=harbor-7421.x", None),
            ("outlive_seat=../secrets.1", None),
            ("other=1", None),
        ] {
            let headers = HeaderMap::from_iter([(COOKIES, HeaderValue::from_str(cookies).expect("text"))]);
            assert_eq!(TakenSeat::of(&headers), read, "{cookies}");
        }
    }
}
