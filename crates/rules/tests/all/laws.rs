//! Laws that hold whatever happened, and when.

use crate::cells::{GRANTED, browser, token};
use outlive_clock::{Instant, Span};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    AccessTokenFacts, ClientClass, CodeFacts, Credential, Edition, Event, Outcome, Presented, ProofKey,
    Question, RefreshTokenFacts, RequestOrigin, RevocationEvents, RotationFacts, Rule, Ruleset, Switches,
    UserFacts, Verdict, WhatIf, access_token, code, cookie, prospects, refresh_token, what_if,
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

fn instants() -> impl Strategy<Value = Instant> {
    // Dense around the grant, so that seconds are shared, and thin over half a year, so that
    // lifetimes end.
    prop_oneof![-3_000_000_i64..3_000_000, -DAY..180 * DAY]
        .prop_map(|micros| GRANTED + Span::from_micros(micros))
}

fn histories() -> impl Strategy<Value = RevocationEvents> {
    prop::collection::vec((prop::sample::select(Event::ALL.to_vec()), instants()), 0..6).prop_map(
        |happened| {
            let mut events = RevocationEvents::none();
            for (event, at) in happened {
                events.record(event, at);
            }
            events
        },
    )
}

fn rulesets() -> impl Strategy<Value = Ruleset> {
    let edition = prop::sample::select(Edition::ALL.to_vec());
    let cell = (prop::sample::select(Event::ALL.to_vec()), prop::sample::select(Credential::ALL.to_vec()));
    (edition, prop::collection::vec(cell, 0..3), switches()).prop_map(|(edition, cells, switches)| {
        let rules = Ruleset::published(edition).with_switches(switches);
        cells.into_iter().fold(rules, |rules, (event, credential)| {
            let flipped = edition.row(event).fate(credential).flipped();
            rules.with(event, credential, flipped)
        })
    })
}

fn switches() -> impl Strategy<Value = Switches> {
    let seldom = || prop::bool::weighted(0.1);
    (seldom(), seldom(), seldom()).prop_map(
        |(confidential_revoked_on_password_change, disable_revokes, strict_rotation)| Switches {
            confidential_revoked_on_password_change,
            disable_revokes,
            strict_rotation,
            ..Switches::default()
        },
    )
}

fn users() -> impl Strategy<Value = UserFacts> {
    let often = || prop::bool::weighted(0.95);
    let seldom = || prop::option::weighted(0.2, instants());
    (histories(), often(), prop::bool::weighted(0.05), often(), (seldom(), seldom(), seldom())).prop_map(
        |(events, known, deleted, enabled, (disabled_at, deleted_at, second_factor_required_at))| UserFacts {
            known,
            deleted,
            enabled,
            disabled_at,
            deleted_at,
            second_factor_required_at,
            events,
        },
    )
}

fn rotations() -> impl Strategy<Value = RotationFacts> {
    let seldom = || prop::option::weighted(0.1, instants());
    (seldom(), seldom(), seldom()).prop_map(|(used_at, family_ended_at, reusable_until)| RotationFacts {
        used_at,
        family_ended_at,
        reusable_until,
    })
}

fn accesses() -> impl Strategy<Value = AccessFacts> {
    let policy = prop::option::weighted(0.1, Just("A policy".to_owned()));
    let hours = prop::option::weighted(0.3, 0_i64..2_000);
    (policy, hours, prop::option::of(instants())).prop_map(|(blocked_by, hours, authenticated_at)| {
        AccessFacts { blocked_by, sign_in_frequency: hours.map(Span::from_hours), authenticated_at }
    })
}

fn tokens() -> impl Strategy<Value = RefreshTokenFacts> {
    let often = || prop::bool::weighted(0.9);
    (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        0..30 * DAY,
        prop::option::weighted(0.2, instants()),
        often(),
        often(),
        (rotations(), accesses()),
    )
        .prop_map(
            |(confidential, password, spa, age, signed_out, its_own, fitting, (rotation, access))| {
                RefreshTokenFacts {
                    spa,
                    rotation,
                    conditional_access: access,
                    issued_at: GRANTED + Span::from_micros(age),
                    session_signed_out_at: signed_out,
                    presented_by_its_client: its_own,
                    origin: if spa == fitting { RequestOrigin::Registered } else { RequestOrigin::None },
                    ..token(ClientClass::of_request(confidential), password)
                }
            },
        )
}

