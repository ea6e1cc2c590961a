//! Verdicts by example: the order of checks, the codes, the words.

use std::collections::BTreeSet;

use crate::cells::{GRANTED, browser, token};
use outlive_clock::{Instant, Randomness, Span};
use outlive_rules::conditional_access::{AccessFacts, PolicyState};
use outlive_rules::reset_code::ResetCode;
use outlive_rules::{
    Aadsts, AccessTokenFacts, Artefact, ClientClass, CodeFacts, Credential, Edition, Event, Fate, ProofKey,
    RefreshTokenFacts, RequestOrigin, RevocationEvents, Rule, Ruleset, UserFacts, aadsts, access_token, code,
    cookie, lifetimes, password_based, refresh_token,
};

fn changed(at: Instant) -> UserFacts {
    let mut events = RevocationEvents::none();
    events.record(Event::PasswordChangedByUser, at);
    UserFacts::in_good_standing(events)
}

fn published() -> Ruleset {
    Ruleset::default()
}

#[test]
fn a_password_change_revokes_the_public_token() {
    let desktop = token(ClientClass::Public, true);
    let at = GRANTED + Span::from_micros(3 * 3_600_000_000 + 250_000);
    let verdict = refresh_token::decide(&desktop, &changed(at), &published(), at);
    assert_eq!((verdict.rule, verdict.code), (Rule::RevokedByEvent, Some(aadsts::FRESH_TOKEN_NEEDED)));
    let text = verdict.error_text().expect("has a code");
    assert!(text.contains("issued on '2026-01-05T08:00:00.0000000Z' and the TokensValidFrom date (before which tokens are not valid) for this user is '2026-01-05T11:00:00.0000000Z'"), "{text}");
    assert_eq!(
        verdict.explain(),
        "Refused: the grant was issued on 2026-01-05T08:00:00Z; on 2026-01-05T11:00:00.25Z the user changed the \
         password. By the row \"Password changed by user\" (edition 2025-11), this revokes tokens that public clients got with a \
         password. The same row leaves alive: browser sessions established without a password; tokens that \
         public clients got without a password; tokens of confidential clients. Error code: \
         AADSTS50173. Source: Refresh tokens in the Microsoft identity platform, section \"Token revocation\"."
    );
}

#[test]
fn a_password_change_does_not_revoke_the_confidential_token() {
    let hub = token(ClientClass::Confidential, true);
    let at = GRANTED + Span::from_hours(3);
    let verdict = refresh_token::decide(&hub, &changed(at), &published(), at);
    assert_eq!(
        verdict.explain(),
        "Accepted: granted on 2026-01-05T08:00:00Z, good until 2026-04-05T08:00:00Z, and longer if it is used before \
         then. Since then, on 2026-01-05T11:00:00Z, the user changed the password; by the row \"Password changed by \
         user\" (edition 2025-11), tokens of confidential clients stay alive then. Source: Refresh tokens in the \
         Microsoft identity platform, section \"Token revocation\"."
    );
}

#[test]
fn an_event_within_the_second_of_the_grant_leaves_it_alive_and_is_explained() {
    let at = GRANTED + Span::from_micros(900_000);
    let verdict = refresh_token::decide(&token(ClientClass::Public, true), &changed(at), &published(), at);
    let words = verdict.explain();
    assert!(
        words.contains("within the second of the grant") && !words.contains("stay alive then"),
        "{words}"
    );
    let later = GRANTED + Span::from_hours(1);
    let hub =
        refresh_token::decide(&token(ClientClass::Confidential, true), &changed(later), &published(), later);
    assert!(!hub.explain().contains("within the second"), "{}", hub.explain());
}

