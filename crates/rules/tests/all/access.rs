//! What else stands between a credential and its use: policies, and the switches of disputed
//! points.

use std::net::IpAddr;

use outlive_clock::{Instant, Span, Speed};
use outlive_rules::conditional_access::{
    AccessFacts, AccessRequest, Demands, NamedLocation, Policy, evaluate, is_in_range,
};
use outlive_rules::{
    ClientClass, Credential, Edition, Event, Fate, Presented, Question, RevocationEvents, RotationFacts,
    Rule, Ruleset, UserFacts, aadsts, cookie, refresh_token, what_if,
};
use serde_json::{Value, json};

use crate::cells::{GRANTED, browser, token};

const USER: &str = "11111111-0000-0000-0000-000000000001";
const APP: &str = "22222222-0000-0000-0000-000000000002";
const GROUP: &str = "44444444-0000-0000-0000-000000000004";

fn policy(change: impl FnOnce(&mut Value)) -> Policy {
    let mut policy = json!({
        "displayName": "A policy", "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    });
    change(&mut policy);
    serde_json::from_value(policy).expect("a policy")
}

fn demands(policy: &Policy, address: &str) -> Demands<usize> {
    combined(&[policy], false, address)
}

fn combined(policies: &[&Policy], guest: bool, address: &str) -> Demands<usize> {
    let office = NamedLocation {
        id: "33333333-0000-0000-0000-000000000003".to_owned(),
        trusted: true,
        ranges: vec!["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()],
    };
    let (applications, groups) = ([APP.to_owned()], [GROUP.to_owned()]);
    let address = address.parse::<IpAddr>().expect("an address");
    let contexts = ["c1".to_owned()].into();
    let request = AccessRequest {
        user: USER,
        guest,
        groups: &groups,
        applications: &applications,
        contexts: &contexts,
        address,
    };
    evaluate(policies.iter().copied().enumerate(), &[office], &request)
}

#[test]
fn a_policy_may_be_for_an_authentication_context_in_place_of_applications() {
    let of = |names: &[&str], applications: &[&str]| {
        policy(|policy| {
            policy["conditions"]["applications"] = json!({
                "includeAuthenticationContextClassReferences": names, "includeApplications": applications,
            });
        })
    };
    let applies = |policy: &Policy| demands(policy, "192.0.2.1").second_factor_by.is_some();
    assert!(applies(&of(&["c2", "c1"], &[])) && !applies(&of(&["c2"], &[])));
    assert_eq!(of(&["c1", "c99"], &[]).fault(), None);
    for wrong in [
        of(&[], &[]),
        of(&["c1"], &["All"]),
        of(&["c0"], &[]),
        of(&["c100"], &[]),
        of(&["c01"], &[]),
        of(&["1"], &[]),
    ] {
        assert!(wrong.fault().is_some(), "{wrong:?}");
    }
}

#[test]
fn a_policy_applies_to_whom_what_and_where_it_says() {
    let asks = |change: &dyn Fn(&mut Value), address| {
        demands(&policy(|policy| change(policy)), address).second_factor_by.is_some()
    };
    let here = "198.51.100.7";
    assert!(asks(&|_| (), here));
    for (path, value, applies) in [
        ("/conditions/users/includeUsers", json!([USER.to_uppercase()]), true),
        ("/conditions/users/includeUsers", json!(["None"]), false),
        ("/conditions/users/includeUsers", json!(["GuestsOrExternalUsers"]), false),
        ("/conditions/applications/includeApplications", json!([APP]), true),
        ("/conditions/applications/includeApplications", json!([USER]), false),
        ("/conditions/users", json!({"includeGroups": [GROUP.to_uppercase()]}), true),
        ("/conditions/users", json!({"includeGroups": [APP]}), false),
        ("/conditions/users", json!({"includeUsers": [APP], "includeGroups": [APP, GROUP]}), true),
        ("/conditions/users", json!({"includeUsers": ["All"], "excludeGroups": [GROUP]}), false),
        ("/conditions/users", json!({"includeUsers": ["All"], "excludeGroups": [APP]}), true),
        ("/conditions/users", json!({"includeGroups": [GROUP], "excludeUsers": [USER]}), false),
        ("/state", json!("disabled"), false),
    ] {
        let changed = |policy: &mut Value| *policy.pointer_mut(path).expect("a member") = value.clone();
        assert_eq!(asks(&changed, here), applies, "{path} {value}");
    }
    assert!(!asks(&|policy| policy["conditions"]["users"]["excludeUsers"] = json!([USER]), here));
    assert!(!asks(
        &|policy| policy["conditions"]["applications"]["excludeApplications"] = json!([APP]),
        here
    ));
    let outside = |policy: &mut Value| {
        policy["conditions"]["locations"] =
            json!({"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]});
    };
    assert!(asks(&outside, here));
    assert!(!asks(&outside, "192.0.2.200") && !asks(&outside, "2001:db8:7::1"));
}

#[test]
fn a_policy_that_only_reports_is_named_and_asks_nothing() {
    let reports = policy(|policy| policy["state"] = json!("enabledForReportingButNotEnforced"));
    let asked = demands(&reports, "192.0.2.1");
    assert_eq!(asked, Demands { reported: vec!["A policy".to_owned()], ..Demands::default() });
}

#[test]
fn the_demands_of_several_policies_are_combined() {
    let of = |name: &str, controls: Value, session: Value| {
        policy(|policy| {
            policy["displayName"] = json!(name);
            policy["grantControls"]["builtInControls"] = controls;
            policy["sessionControls"] = session;
        })
    };
    let browser =
        |mode: &str, enabled: bool| json!({"persistentBrowser": {"mode": mode, "isEnabled": enabled}});
    let every = |hours: u32| json!({"signInFrequency": {"value": hours, "type": "hours"}});
    let days = of("days", json!([]), json!({"signInFrequency": {"value": 2, "type": "days"}}));
    let off =
        of("off", json!([]), json!({"signInFrequency": {"value": 1, "type": "hours", "isEnabled": false}}));
    let always_asks = of("each", json!([]), json!({"signInFrequency": {"frequencyInterval": "everyTime"}}));
    let (three, two) = (of("three", json!(["mfa"]), every(3)), of("two", json!(["mfa"]), every(2)));
    let (block, other) = (of("block", json!(["block"]), json!({})), of("other", json!(["block"]), json!({})));
    let (stay, leave) =
        (of("a", json!([]), browser("always", true)), of("n", json!([]), browser("never", true)));
    let switched_off = of("o", json!([]), browser("never", false));
    let demands = |policies: &[&Policy]| combined(policies, false, "192.0.2.1");
    assert_eq!(demands(&[&block, &other]).blocked_by, Some((0, "block".to_owned())));
    assert_eq!(demands(&[&three, &two]).second_factor_by, Some(0));
    for (policies, hours) in [
        (vec![&three, &two, &days], Some(2)),
        (vec![&two, &three], Some(2)),
        (vec![&days], Some(48)),
        (vec![&two, &always_asks], Some(0)),
        (vec![&off], None),
    ] {
        assert_eq!(demands(&policies).sign_in_frequency, hours.map(Span::from_hours), "{policies:?}");
    }
    for (policies, stays) in [
        (vec![&stay], Some(true)),
        (vec![&leave], Some(false)),
        (vec![&stay, &leave], Some(false)),
        (vec![&leave, &stay], Some(false)),
        (vec![&stay, &switched_off], Some(true)),
        (vec![&switched_off], None),
    ] {
        assert_eq!(demands(&policies).stays_signed_in, stays, "{policies:?}");
    }
}

#[test]
fn guests_and_named_locations_are_recognized() {
    let guests =
        policy(|policy| policy["conditions"]["users"]["includeUsers"] = json!(["GuestsOrExternalUsers"]));
    let asks = |guest| combined(&[&guests], guest, "192.0.2.1").second_factor_by.is_some();
    assert!(asks(true) && !asks(false));
    for (included, here, elsewhere) in [
        (json!(["33333333-0000-0000-0000-000000000003"]), true, false),
        (json!(["44444444-0000-0000-0000-000000000004"]), false, false),
        (json!(["AllTrusted"]), true, false),
    ] {
        let of_place = policy(|policy| {
            policy["conditions"]["locations"] = json!({"includeLocations": included, "excludeLocations": []});
        });
        let applies = |address| demands(&of_place, address).second_factor_by.is_some();
        assert_eq!((applies("192.0.2.1"), applies("198.51.100.7")), (here, elsewhere), "{of_place:?}");
    }
}

#[test]
fn ranges_hold_their_addresses_and_no_others() {
    for (address, range, holds) in [
        ("192.0.2.1", "192.0.2.0/24", true),
        ("192.0.3.1", "192.0.2.0/24", false),
        ("10.9.8.7", "0.0.0.0/0", true),
        ("10.9.8.7", "10.9.8.7/32", true),
        ("10.9.8.6", "10.9.8.7/32", false),
        ("::1", "0.0.0.0/0", false),
        ("::1", "::/0", true),
        ("2001:db8:7::1", "2001:db8::/32", true),
        ("2001:db9::1", "2001:db8::/32", false),
        ("192.0.2.1", "192.0.2.0/33", false),
        ("192.0.2.1", "192.0.2.0", false),
        ("192.0.2.1", "everywhere", false),
    ] {
        assert_eq!(is_in_range(address.parse().expect("an address"), range), holds, "{address} {range}");
    }
}

#[test]
fn unsupported_policies_are_rejected() {
    assert_eq!(policy(|_| ()).fault(), None);
    for (path, value, faulty) in [
        ("/displayName", json!(""), true),
        ("/displayName", json!("x".repeat(256)), false),
        ("/displayName", json!("x".repeat(257)), true),
        ("/conditions/users/includeUsers", json!([]), true),
        ("/conditions/users", json!({"includeGroups": []}), true),
        ("/conditions/users", json!({"includeGroups": [GROUP]}), false),
        ("/conditions/users", json!({"excludeGroups": [GROUP]}), true),
        ("/grantControls/builtInControls", json!(["block"]), false),
        ("/conditions/clientAppTypes", json!(["all"]), false),
        ("/conditions/clientAppTypes", json!(["browser"]), true),
    ] {
        let changed = policy(|policy| {
            policy["conditions"]["clientAppTypes"] = json!([]);
            *policy.pointer_mut(path).expect("a member") = value;
        });
        assert_eq!(changed.fault().is_some(), faulty, "{path}");
    }
    let frequency =
        |frequency: Value| policy(|policy| policy["sessionControls"] = json!({"signInFrequency": frequency}));
    assert_eq!(frequency(json!({"value": 4, "type": "hours"})).fault(), None);
    assert_eq!(frequency(json!({"frequencyInterval": "everyTime"})).fault(), None);
    assert!(frequency(json!({"value": 24, "type": "hours"})).fault().is_some());
    assert!(frequency(json!({"value": 0, "type": "days"})).fault().is_some());
    assert!(
        policy(|policy| policy["grantControls"]["builtInControls"] = json!(["block", "mfa"]))
            .fault()
            .is_some()
    );
    assert!(policy(|policy| policy["grantControls"]["builtInControls"] = json!([])).fault().is_some());
    let of_one = policy(|policy| {
        policy["conditions"]["applications"]["includeApplications"] = json!([APP]);
        policy["sessionControls"] = json!({"persistentBrowser": {"mode": "never"}});
    });
    assert!(of_one.fault().is_some());
}

fn asked(class: ClientClass, conditional_access: AccessFacts, rules: Ruleset) -> Question {
    let mut token = token(class, true);
    token.conditional_access = conditional_access;
    Question {
        presented: Presented::RefreshToken(token),
        user: UserFacts::in_good_standing(RevocationEvents::none()),
        rules,
        at: GRANTED + Span::from_hours(4),
    }
}

#[test]
fn a_sign_in_frequency_has_five_minutes_of_grace_and_leaves_confidential_clients_alone() {
    let access = AccessFacts {
        sign_in_frequency: Some(Span::from_hours(4)),
        authenticated_at: Some(GRANTED),
        ..AccessFacts::default()
    };
    let mut question = asked(ClientClass::Public, access.clone(), Ruleset::default());
    question.at = GRANTED + Span::from_minutes(245) - Span::from_micros(1);
    assert!(question.decide().is_accepted());
    question.at = question.at + Span::from_micros(1);
    let verdict = question.decide();
    assert_eq!((verdict.rule, verdict.code), (Rule::SignInTooOld, Some(aadsts::SIGN_IN_FREQUENCY)));
    assert!(verdict.error_text().expect("a text").contains("is 14400."), "{:?}", verdict.error_text());
    let reversed: Vec<_> = what_if(&question).into_iter().map(|what_if| what_if.words).collect();
    assert!(
        reversed.iter().any(|words| words.starts_with("Had this been a confidential client")),
        "{reversed:?}"
    );
    assert!(
        reversed.iter().any(|words| words.starts_with("Had the user just signed in again")),
        "{reversed:?}"
    );
    let hub = asked(ClientClass::Confidential, access.clone(), Ruleset::default());
    assert!(Question { at: GRANTED + Span::from_days(80), ..hub }.decide().is_accepted());
    let mut session = browser(false);
    session.conditional_access = access;
    let user = UserFacts::in_good_standing(RevocationEvents::none());
    let verdict = cookie::decide(&session, &user, &Ruleset::default(), GRANTED + Span::from_hours(5));
    assert_eq!(verdict.rule, Rule::SignInTooOld);
}

#[test]
fn a_block_applies_to_both_client_classes() {
    for class in [ClientClass::Public, ClientClass::Confidential] {
        let access = AccessFacts { blocked_by: Some("Block all".to_owned()), ..AccessFacts::default() };
        let question = asked(class, access, Ruleset::default());
        let verdict = question.decide();
        assert_eq!((verdict.rule, verdict.code), (Rule::BlockedByPolicy, Some(aadsts::BLOCKED_BY_POLICY)));
        let reversed: Vec<_> = what_if(&question).into_iter().map(|what_if| what_if.words).collect();
        assert_eq!(reversed, ["Had no policy blocked it, it would have been accepted."]);
    }
}

#[test]
fn the_switch_of_the_contradicted_cell_turns_that_cell_only() {
    for edition in Edition::ALL {
        let switched: Ruleset =
            format!("{edition}+confidential_rt_on_password_change=revoke").parse().expect("a ruleset");
        for row in edition.rows() {
            for credential in Credential::ALL {
                let turned =
                    (row.event, credential) == (Event::PasswordChangedByUser, Credential::ConfidentialToken);
                let expected = if turned { Fate::Revoked } else { row.fate(credential) };
                assert_eq!(switched.fate(row.event, credential), expected);
                assert_eq!(switched.is_overridden(row.event, credential), turned);
            }
        }
    }
}

#[test]
fn disabling_ends_nothing_for_good_unless_the_switch_says_so() {
    let user = |minutes| UserFacts {
        disabled_at: Some(GRANTED + Span::from_minutes(minutes)),
        ..UserFacts::in_good_standing(RevocationEvents::none())
    };
    let switched: Ruleset = "2025-11+disable_revokes=yes".parse().expect("a ruleset");
    let rule = |rules: &Ruleset, minutes| {
        let hub = token(ClientClass::Confidential, true);
        refresh_token::decide(&hub, &user(minutes), rules, GRANTED + Span::from_hours(1)).rule
    };
    assert_eq!(rule(&Ruleset::default(), 5), Rule::NothingEndedIt);
    assert_eq!(rule(&switched, 5), Rule::DisabledMeanwhile);
    assert_eq!(rule(&switched, 0), Rule::NothingEndedIt, "granted within the second");
    assert_eq!(rule(&switched, -5), Rule::NothingEndedIt, "granted after it was enabled again");
}

#[test]
fn strict_rotation_ends_what_was_used_and_its_family_and_only_where_it_is_switched_on() {
    let used = |family: bool| RotationFacts {
        used_at: Some(GRANTED),
        family_ended_at: family.then_some(GRANTED),
        reusable_until: None,
    };
    let strict: Ruleset = "2021+rotation=strict".parse().expect("a ruleset");
    for (rules, rotation, expected) in [
        (&strict, RotationFacts::default(), Rule::NothingEndedIt),
        (&strict, used(false), Rule::UsedBefore),
        (&strict, used(true), Rule::FamilyEnded),
        (&Ruleset::default(), used(true), Rule::NothingEndedIt),
    ] {
        let mut question = asked(ClientClass::Public, AccessFacts::default(), rules.clone());
        if let Presented::RefreshToken(token) = &mut question.presented {
            token.rotation = rotation;
        }
        let verdict = question.decide();
        assert_eq!(verdict.rule, expected);
        assert!(verdict.is_accepted() || what_if(&question).len() == 2, "{:?}", what_if(&question));
    }
}

#[test]
fn switches_are_written_after_the_cells_and_read_back() {
    let text = "2021+sspr.confidential_token=revoked+disable_revokes=yes+rotation=strict+patch_password_profile=m365_admin_center";
    let rules: Ruleset = text.parse().expect("a ruleset");
    assert_eq!(rules.to_string(), text);
    assert_eq!(rules.switches().patch_password_profile, Event::AdminResetM365AdminCenter);
    let on_default: Ruleset = "2021+rotation=advisory".parse().expect("a ruleset");
    assert_eq!(on_default.to_string(), "2021");
    for wrong in [
        "2021+rotation=sometimes",
        "2021+colour=red",
        "2021+rotation=strict+rotation=strict",
        "2021+rotation",
    ] {
        assert!(wrong.parse::<Ruleset>().is_err(), "{wrong}");
    }
}

#[test]
fn the_token_replaced_last_can_be_used_again_for_a_minute_of_wall_time() {
    // Okta's grace period and Amazon Cognito's retry grace period are at most 60 seconds.
    let until = |times| RotationFacts::reusable_until(GRANTED, Speed::times(times));
    assert_eq!(until(0), GRANTED + Span::from_seconds(60));
    assert_eq!(until(1), GRANTED + Span::from_seconds(60));
    assert_eq!(until(1_440), GRANTED + Span::from_days(1));
    let rotation =
        RotationFacts { used_at: Some(GRANTED), family_ended_at: None, reusable_until: Some(until(1)) };
    assert!(rotation.is_reuse(until(1)));
    assert!(!rotation.is_reuse(until(1) + Span::from_micros(1)));
    assert!(!RotationFacts { reusable_until: None, ..rotation.clone() }.is_reuse(GRANTED));
    assert!(!RotationFacts { used_at: None, ..rotation.clone() }.is_reuse(GRANTED));
    let strict: Ruleset = "2021+rotation=strict".parse().expect("a ruleset");
    for (rotation, expected) in [
        (rotation.clone(), Rule::UsedBefore),
        (RotationFacts { reusable_until: Some(Instant::MAX), ..rotation.clone() }, Rule::NothingEndedIt),
        (
            RotationFacts { reusable_until: Some(Instant::MAX), family_ended_at: Some(GRANTED), ..rotation },
            Rule::FamilyEnded,
        ),
    ] {
        let mut question = asked(ClientClass::Public, AccessFacts::default(), strict.clone());
        question.at = GRANTED + Span::from_hours(1);
        if let Presented::RefreshToken(token) = &mut question.presented {
            token.rotation = rotation;
        }
        assert_eq!(question.decide().rule, expected);
    }
}