fn access(evaluated: bool) -> AccessTokenFacts {
    let lifetime = if evaluated { Span::from_hours(24) } else { Span::from_minutes(75) };
    AccessTokenFacts { valid_from: GRANTED, expires_at: GRANTED + lifetime, evaluated }
}

/// Whatever can be asked about.
fn presented() -> impl Strategy<Value = Presented> {
    prop_oneof![
        3 => tokens().prop_map(Presented::RefreshToken),
        1 => any::<bool>().prop_map(|evaluated| Presented::AccessToken(access(evaluated))),
    ]
}

/// What must be true of every verdict.
fn sound(verdict: &Verdict) {
    let words = verdict.explain();
    let refused = verdict.outcome == Outcome::Refused;
    assert_eq!(words.starts_with("Refused: "), refused, "{words}");
    assert!(!words.contains("(unknown)") && !words.contains('{'), "{words}");
    if let Some(code) = verdict.code {
        assert!(refused && words.contains(&code.to_string()), "{words}");
        let text = verdict.error_text().expect("has a code");
        assert!(text.starts_with(&format!("{code}: ")) && !text.contains("(unknown)"), "{text}");
    }
    if let Some(cell) = verdict.revocation {
        assert!(
            refused && words.contains(cell.event.clause()) && words.contains(cell.credential.plural()),
            "{words}"
        );
        assert!(words.contains(verdict.rules.row(cell.event).title), "{words}");
    }
    let json = serde_json::to_value(verdict).expect("serialises");
    assert_eq!(json["explanation"], words);
    assert_eq!(json["title"], verdict.rule.title());
    assert_eq!(&serde_json::from_value::<Verdict>(json).expect("reads back"), verdict);
}

