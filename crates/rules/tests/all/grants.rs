//! Grants without a redirect: passwords, device codes, assertions.

use crate::cells::GRANTED;
use outlive_clock::{Instant, Span};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    AssertionFacts, ClientClass, DeviceCodeFacts, DeviceDecision, Event, PasswordFacts, RevocationEvents,
    Rule, Ruleset, SecondFactorFacts, UserFacts, aadsts, device_code, on_behalf_of, password,
};

fn happened(event: Event, at: Instant) -> UserFacts {
    let mut events = RevocationEvents::none();
    events.record(event, at);
    UserFacts::in_good_standing(events)
}

fn unharmed() -> UserFacts {
    UserFacts::in_good_standing(RevocationEvents::none())
}

#[test]
fn a_password_gets_a_grant_unless_it_is_to_be_changed_or_its_owner_may_not_sign_in() {
    let rules = Ruleset::default();
    let good = PasswordFacts {
        client_class: ClientClass::Public,
        change_due: false,
        second_factor: SecondFactorFacts::default(),
        conditional_access: AccessFacts::default(),
    };
    let verdict = password::decide(&good, &unharmed(), &rules, GRANTED);
    assert!(verdict.is_accepted());
    assert_eq!(verdict.fact("column").map(ToString::to_string).as_deref(), Some("password_token"));
    let factor = SecondFactorFacts { required: true, done: false, registered: true };
    let asked = PasswordFacts { second_factor: factor, ..good.clone() };
    assert_eq!(
        password::decide(&asked, &unharmed(), &Ruleset::default(), GRANTED).code,
        Some(aadsts::MFA_REQUIRED)
    );
    let due = PasswordFacts { change_due: true, ..good.clone() };
    let verdict = password::decide(&due, &unharmed(), &rules, GRANTED);
    assert_eq!((verdict.rule, verdict.code), (Rule::PasswordChangeDue, Some(aadsts::PASSWORD_EXPIRED)));
    let disabled = UserFacts { enabled: false, ..unharmed() };
    assert_eq!(password::decide(&due, &disabled, &rules, GRANTED).code, Some(aadsts::USER_DISABLED));
}

#[test]
fn a_device_code_waits_for_an_answer_and_then_is_good_once() {
    let rules = Ruleset::default();
    let minute = |n| GRANTED + Span::from_minutes(n);
    let waiting = DeviceCodeFacts {
        issued_at: GRANTED,
        redeemed_at: None,
        decision: DeviceDecision::Pending,
        client_class: ClientClass::Public,
        password_based: true,
        presented_by_its_client: true,
        second_factor: SecondFactorFacts::default(),
        conditional_access: AccessFacts::default(),
    };
    let approved = DeviceCodeFacts { decision: DeviceDecision::Approved(minute(5)), ..waiting.clone() };
    let decide = |facts: &DeviceCodeFacts, user: Option<&UserFacts>, now| {
        let verdict = device_code::decide(facts, user, &rules, now);
        (verdict.rule, verdict.code)
    };
    assert_eq!(
        decide(&waiting, None, minute(1)),
        (Rule::DeviceCodePending, Some(aadsts::AUTHORIZATION_PENDING))
    );
    let last = minute(15) - Span::from_micros(1);
    assert_eq!(decide(&approved, Some(&unharmed()), last), (Rule::NothingEndedIt, None));
    let too_late = (Rule::DeviceCodeExpired, Some(aadsts::DEVICE_CODE_EXPIRED));
    assert_eq!(decide(&approved, Some(&unharmed()), minute(15)), too_late);
    assert_eq!(decide(&waiting, None, minute(15)), too_late);
    let factor = SecondFactorFacts { required: true, done: false, registered: false };
    let asked = DeviceCodeFacts { second_factor: factor, ..approved.clone() };
    let verdict = device_code::decide(&asked, Some(&unharmed()), &rules, minute(6));
    assert_eq!(verdict.code, Some(aadsts::MFA_NOT_REGISTERED));
    let declined = DeviceCodeFacts { decision: DeviceDecision::Declined(minute(5)), ..waiting };
    assert_eq!(decide(&declined, None, minute(6)).0, Rule::DeviceCodeDeclined);
    let redeemed = DeviceCodeFacts { redeemed_at: Some(minute(6)), ..approved.clone() };
    assert_eq!(decide(&redeemed, Some(&unharmed()), minute(7)).1, Some(aadsts::CODE_REDEEMED));
    let foreign = DeviceCodeFacts { presented_by_its_client: false, ..approved.clone() };
    assert_eq!(decide(&foreign, Some(&unharmed()), minute(7)).1, Some(aadsts::INVALID_GRANT));

    // What the table revokes between approval and redemption cannot be redeemed any more; what it
    // leaves can.
    let changed = happened(Event::PasswordChangedByUser, minute(6));
    assert_eq!(decide(&approved, Some(&changed), minute(7)).1, Some(aadsts::FRESH_TOKEN_NEEDED));
    let keyless = DeviceCodeFacts { password_based: false, ..approved };
    assert_eq!(decide(&keyless, Some(&changed), minute(7)), (Rule::NothingEndedIt, None));
}

#[test]
fn an_assertion_outlives_a_password_change_and_not_a_revocation() {
    let rules = Ruleset::default();
    let assertion = AssertionFacts {
        issued_at: GRANTED,
        expires_at: GRANTED + Span::from_hours(1),
        password_based: true,
        session_signed_out_at: None,
        conditional_access: AccessFacts::default(),
        second_factor: SecondFactorFacts::default(),
    };
    let later = GRANTED + Span::from_minutes(10);
    let decide = |user: &UserFacts| on_behalf_of::decide(&assertion, user, &rules, later);
    let verdict = decide(&happened(Event::PasswordChangedByUser, GRANTED + Span::from_minutes(5)));
    assert!(verdict.is_accepted(), "{}", verdict.explain());
    assert_eq!(verdict.fact("column").map(ToString::to_string).as_deref(), Some("confidential_token"));
    let revoked = decide(&happened(Event::AdminRevokes, GRANTED + Span::from_minutes(5)));
    assert_eq!(revoked.code, Some(aadsts::FRESH_TOKEN_NEEDED));
    assert_eq!(decide(&UserFacts::unknown()).code, Some(aadsts::USER_NOT_FOUND));
    for (done, registered, expected) in [
        (true, true, None),
        (false, true, Some(aadsts::MFA_REQUIRED)),
        (false, false, Some(aadsts::MFA_NOT_REGISTERED)),
    ] {
        let second_factor = SecondFactorFacts { required: true, done, registered };
        let assertion = AssertionFacts { second_factor, ..assertion.clone() };
        assert_eq!(on_behalf_of::decide(&assertion, &unharmed(), &rules, later).code, expected);
    }
}
