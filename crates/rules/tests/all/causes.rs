//! Each cause of a refusal, with every single change that would have reversed it.

use outlive_clock::{Instant, Span};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    AccessTokenFacts, Alteration as A, AssertionFacts, ClientClass, CodeFacts, CookieFacts, Credential,
    DeviceCodeFacts, DeviceDecision, Edition, Event, Fate, PasswordFacts, Presented, ProofKey, Question,
    RefreshTokenFacts, RequestOrigin, RevocationEvents, Ruleset, SecondFactorFacts, UserFacts, what_if,
};

use crate::cells::{GRANTED, browser, token};

const MISSING: SecondFactorFacts = SecondFactorFacts { required: true, done: false, registered: true };
const NO_SECOND_FACTOR: [A; 2] = [A::SecondFactorDone, A::SecondFactorNotRequired];

fn good() -> UserFacts {
    UserFacts::in_good_standing(RevocationEvents::none())
}

fn minutes(minutes: i64) -> Instant {
    GRANTED + Span::from_minutes(minutes)
}

fn asked(presented: Presented) -> Question {
    Question { presented, user: good(), rules: Ruleset::default(), at: minutes(9) }
}

fn refresh(change: impl FnOnce(&mut RefreshTokenFacts)) -> Question {
    let mut token = token(ClientClass::Public, true);
    change(&mut token);
    asked(Presented::RefreshToken(token))
}

fn cookie(change: impl FnOnce(&mut CookieFacts)) -> Question {
    let mut cookie = CookieFacts { persistent: false, ..browser(true) };
    change(&mut cookie);
    asked(Presented::Cookie(cookie))
}

fn code(change: impl FnOnce(&mut CodeFacts)) -> Question {
    let mut code = CodeFacts {
        issued_at: GRANTED,
        redeemed_at: None,
        client_class: ClientClass::Public,
        password_based: true,
        spa: false,
        presented_by_its_client: true,
        origin: RequestOrigin::None,
        proof_key: ProofKey::Proven,
        conditional_access: AccessFacts::default(),
    };
    change(&mut code);
    asked(Presented::Code(code))
}

fn device(change: impl FnOnce(&mut DeviceCodeFacts)) -> Question {
    let mut code = DeviceCodeFacts {
        issued_at: GRANTED,
        redeemed_at: None,
        decision: DeviceDecision::Approved(minutes(5)),
        client_class: ClientClass::Public,
        password_based: true,
        presented_by_its_client: true,
        second_factor: SecondFactorFacts::default(),
        conditional_access: AccessFacts::default(),
    };
    change(&mut code);
    asked(Presented::DeviceCode(code))
}

fn password(change_due: bool, second_factor: SecondFactorFacts) -> Question {
    asked(Presented::Password(PasswordFacts {
        client_class: ClientClass::Public,
        change_due,
        second_factor,
        conditional_access: AccessFacts::default(),
    }))
}

fn assertion(session_signed_out_at: Option<Instant>) -> Question {
    asked(Presented::Assertion(AssertionFacts {
        issued_at: GRANTED,
        expires_at: minutes(60),
        password_based: true,
        session_signed_out_at,
        conditional_access: AccessFacts::default(),
        second_factor: SecondFactorFacts::default(),
    }))
}

fn access(evaluated: bool, user: UserFacts) -> Question {
    let token = AccessTokenFacts { valid_from: GRANTED, expires_at: minutes(60), evaluated };
    Question { user, ..asked(Presented::AccessToken(token)) }
}

fn under(rules: &str, question: Question) -> Question {
    Question { rules: rules.parse().expect("a ruleset"), ..question }
}

fn changed_at(at: Instant) -> UserFacts {
    let mut user = good();
    user.events.record(Event::PasswordChangedByUser, at);
    user
}

fn blocked() -> AccessFacts {
    AccessFacts { blocked_by: Some("A policy".to_owned()), ..AccessFacts::default() }
}