#[test]
fn an_acceptance_says_how_long_the_credential_can_be_used() {
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let spa = RefreshTokenFacts {
        spa: true,
        origin: RequestOrigin::Registered,
        ..token(ClientClass::Public, true)
    };
    let access = |evaluated| {
        let token =
            AccessTokenFacts { valid_from: GRANTED, expires_at: GRANTED + Span::from_hours(1), evaluated };
        access_token::decide(&token, &user, &published(), GRANTED)
    };
    let refresh = |token: &RefreshTokenFacts| refresh_token::decide(token, &user, &published(), GRANTED);
    for (mut verdict, proviso) in [
        (refresh(&spa), ", however often it is renewed"),
        (refresh(&token(ClientClass::Public, true)), ", and longer if it is used before then"),
        (access(true), ", unless a critical event occurs before"),
        (access(false), "; nothing but time ends an access token"),
    ] {
        assert!(verdict.explain().contains(proviso), "{}", verdict.explain());
        assert_eq!(serde_json::to_value(&verdict).expect("serialises").get("params"), None);
        // A code is used once, whatever its facts.
        verdict.artefact = Artefact::Code;
        assert!(verdict.explain().contains(", for one redemption"), "{}", verdict.explain());
    }
    let facts = refresh(&spa);
    let fact = |name| facts.fact(name).map(ToString::to_string);
    assert_eq!((fact("spa").as_deref(), fact("client_class").as_deref()), (Some("true"), Some("public")));
    assert_eq!(facts.source.edition, Some(Edition::E2025_11), "the table decided");
}

#[test]
fn a_family_is_cut_off_even_when_it_was_renewed_at_the_very_instant_of_the_event() {
    let at = GRANTED + Span::from_hours(3);
    let renewed = RefreshTokenFacts { issued_at: at, ..token(ClientClass::Public, true) };
    let verdict = refresh_token::decide(&renewed, &changed(at), &published(), at);
    assert!(!verdict.is_accepted());
    // The text never claims that a grant made after the cut-off is before it.
    assert!(verdict.error_text().expect("has a code").contains("issued on '2026-01-05T08:00:00.0000000Z'"));
    // Otherwise it reports the instant of the token in hand.
    let renewed = RefreshTokenFacts { issued_at: at - Span::from_hours(1), ..renewed };
    let verdict = refresh_token::decide(&renewed, &changed(at), &published(), at);
    assert!(verdict.error_text().expect("has a code").contains("issued on '2026-01-05T10:00:00.0000000Z'"));
}

#[test]
fn the_checks_of_a_refresh_token_come_in_order() {
    let mut events = RevocationEvents::none();
    events.record(Event::AdminRevokes, GRANTED + Span::from_hours(1));
    let mut user = UserFacts { deleted: true, events, ..UserFacts::unknown() };
    let mut bad = token(ClientClass::Public, true);
    bad.presented_by_its_client = false;
    bad.origin = RequestOrigin::Foreign;
    bad.second_factor.required = true;
    let now = GRANTED + Span::from_days(91);
    let mut seen = Vec::new();
    for fix in 0..10 {
        match fix {
            1 => bad.presented_by_its_client = true,
            2 => user.known = true,
            3 => user.deleted = false,
            4 => user.enabled = true,
            5 => user.events = RevocationEvents::none(),
            6 => bad.issued_at = now,
            7 => bad.origin = RequestOrigin::None,
            8 => bad.second_factor.registered = true,
            9 => bad.second_factor.done = true,
            _ => {}
        }
        seen.push(refresh_token::decide(&bad, &user, &published(), now).code.map(|code| code.number));
    }
    assert_eq!(
        seen,
        [
            Some(700_007),
            Some(50034),
            Some(500_341),
            Some(50057),
            Some(50173),
            Some(700_082),
            Some(9_002_326),
            Some(50079),
            Some(50076),
            None
        ]
    );
}

#[test]
fn a_disabled_account_stops_everything_until_it_is_enabled() {
    let mut user = UserFacts::in_good_standing(RevocationEvents::none());
    user.enabled = false;
    for class in [ClientClass::Public, ClientClass::Confidential] {
        let refused = refresh_token::decide(&token(class, true), &user, &published(), GRANTED);
        assert_eq!(refused.code, Some(aadsts::USER_DISABLED));
    }
    user.enabled = true;
    assert!(
        refresh_token::decide(&token(ClientClass::Public, true), &user, &published(), GRANTED).is_accepted()
    );
}

#[test]
fn unused_for_ninety_days_a_token_is_over_and_not_a_moment_sooner() {
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let hub = token(ClientClass::Confidential, true);
    let end = GRANTED + Span::from_days(90);
    assert!(refresh_token::decide(&hub, &user, &published(), end - Span::from_micros(1)).is_accepted());
    let verdict = refresh_token::decide(&hub, &user, &published(), end);
    assert_eq!(verdict.code, Some(aadsts::TOKEN_INACTIVE));
    assert!(
        verdict
            .error_text()
            .expect("has a code")
            .ends_with("issued on 2026-01-05T08:00:00.0000000Z and was inactive for 90.00:00:00.")
    );
    let renewed = RefreshTokenFacts { issued_at: end - Span::from_hours(1), ..hub };
    assert!(refresh_token::decide(&renewed, &user, &published(), end).is_accepted());
}

