//! Values that the examples share: those of the seed tenant.

use outlive_clock::{ClientId, FlowId, Instant, SessionId, UserId};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    ClientClass, Event, Presented, Question, RefreshTokenFacts, RequestOrigin, RevocationEvents,
    RotationFacts, Ruleset, SecondFactorFacts, UserFacts,
};
use uuid::Uuid;

pub(crate) const OWNER_UPN: &str = "owner@contoso.example";

/// An id of the seed tenant: the last two groups of it.
const fn seed(group: u128, number: u128) -> Uuid {
    Uuid::from_u128(0xc047_0500_0000_4000_0000_0000_0000_0000 | ((0x8000 | group) << 48) | number)
}

pub(crate) const fn owner() -> UserId {
    UserId::from_uuid(seed(1, 1))
}

pub(crate) const fn admin() -> UserId {
    UserId::from_uuid(seed(1, 3))
}

pub(crate) const fn desktop() -> ClientId {
    ClientId::from_uuid(seed(2, 4))
}

pub(crate) const fn portal() -> ClientId {
    ClientId::from_uuid(seed(2, 7))
}

pub(crate) const fn orders_api() -> ClientId {
    ClientId::from_uuid(seed(2, 1))
}

pub(crate) const fn flow() -> FlowId {
    FlowId::from_uuid(seed(6, 1))
}

pub(crate) const fn session() -> SessionId {
    SessionId::from_uuid(seed(0xf, 1))
}

pub(crate) const fn uuid() -> Uuid {
    seed(0xf, 2)
}

/// 2026-01-05T09:00:00Z.
pub(crate) const fn instant() -> Instant {
    Instant::from_seconds(1_767_603_600)
}

/// An hour later.
pub(crate) const fn later() -> Instant {
    Instant::from_seconds(1_767_607_200)
}

/// A question about a refresh token whose user changed the password.
pub(crate) fn refused_question() -> Question {
    let mut question = question();
    question.user.events.record(Event::PasswordChangedByUser, later());
    question
}

/// A question about a refresh token that nothing has ended.
pub(crate) fn question() -> Question {
    Question {
        presented: Presented::RefreshToken(RefreshTokenFacts {
            client_class: ClientClass::Public,
            password_based: true,
            spa: false,
            family_issued_at: instant(),
            issued_at: instant(),
            session_signed_out_at: None,
            presented_by_its_client: true,
            origin: RequestOrigin::default(),
            second_factor: SecondFactorFacts::default(),
            rotation: RotationFacts::default(),
            conditional_access: AccessFacts::default(),
        }),
        user: UserFacts::in_good_standing(RevocationEvents::default()),
        rules: Ruleset::default(),
        at: later(),
    }
}