#[track_caller]
fn is_reversed_by(question: &Question, expected: &[A]) {
    assert!(!question.decide().is_accepted(), "{question:?}");
    let found: Vec<_> = what_if(question).into_iter().map(|what_if| what_if.changes).collect();
    assert_eq!(found, expected.iter().map(|change| vec![*change]).collect::<Vec<_>>(), "{question:?}");
}

#[test]
fn a_refresh_token_is_refused_for_one_cause_and_accepted_without_it() {
    use RequestOrigin::Registered;
    is_reversed_by(&refresh(|token| token.presented_by_its_client = false), &[A::ByItsClient]);
    is_reversed_by(&refresh(|token| token.origin = Registered), &[A::Origin(false), A::Spa(true)]);
    is_reversed_by(&refresh(|token| token.spa = true), &[A::Origin(true), A::Spa(false)]);
    is_reversed_by(&refresh(|token| token.second_factor = MISSING), &NO_SECOND_FACTOR);
    is_reversed_by(&refresh(|token| token.conditional_access = blocked()), &[A::NotBlocked]);
    let often = AccessFacts {
        sign_in_frequency: Some(Span::from_minutes(1)),
        authenticated_at: Some(GRANTED),
        ..AccessFacts::default()
    };
    is_reversed_by(
        &refresh(|token| token.conditional_access = often),
        &[A::ClientClass(ClientClass::Confidential), A::SignInFrequencyNotAsked, A::SignedInJustNow],
    );
    let strict = "2025-11+single_sign_out.password_token=revoked";
    is_reversed_by(
        &under(strict, refresh(|token| token.session_signed_out_at = Some(minutes(1)))),
        &[
            A::ClientClass(ClientClass::Confidential),
            A::PasswordBased(false),
            A::NotSignedOut,
            A::Edition(Edition::E2018),
            A::Edition(Edition::E2021),
            A::Edition(Edition::E2025_05),
            A::AsPublished,
        ],
    );
}

#[test]
fn every_other_credential_is_refused_for_one_cause_and_accepted_without_it() {
    use RequestOrigin::Registered;
    is_reversed_by(&code(|code| code.presented_by_its_client = false), &[A::ByItsClient]);
    is_reversed_by(&code(|code| code.redeemed_at = Some(minutes(1))), &[A::NotRedeemed]);
    is_reversed_by(&code(|code| code.origin = Registered), &[A::Origin(false), A::Spa(true)]);
    is_reversed_by(&code(|code| code.spa = true), &[A::Origin(true), A::Spa(false)]);
    is_reversed_by(&code(|code| code.proof_key = ProofKey::Wrong), &[A::ProofKeyProven]);
    is_reversed_by(&device(|code| code.presented_by_its_client = false), &[A::ByItsClient]);
    is_reversed_by(&device(|code| code.redeemed_at = Some(minutes(6))), &[A::NotRedeemed]);
    is_reversed_by(&device(|code| code.decision = DeviceDecision::Pending), &[A::Approved]);
    is_reversed_by(&device(|code| code.second_factor = MISSING), &NO_SECOND_FACTOR);
    is_reversed_by(&password(true, SecondFactorFacts::default()), &[A::PasswordNotDue]);
    is_reversed_by(&password(false, MISSING), &NO_SECOND_FACTOR);
    is_reversed_by(
        &under("2025-11+single_sign_out.confidential_token=revoked", assertion(Some(minutes(1)))),
        &[
            A::NotSignedOut,
            A::Edition(Edition::E2018),
            A::Edition(Edition::E2021),
            A::Edition(Edition::E2025_05),
            A::AsPublished,
        ],
    );
}