#[test]
fn a_single_page_applications_family_ends_after_a_day_however_often_it_was_renewed() {
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let end = GRANTED + Span::from_hours(24);
    let spa = RefreshTokenFacts {
        spa: true,
        origin: RequestOrigin::Registered,
        issued_at: end - Span::from_minutes(1),
        ..token(ClientClass::Public, true)
    };
    assert!(refresh_token::decide(&spa, &user, &published(), end - Span::from_micros(1)).is_accepted());
    let verdict = refresh_token::decide(&spa, &user, &published(), end);
    assert_eq!(verdict.code, Some(aadsts::SPA_TOKEN_EXPIRED));
    assert!(verdict.error_text().expect("has a code").contains("1.00:00:00"));
    let server = RefreshTokenFacts { origin: RequestOrigin::None, ..spa };
    let verdict = refresh_token::decide(&server, &user, &published(), GRANTED);
    assert_eq!(verdict.code, Some(aadsts::ORIGIN_REQUIRED));
    let elsewhere = RefreshTokenFacts { origin: RequestOrigin::Foreign, ..server };
    let verdict = refresh_token::decide(&elsewhere, &user, &published(), GRANTED);
    assert_eq!((verdict.code, verdict.rule), (Some(aadsts::ORIGIN_NOT_ALLOWED), Rule::OriginForeign));
}