proptest! {
    #[test]
    fn every_verdict_says_what_it_decides(
        (token, user, rules, now) in (tokens(), users(), rulesets(), instants()),
        (persistent, password) in (any::<bool>(), any::<bool>()),
        redeemed in prop::option::weighted(0.2, instants()),
        proof in prop::sample::select(vec![ProofKey::NotAsked, ProofKey::Proven, ProofKey::Missing, ProofKey::Wrong]),
    ) {
        sound(&refresh_token::decide(&token, &user, &rules, now));
        let mut session = browser(password);
        session.persistent = persistent;
        session.signed_out_at = token.session_signed_out_at;
        sound(&cookie::decide(&session, &user, &rules, now));
        let code = CodeFacts {
            issued_at: GRANTED,
            redeemed_at: redeemed,
            client_class: token.client_class,
            password_based: password,
            spa: token.spa,
            presented_by_its_client: token.presented_by_its_client,
            origin: token.origin,
            proof_key: proof,
            conditional_access: AccessFacts::default(),
        };
        sound(&code::decide(&code, &user, &rules, now));
        for evaluated in [false, true] {
            sound(&access_token::decide(&access(evaluated), &user, &rules, now));
        }
    }

    #[test]
    fn a_refusal_is_permanent_as_time_passes(
        (token, user, rules) in (tokens(), users(), rulesets()),
        (a, b) in (instants(), instants()),
    ) {
        let (sooner, later) = (a.min(b), a.max(b));
        if refresh_token::decide(&token, &user, &rules, later).is_accepted() {
            prop_assert!(refresh_token::decide(&token, &user, &rules, sooner).is_accepted());
        }
        let session = browser(token.password_based);
        if cookie::decide(&session, &user, &rules, later).is_accepted() {
            prop_assert!(cookie::decide(&session, &user, &rules, sooner).is_accepted());
        }
    }

    #[test]
    fn more_events_never_revive(
        (token, user, rules, now) in (tokens(), users(), rulesets(), instants()),
        (event, at) in (prop::sample::select(Event::ALL.to_vec()), instants()),
    ) {
        let before = refresh_token::decide(&token, &user, &rules, now);
        let mut after = user;
        after.events.record(event, at);
        if !before.is_accepted() {
            prop_assert!(!refresh_token::decide(&token, &after, &rules, now).is_accepted());
        }
    }

    #[test]
    fn cut_offs_count_whole_seconds_and_are_strict(micros in 0_i64..5_000_000, at in 0_i64..5_000_000) {
        let mut events = RevocationEvents::none();
        events.record(Event::AdminRevokes, GRANTED + Span::from_micros(at));
        let mut token = token(ClientClass::Confidential, true);
        token.family_issued_at = GRANTED + Span::from_micros(micros);
        token.issued_at = token.family_issued_at;
        let verdict = refresh_token::decide(
            &token, &UserFacts::in_good_standing(events), &Ruleset::default(), GRANTED + Span::from_seconds(9));
        prop_assert_eq!(verdict.is_accepted(), micros >= at / 1_000_000 * 1_000_000);
    }

    #[test]
    fn an_access_token_without_cae_is_valid_until_it_expires(user in users(), rules in rulesets(), now in instants()) {
        let token = access(false);
        let verdict = access_token::decide(&token, &user, &rules, now);
        prop_assert_eq!(verdict.is_accepted(), GRANTED <= now && now < token.expires_at);
    }

    #[test]
    fn one_that_is_evaluated_ends_with_the_first_critical_event_and_stays_ended(
        (user, rules) in (users(), rulesets()), (a, b) in (instants(), instants()),
    ) {
        let token = access(true);
        let is_critical = |event: &Event| *event != Event::PasswordExpires;
        let critical = user.events.latest_first().into_iter().filter(|(event, _)| is_critical(event)).map(|(_, at)| at);
        let ended = critical.chain([user.deleted_at, user.disabled_at, user.second_factor_required_at].into_iter().flatten())
            .any(|at| GRANTED < outlive_rules::cut_off(at))
            || !user.known || user.deleted || !user.enabled;
        let (sooner, later) = (a.min(b).max(GRANTED), a.max(b).max(GRANTED));
        let verdict = access_token::decide(&token, &user, &rules, later);
        prop_assert_eq!(verdict.is_accepted(), later < token.expires_at && !ended);
        prop_assert!(!verdict.is_accepted() || access_token::decide(&token, &user, &rules, sooner).is_accepted());
    }

    #[test]
    fn the_public_and_the_confidential_token_part_only_by_the_table(
        token in tokens(), history in histories(), rules in rulesets(), now in instants(),
    ) {
        let user = UserFacts::in_good_standing(history);
        let as_class = |class| {
            let token = RefreshTokenFacts { client_class: class, ..token.clone() };
            refresh_token::decide(&token, &user, &rules, now)
        };
        let (public, confidential) = (as_class(ClientClass::Public), as_class(ClientClass::Confidential));
        if public.is_accepted() != confidential.is_accepted() {
            if public.rule == Rule::SignInTooOld {
                // The one exception: a sign-in frequency leaves confidential clients alone while
                // the user is away.
                return Ok(());
            }
            let cell = public.revocation.or(confidential.revocation).expect("a cell of the table parts them");
            let column = Credential::token(ClientClass::Public, token.password_based);
            prop_assert_ne!(rules.fate(cell.event, column), rules.fate(cell.event, Credential::ConfidentialToken));
        }
    }

    #[test]
    fn what_if_returns_minimal_changes_that_reverse_the_verdict(
        (presented, user, rules, now) in (presented(), users(), rulesets(), instants()),
    ) {
        let asked = Question { presented, user, rules, at: now };
        let found = what_if(&asked);
        prop_assert!(!asked.decide().is_accepted() || found.is_empty());
        for WhatIf { changes, words } in &found {
            let altered = changes.iter().fold(asked.clone(), |asked, change| change.apply(&asked));
            prop_assert!(altered.decide().is_accepted(), "{words}");
            for left_out in 0..changes.len() {
                let fewer = changes.iter().enumerate().filter(|(index, _)| *index != left_out);
                let altered = fewer.fold(asked.clone(), |asked, (_, change)| change.apply(&asked));
                prop_assert!(!altered.decide().is_accepted(), "{words} Less would have done.");
            }
            prop_assert!(words.starts_with("Had ") && words.ends_with("it would have been accepted."));
        }
    }

    #[test]
    fn only_enabling_and_restoring_reverse_a_refusal(
        (presented, user, rules, now) in (presented(), users(), rulesets(), instants()),
    ) {
        let asked = Question { presented, user, rules, at: now.max(GRANTED) };
        if asked.decide().is_accepted() {
            return Ok(());
        }
        for prospect in prospects(&asked) {
            prop_assert!(prospect.ends_it, "{} revived it", prospect.what);
        }
    }
}
