//! What would have had to be otherwise, and what lies ahead: computed by asking the rules again.

use outlive_clock::Span;
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    AccessTokenFacts, Alteration, AssertionFacts, ClientClass, CookieFacts, Credential, Edition, Event, Fate,
    Presented, Question, RefreshTokenFacts, RequestOrigin, RevocationEvents, Ruleset, Scope,
    SecondFactorFacts, UserFacts, ends_by_itself, prospects, what_if,
};

use crate::cells::{GRANTED, browser, token};

fn question(presented: Presented, happened: &[Event]) -> Question {
    let mut events = RevocationEvents::none();
    for event in happened {
        events.record(*event, GRANTED + Span::from_minutes(10));
    }
    Question {
        presented,
        user: UserFacts::in_good_standing(events),
        rules: Ruleset::default(),
        at: GRANTED + Span::from_minutes(11),
    }
}

fn refresh(class: ClientClass, password_based: bool) -> Presented {
    Presented::RefreshToken(token(class, password_based))
}

fn words(question: &Question) -> Vec<String> {
    what_if(question).into_iter().map(|what_if| what_if.words).collect()
}

#[test]
fn the_article_in_one_answer() {
    let desktop = question(refresh(ClientClass::Public, true), &[Event::PasswordChangedByUser]);
    assert_eq!(
        words(&desktop),
        [
            "Had this been a confidential client, one that proves who it is when it asks for tokens, it would have been \
             accepted.",
            "Had the user signed in without a password, with a passkey for example, it would have been accepted.",
            "Had the user not changed the password, it would have been accepted.",
        ]
    );
    let hub = question(refresh(ClientClass::Confidential, true), &[Event::PasswordChangedByUser]);
    assert!(hub.decide().is_accepted());
    assert_eq!(what_if(&hub), []);
}

#[test]
fn the_portal_of_a_reset_and_the_edition_matter_to_a_confidential_client() {
    let hub = question(refresh(ClientClass::Confidential, true), &[Event::AdminResetEntraAdminCenter]);
    let found: Vec<_> = what_if(&hub).into_iter().map(|what_if| what_if.changes).collect();
    assert_eq!(
        found,
        [
            vec![Alteration::Channel {
                was: Event::AdminResetEntraAdminCenter,
                instead: Event::AdminResetAzurePortal
            }],
            vec![Alteration::Without(Event::AdminResetEntraAdminCenter)],
            vec![Alteration::Edition(Edition::E2018)],
            vec![Alteration::Edition(Edition::E2021)],
        ]
    );
    assert!(
        words(&hub)[2]
            .contains("edition 2018 of the table been in force (Azure Active Directory access tokens, 2018)")
    );
    assert!(words(&hub)[3].contains("Microsoft identity platform, 2021-04-02)"));
    assert_eq!(words(&hub)[0], "Had the reset come through the Azure portal, it would have been accepted.");
}

#[test]
fn the_smallest_sets_of_changes_are_returned() {
    let mut twice =
        question(refresh(ClientClass::Public, true), &[Event::PasswordChangedByUser, Event::AdminRevokes]);
    assert_eq!(
        words(&twice).last().map(String::as_str),
        Some(
            "Had the user not changed the password, and had no administrator revoked the user's sessions, it would have \
             been accepted."
        )
    );
    assert!(what_if(&twice).iter().all(|what_if| what_if.changes.len() == 2));
    // Four causes at once: no three changes suffice, so nothing is returned.
    twice.user.enabled = false;
    twice.user.deleted = true;
    assert_eq!(what_if(&twice), []);
}

#[test]
fn every_refusal_has_a_change_that_reverses_it() {
    let now = GRANTED + Span::from_days(91);
    let unused = Question { at: now, ..question(refresh(ClientClass::Confidential, true), &[]) };
    assert_eq!(
        words(&unused),
        [
            "Had it been used in time, which would have renewed it, it would have been accepted.",
            "Had it been presented before its time was over, it would have been accepted.",
        ]
    );
    let spa = RefreshTokenFacts {
        spa: true,
        origin: RequestOrigin::Registered,
        ..token(ClientClass::Public, true)
    };
    let spa = Question { at: GRANTED + Span::from_hours(25), ..question(Presented::RefreshToken(spa), &[]) };
    // A page's grant stays bound to its page: one change of type would be refused for the Origin
    // header.
    assert_eq!(words(&spa), ["Had it been presented before its time was over, it would have been accepted."]);
    let signed_out = CookieFacts { signed_out_at: Some(GRANTED + Span::from_minutes(5)), ..browser(false) };
    assert_eq!(
        words(&question(Presented::Cookie(signed_out), &[])),
        ["Had the browser session not been signed out, it would have been accepted."]
    );
    let over = AccessTokenFacts {
        valid_from: GRANTED,
        expires_at: GRANTED + Span::from_minutes(1),
        evaluated: false,
    };
    assert_eq!(
        words(&question(Presented::AccessToken(over), &[])),
        ["Had it been presented before its time was over, it would have been accepted."]
    );
    let evaluated =
        AccessTokenFacts { valid_from: GRANTED, expires_at: GRANTED + Span::from_hours(24), evaluated: true };
    let evaluated = Presented::AccessToken(evaluated);
    assert_eq!(
        words(&question(evaluated.clone(), &[Event::PasswordChangedByUser])),
        [
            "Had the user not changed the password, it would have been accepted.",
            "Had the client not declared the capability cp1, it would have been accepted.",
        ]
    );
    let ends: Vec<_> =
        prospects(&question(evaluated, &[])).into_iter().filter(|ahead| !ahead.ends_it).collect();
    let spared: Vec<_> = ends.iter().filter_map(|ahead| ahead.event).collect();
    assert_eq!(spared, [Event::PasswordExpires, Event::SingleSignOut]);
    let mut disabled = question(refresh(ClientClass::Public, false), &[]);
    disabled.user.enabled = false;
    assert_eq!(words(&disabled), ["Had the account been enabled, it would have been accepted."]);
}