#[test]
fn codes_are_for_one_client_once_within_ten_minutes_with_proof() {
    let fresh = CodeFacts {
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
    let soon = GRANTED + Span::from_minutes(9);
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let decide = |code: &CodeFacts, user: &UserFacts, now| code::decide(code, user, &published(), now).code;
    let with = |change: &dyn Fn(&mut CodeFacts)| {
        let mut code = fresh.clone();
        change(&mut code);
        decide(&code, &user, soon)
    };
    assert_eq!(with(&|_| ()), None);
    assert_eq!(with(&|c| c.presented_by_its_client = false), Some(aadsts::INVALID_GRANT));
    assert_eq!(with(&|c| c.redeemed_at = Some(GRANTED)), Some(aadsts::CODE_REDEEMED));
    assert_eq!(with(&|c| c.proof_key = ProofKey::Wrong), Some(aadsts::PROOF_KEY_WRONG));
    assert_eq!(with(&|c| c.proof_key = ProofKey::Missing), Some(aadsts::CODE_VERIFIER_MISSING));
    assert_eq!(with(&|c| c.origin = RequestOrigin::Registered), Some(aadsts::ORIGIN_NOT_ALLOWED));
    assert_eq!(with(&|c| c.spa = true), Some(aadsts::ORIGIN_REQUIRED));
    let spa = |c: &mut CodeFacts| {
        (c.spa, c.origin, c.proof_key) = (true, RequestOrigin::Registered, ProofKey::NotAsked);
    };
    assert_eq!(with(&spa), Some(aadsts::PROOF_KEY_REQUIRED));
    assert_eq!(with(&|c| c.proof_key = ProofKey::NotAsked), None, "only a page has to use PKCE");
    assert_eq!(decide(&fresh, &user, GRANTED + Span::from_minutes(10)), Some(aadsts::CODE_EXPIRED));
    let between = changed(GRANTED + Span::from_minutes(5));
    assert_eq!(decide(&fresh, &between, soon), Some(aadsts::FRESH_TOKEN_NEEDED));
    let of_the_hub = CodeFacts { client_class: ClientClass::Confidential, ..fresh.clone() };
    assert_eq!(decide(&of_the_hub, &between, soon), None);
}

#[test]
fn signing_out_ends_one_browser_session_and_no_other() {
    let at = GRANTED + Span::from_hours(1);
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let mut signed_out = browser(true);
    signed_out.signed_out_at = Some(at);
    let verdict = cookie::decide(&signed_out, &user, &published(), at);
    assert_eq!((verdict.rule, verdict.code), (Rule::SessionSignedOut, Some(aadsts::NO_SESSION)));
    assert!(cookie::decide(&browser(true), &user, &published(), at).is_accepted());
    let mut user = user;
    assert!(!user.events.record(Event::SingleSignOut, at), "signing out is not an event of the user");
    assert_eq!(user.events, RevocationEvents::none());
    // Not even when a record from elsewhere claims it.
    user.events = serde_json::from_str(r#"{"single_sign_out":"2026-01-05T09:00:00Z"}"#).expect("reads");
    assert!(cookie::decide(&browser(true), &user, &published(), at).is_accepted());
}

#[test]
fn sessions_end_when_unused_and_when_the_password_changes() {
    let mut transient = browser(true);
    transient.persistent = false;
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let day = GRANTED + Span::from_hours(24);
    assert_eq!(cookie::decide(&transient, &user, &published(), day).code, Some(aadsts::NO_SESSION));
    assert!(cookie::decide(&browser(true), &user, &published(), day).is_accepted());
    let end = GRANTED + Span::from_days(90);
    assert_eq!(cookie::decide(&browser(true), &user, &published(), end).rule, Rule::Inactive);
    let verdict = cookie::decide(&browser(true), &changed(day), &published(), day);
    assert_eq!(verdict.code, Some(aadsts::SESSION_REVOKED));
    assert!(cookie::decide(&browser(false), &changed(day), &published(), day).is_accepted());
}

#[test]
fn an_access_token_survives_a_password_change_until_it_expires() {
    let token = AccessTokenFacts {
        valid_from: GRANTED,
        expires_at: GRANTED + Span::from_minutes(75),
        evaluated: false,
    };
    let at = GRANTED + Span::from_minutes(10);
    let decide = |now| access_token::decide(&token, &changed(at), &published(), now);
    let verdict = decide(at);
    assert!(verdict.is_accepted());
    assert!(
        verdict.explain().contains("the user changed the password; but its resource does not ask the issuer")
    );
    let outlived =
        |at| access_token::decide(&token, &changed(at), &published(), at).fact("outlived").is_some();
    assert!(outlived(at) && !outlived(GRANTED), "what happened at its issue is not since");
    assert!(decide(GRANTED).is_accepted());
    assert!(decide(token.expires_at - Span::from_micros(1)).is_accepted());
    assert_eq!(decide(token.expires_at).rule, Rule::AccessTokenExpired);
    assert_eq!(decide(GRANTED - Span::from_micros(1)).rule, Rule::AccessTokenNotYetValid);
}

#[test]
fn a_user_who_is_gone_has_no_cae_enabled_access_token() {
    let token =
        AccessTokenFacts { valid_from: GRANTED, expires_at: GRANTED + Span::from_hours(24), evaluated: true };
    let good = UserFacts::in_good_standing(RevocationEvents::none());
    let removed = UserFacts { known: false, ..good.clone() };
    let deleted = UserFacts { deleted: true, ..good.clone() };
    // The instant may be unknown, or before the token was issued.
    let long_ago = UserFacts { deleted_at: Some(GRANTED - Span::from_hours(1)), ..deleted.clone() };
    for user in [removed, deleted, long_ago] {
        let ended = access_token::ended_by(&token, &user).expect("it has ended");
        assert_eq!((ended.clause, ended.at), ("the user was deleted", user.deleted_at));
    }
    assert_eq!(access_token::ended_by(&token, &good), None);
}

#[test]
fn a_critical_event_revokes_a_cae_enabled_access_token() {
    let token =
        AccessTokenFacts { valid_from: GRANTED, expires_at: GRANTED + Span::from_hours(24), evaluated: true };
    let at = GRANTED + Span::from_minutes(10);
    let verdict = access_token::decide(&token, &changed(at), &published(), at);
    assert_eq!((verdict.rule, verdict.code), (Rule::CriticalEvent, None));
    assert_eq!(
        verdict.explain(),
        "Refused: it was issued on 2026-01-05T08:00:00Z; on 2026-01-05T08:10:00Z the user changed the password. Its resource \
         is CAE-enabled: once notified of the event, it rejects the token and requires one issued since. Whether the \
         client can get one depends on its refresh token. Source: Continuous access evaluation, section \"Critical event evaluation\"."
    );
    let within_the_second = GRANTED + Span::from_micros(999_999);
    assert!(access_token::decide(&token, &changed(within_the_second), &published(), at).is_accepted());
    let mut expired = UserFacts::in_good_standing(RevocationEvents::none());
    expired.events.record(Event::PasswordExpires, at);
    let verdict = access_token::decide(&token, &expired, &published(), at);
    assert!(verdict.is_accepted());
    assert!(
        verdict.explain().contains("the password expired; that is not a critical event."),
        "{}",
        verdict.explain()
    );
    let enabled_again =
        UserFacts { disabled_at: Some(at), ..UserFacts::in_good_standing(RevocationEvents::none()) };
    assert!(
        !access_token::decide(&token, &enabled_again, &published(), at).is_accepted(),
        "it is ended for good"
    );
}

#[test]
fn classes_and_columns() {
    assert!(password_based(&["pwd", "mfa"]));
    assert!(!password_based(&["rsa", "mfa"]));
    assert!(!password_based::<&str>(&[]));
    assert_eq!(ClientClass::of_request(true), ClientClass::Confidential);
    for password in [true, false] {
        assert_eq!(Credential::token(ClientClass::Confidential, password), Credential::ConfidentialToken);
    }
    assert_eq!(Credential::token(ClientClass::Public, true), Credential::PasswordToken);
    assert_eq!(Credential::token(ClientClass::Public, false), Credential::NonPasswordToken);
}

#[test]
fn names_are_the_json() {
    for event in Event::ALL {
        assert_eq!(serde_json::to_value(event).expect("serialises"), event.name());
        assert_eq!(event.name().parse(), Ok(event));
    }
    for credential in Credential::ALL {
        assert_eq!(serde_json::to_value(credential).expect("serialises"), credential.name());
    }
    for edition in Edition::ALL {
        assert_eq!(serde_json::to_value(edition).expect("serialises"), edition.name());
    }
    for class in [ClientClass::Public, ClientClass::Confidential] {
        assert_eq!(serde_json::to_value(class).expect("serialises"), class.name());
    }
    for origin in [RequestOrigin::None, RequestOrigin::Registered, RequestOrigin::Foreign] {
        assert_eq!(serde_json::to_value(origin).expect("serialises"), origin.name());
    }
    for fate in [Fate::Alive, Fate::Revoked] {
        assert_eq!(serde_json::to_value(fate).expect("serialises"), fate.name());
    }
    use PolicyState::{Disabled, Enabled, EnabledForReportingButNotEnforced};
    for state in [Enabled, Disabled, EnabledForReportingButNotEnforced] {
        assert_eq!(serde_json::to_value(state).expect("serialises"), state.name());
    }
    use ResetCode::{Good, TooManyAttempts, TooOld, TriedTooOften, Wrong};
    for outcome in [Good, Wrong, TriedTooOften, TooOld, TooManyAttempts] {
        assert_eq!(serde_json::to_value(outcome).expect("serialises"), outcome.name());
    }
    for code in Aadsts::all() {
        assert_eq!(format!("{code:?}"), code.to_string());
        let json = serde_json::to_string(code).expect("serialises");
        assert_eq!(serde_json::from_str::<Aadsts>(&json).expect("reads back"), *code);
    }
    let events: RevocationEvents = serde_json::from_str(r#"{"sspr":"2026-01-05T09:00:00Z"}"#).expect("reads");
    assert_eq!(events.last(Event::Sspr), Some(GRANTED + Span::from_hours(1)));
    assert_eq!(serde_json::to_string(&events).expect("serialises"), r#"{"sspr":"2026-01-05T09:00:00Z"}"#);
}

#[test]
fn access_tokens_live_between_sixty_and_ninety_minutes_and_a_seed_repeats_them() {
    let lives = || {
        let random = Randomness::from_seed(5);
        (0..500).map(|_| lifetimes::access_token(&mut random.stream("life")).as_seconds()).collect::<Vec<_>>()
    };
    let drawn = lives();
    assert_eq!(drawn, lives());
    assert!(drawn.iter().all(|life| (3_600..=5_400).contains(life)));
    let mean = drawn.iter().sum::<i64>() / 500;
    assert!((4_350..=4_650).contains(&mean), "mean {mean} s, expected about 75 min");
}

#[test]
fn every_rule_has_a_title_of_its_own() {
    let titles: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.title()).collect();
    assert_eq!(titles.len(), Rule::ALL.len());
    assert!(titles.iter().all(|title| title.contains(' ')), "{titles:?}");
    assert_eq!(Rule::UserDeleted.title(), "The user was deleted");
}