#[test]
fn the_state_of_the_user_is_one_cause() {
    let of = |user| Question { user, ..refresh(|_| ()) };
    let at = Some(minutes(1));
    is_reversed_by(&of(UserFacts { known: false, ..good() }), &[A::Known]);
    is_reversed_by(&of(UserFacts { deleted: true, ..good() }), &[A::NotDeleted]);
    is_reversed_by(
        &under("2025-11+disable_revokes=yes", of(UserFacts { enabled: false, disabled_at: at, ..good() })),
        &[A::Enabled],
    );
    is_reversed_by(
        &under("2025-11+disable_revokes=yes", of(UserFacts { disabled_at: at, ..good() })),
        &[A::AsPublished, A::NotDisabledMeanwhile],
    );
    for (user, reversed) in [
        (UserFacts { enabled: false, disabled_at: at, ..good() }, [A::Enabled, A::NotEvaluated]),
        (UserFacts { disabled_at: at, ..good() }, [A::NotEvaluated, A::NotDisabledMeanwhile]),
        (UserFacts { deleted: true, deleted_at: at, ..good() }, [A::NotDeleted, A::NotEvaluated]),
        (UserFacts { deleted_at: at, ..good() }, [A::NotEvaluated, A::NotDeletedMeanwhile]),
        (
            UserFacts { second_factor_required_at: at, ..good() },
            [A::NotEvaluated, A::SecondFactorNotNewlyRequired],
        ),
    ] {
        is_reversed_by(&access(true, user), &reversed);
    }
}

#[test]
fn time_is_one_cause() {
    let at = |minute, question| Question { at: minutes(minute), ..question };
    is_reversed_by(&at(-1, access(false, good())), &[A::Later]);
    is_reversed_by(&at(60, access(false, good())), &[A::Sooner]);
    let day = 24 * 60;
    is_reversed_by(&at(day, cookie(|_| ())), &[A::Renewed, A::Persistent, A::Sooner]);

    // Sooner, the later events had not happened, and the earlier ones had.
    let late = Question { user: changed_at(minutes(91 * day)), ..refresh(|_| ()) };
    is_reversed_by(&at(92 * day, late), &[A::Sooner]);
    let early = at(92 * day, Question { user: changed_at(minutes(1)), ..refresh(|_| ()) });
    assert!(what_if(&early).iter().all(|found| found.changes.len() == 2), "{:?}", what_if(&early));
    is_reversed_by(
        &at(day + 2, cookie(|cookie| cookie.signed_out_at = Some(minutes(day + 1)))),
        &[A::Sooner],
    );
    let last = minutes(day) - Span::from_seconds(1);
    let just = at(day + 2, cookie(|cookie| cookie.signed_out_at = Some(last)));
    assert!(what_if(&just).iter().all(|found| found.changes.len() == 2), "{:?}", what_if(&just));
}

#[test]
fn a_change_that_cannot_matter_is_not_considered() {
    let at = Some(minutes(1));
    let troubled = UserFacts { disabled_at: at, deleted_at: at, second_factor_required_at: at, ..good() };
    let mut of_page = refresh(|token| token.spa = true);
    of_page.rules = of_page.rules.with(Event::Sspr, Credential::PasswordToken, Fate::Alive);
    for (question, absent) in [
        (
            Question { user: troubled, ..refresh(|_| ()) },
            &[
                A::Enabled,
                A::NotDeleted,
                A::NotDisabledMeanwhile,
                A::NotDeletedMeanwhile,
                A::SecondFactorNotNewlyRequired,
                A::Sooner,
            ][..],
        ),
        (
            access(true, UserFacts { enabled: false, disabled_at: at, ..good() }),
            &[A::NotDisabledMeanwhile][..],
        ),
        (access(true, UserFacts { deleted: true, deleted_at: at, ..good() }), &[A::NotDeletedMeanwhile][..]),
        (of_page, &[A::Renewed, A::Edition(Edition::E2025_11)][..]),
    ] {
        let considered = A::of(&question);
        for change in absent {
            assert!(!considered.contains(change), "{change:?}");
        }
    }
}

#[test]
fn a_portal_is_named_in_words() {
    for (instead, portal) in [
        (Event::AdminResetAzurePortal, "the Azure portal"),
        (Event::AdminResetEntraAdminCenter, "the Entra admin center"),
        (Event::AdminResetM365AdminCenter, "the Microsoft 365 admin center"),
    ] {
        let change = A::Channel { was: Event::AdminReset, instead };
        assert_eq!(change.clause(), format!("the reset come through {portal}"));
    }
}