#[test]
fn prospects_match_the_column_of_the_table() {
    for edition in Edition::ALL {
        for credential in Credential::ALL {
            let presented = match credential {
                Credential::PasswordCookie => Presented::Cookie(browser(true)),
                Credential::NonPasswordCookie => Presented::Cookie(browser(false)),
                Credential::PasswordToken => refresh(ClientClass::Public, true),
                Credential::NonPasswordToken => refresh(ClientClass::Public, false),
                Credential::ConfidentialToken => refresh(ClientClass::Confidential, true),
            };
            let asked = Question { rules: Ruleset::published(edition), ..question(presented, &[]) };
            let ahead = prospects(&asked);
            for row in edition.rows() {
                let prospect =
                    ahead.iter().find(|prospect| prospect.event == Some(row.event)).expect("a row");
                let fate = row.fate(credential);
                assert_eq!(prospect.ends_it, fate == Fate::Revoked, "{edition} {credential} {row:?}");
                let rules = Ruleset::published(edition).with(row.event, credential, fate.flipped());
                let ahead = prospects(&Question { rules, ..asked.clone() });
                let flipped = ahead.iter().find(|prospect| prospect.event == Some(row.event)).expect("a row");
                assert_ne!(flipped.ends_it, prospect.ends_it, "{edition} {credential} {row:?}");
            }
            assert_eq!(ahead.len(), edition.rows().len() + 2);
            assert!(ahead.iter().rev().take(2).all(|prospect| prospect.ends_it));
        }
    }
    let access = AccessTokenFacts {
        valid_from: GRANTED,
        expires_at: GRANTED + Span::from_minutes(75),
        evaluated: false,
    };
    let access = question(Presented::AccessToken(access), &[]);
    assert!(prospects(&access).iter().all(|prospect| !prospect.ends_it), "only time ends it");
    assert_eq!(ends_by_itself(&access), Some(GRANTED + Span::from_minutes(75)));
}

#[test]
fn prospects_are_of_a_second_later_and_a_use_one_second_after() {
    let fresh = Question { at: GRANTED, ..question(refresh(ClientClass::Public, true), &[]) };
    let of = |asked: &Question, event| {
        prospects(asked)
            .into_iter()
            .find(|ahead| ahead.event == Some(event))
            .is_some_and(|ahead| ahead.ends_it)
    };
    assert!(of(&fresh, Event::PasswordChangedByUser) && !of(&fresh, Event::PasswordExpires));
    // The use after the event comes at the very end of its time.
    let last = Question { at: GRANTED + Span::from_days(90) - Span::from_seconds(2), ..fresh };
    assert!(last.decide().is_accepted() && of(&last, Event::PasswordExpires));
    assert!(!of(&Question { at: last.at - Span::from_micros(1), ..last }, Event::PasswordExpires));
    let assertion = AssertionFacts {
        issued_at: GRANTED,
        expires_at: GRANTED + Span::from_hours(1),
        password_based: true,
        session_signed_out_at: None,
        conditional_access: AccessFacts::default(),
        second_factor: SecondFactorFacts::default(),
    };
    let rules = "2025-11+single_sign_out.confidential_token=revoked".parse().expect("a ruleset");
    let assertion = Question { rules, ..question(Presented::Assertion(assertion), &[]) };
    assert!(of(&assertion, Event::SingleSignOut));
}

#[test]
fn a_question_can_be_kept_as_json() {
    let asked = question(refresh(ClientClass::Public, true), &[Event::Sspr]);
    let kept = serde_json::to_string(&asked).expect("serialises");
    assert_eq!(serde_json::from_str::<Question>(&kept).expect("reads back").decide(), asked.decide());
}

/// Every cell, flipped alone: exactly its own verdict changes, in every edition.
#[test]
fn breaking_one_cell_breaks_exactly_that_cell() {
    for edition in Edition::ALL {
        let published = Ruleset::published(edition);
        for broken in edition.rows() {
            for column in Credential::ALL {
                let mutant = published.clone().with(broken.event, column, broken.fate(column).flipped());
                for row in edition.rows() {
                    for credential in Credential::ALL {
                        let differs = crate::cells::happen(&mutant, row.event, credential).outcome
                            != crate::cells::happen(&published, row.event, credential).outcome;
                        let is_it = (row.event, credential) == (broken.event, column);
                        assert_eq!(differs, is_it, "{edition}: {}.{credential} under {mutant}", row.event);
                    }
                }
            }
        }
    }
}

#[test]
fn only_a_reset_has_a_channel_and_only_a_session_is_signed_out() {
    for event in Event::ALL.into_iter().filter(|event| event.scope() == Scope::User) {
        let asked = question(refresh(ClientClass::Public, true), &[event]);
        let channels = Alteration::of(&asked)
            .into_iter()
            .filter(|other| matches!(other, Alteration::Channel { .. }))
            .count();
        let resets = event.name().starts_with("admin_reset");
        assert_eq!(channels, if event == Event::AdminReset { 3 } else { usize::from(resets) * 2 }, "{event}");
    }
}
