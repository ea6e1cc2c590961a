//! The table decides, cell by cell, and nothing else does.

use crate::cells::happen;
use outlive_clock::Instant;
use outlive_rules::{Credential, Edition, Event, Fate, RevocationEvents, Ruleset};

/// The published tables once more, in another hand: `x` is revoked, `.` stays alive; columns as on
/// the page.
const PUBLISHED: [(Edition, &[(&str, &str)]); 4] = [
    (Edition::E2018, &ONE_ADMIN_ROW),
    (Edition::E2021, &ONE_ADMIN_ROW),
    (
        Edition::E2025_05,
        &[
            ("password_expires", "....."),
            ("password_changed_by_user", "xx..."),
            ("sspr", "xx..."),
            ("admin_reset_azure_portal", "xx..."),
            ("admin_reset_entra_admin_center", "xx.xx"),
            ("user_revokes", "xxxxx"),
            ("admin_revokes", "xxxxx"),
            ("single_sign_out", "x.x.."),
        ],
    ),
    (
        Edition::E2025_11,
        &[
            ("password_expires", "....."),
            ("password_changed_by_user", "xx..."),
            ("sspr", "xx..."),
            ("admin_reset_azure_portal", "xx..."),
            ("admin_reset_entra_admin_center", "xx.xx"),
            ("admin_reset_m365_admin_center", "xx.xx"),
            ("user_revokes", "xxxxx"),
            ("admin_revokes", "xxxxx"),
            ("single_sign_out", "x.x.."),
        ],
    ),
];

const ONE_ADMIN_ROW: [(&str, &str); 7] = [
    ("password_expires", "....."),
    ("password_changed_by_user", "xx..."),
    ("sspr", "xx..."),
    ("admin_reset", "xx..."),
    ("user_revokes", "xxxxx"),
    ("admin_revokes", "xxxxx"),
    ("single_sign_out", "x.x.."),
];

#[test]
fn every_cell_of_every_edition_is_as_published() {
    for (edition, rows) in PUBLISHED {
        let names: Vec<_> = edition.rows().iter().map(|row| row.event.name()).collect();
        assert_eq!(names, rows.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{edition}");
        let rules = Ruleset::published(edition);
        for (name, cells) in rows {
            let event: Event = name.parse().expect("a row");
            for (credential, cell) in Credential::ALL.into_iter().zip(cells.chars()) {
                let verdict = happen(&rules, event, credential);
                assert_eq!(
                    verdict.is_accepted(),
                    cell == '.',
                    "{edition} {name} {credential}: {}",
                    verdict.explain()
                );
                if let Some(cell) = verdict.revocation {
                    assert_eq!((cell.event, cell.credential), (event, credential));
                }
            }
        }
    }
}

#[test]
fn flipping_one_cell_changes_exactly_that_verdict() {
    for edition in Edition::ALL {
        let published = Ruleset::published(edition);
        let cells: Vec<_> = edition
            .rows()
            .iter()
            .flat_map(|row| Credential::ALL.map(|credential| (row.event, credential)))
            .collect();
        for (event, credential) in &cells {
            let flipped = published.fate(*event, *credential).flipped();
            let rules = published.clone().with(*event, *credential, flipped);
            let changed: Vec<_> = cells
                .iter()
                .filter(|(e, c)| {
                    happen(&rules, *e, *c).is_accepted() != happen(&published, *e, *c).is_accepted()
                })
                .collect();
            assert_eq!(changed, [&(*event, *credential)], "{rules}");
            assert_eq!(
                happen(&rules, *event, *credential).explain().contains("overridden for this tenant"),
                flipped == Fate::Revoked,
                "{rules}"
            );
        }
    }
}

#[test]
fn every_event_finds_its_row_in_every_edition() {
    for edition in Edition::ALL {
        for event in Event::ALL {
            let row = edition.row(event);
            let a_reset = event.name().starts_with("admin_reset");
            assert!(
                row.event == event || (a_reset && row.event.name().starts_with("admin_reset")),
                "{edition} {event}: {}",
                row.title
            );
        }
    }
}

#[test]
fn a_reset_through_a_channel_falls_under_the_editions_row() {
    for (edition, event, row) in [
        (Edition::E2018, Event::AdminResetEntraAdminCenter, Event::AdminReset),
        (Edition::E2021, Event::AdminResetM365AdminCenter, Event::AdminReset),
        (Edition::E2021, Event::AdminResetAzurePortal, Event::AdminReset),
        (Edition::E2025_05, Event::AdminReset, Event::AdminResetAzurePortal),
        (Edition::E2025_05, Event::AdminResetM365AdminCenter, Event::AdminResetEntraAdminCenter),
        (Edition::E2025_11, Event::AdminResetM365AdminCenter, Event::AdminResetM365AdminCenter),
    ] {
        assert_eq!(edition.row(event).event, row, "{edition} {event}");
        // An override of the row reaches whatever falls under it.
        let rules = Ruleset::published(edition).with(event, Credential::NonPasswordCookie, Fate::Revoked);
        assert!(!happen(&rules, row, Credential::NonPasswordCookie).is_accepted());
        assert!(!happen(&rules, event, Credential::NonPasswordCookie).is_accepted());
    }
}

#[test]
fn rulesets_are_written_as_they_are_read() {
    for text in [
        "2018",
        "2025-11",
        "2025-11+password_changed_by_user.confidential_token=revoked",
        "2021+admin_reset.confidential_token=revoked+sspr.password_token=alive",
    ] {
        let rules: Ruleset = text.parse().expect(text);
        assert_eq!(rules.to_string(), text);
        let json = serde_json::to_string(&rules).expect("serialises");
        assert_eq!(serde_json::from_str::<Ruleset>(&json).expect("reads back"), rules);
    }
    let deliberate: Ruleset =
        "2025-11+password_changed_by_user.confidential_token=revoked".parse().expect("valid");
    assert!(!happen(&deliberate, Event::PasswordChangedByUser, Credential::ConfidentialToken).is_accepted());
    assert_eq!(Ruleset::default().to_string(), "2025-11");
    assert_eq!(Ruleset::from(Edition::E2018), Ruleset::published(Edition::E2018));
    assert_eq!(
        Credential::ALL.map(Credential::title)[3..],
        ["Non-password-based token", "Confidential client token"]
    );
}

#[test]
fn refresh_tokens_are_valid_from_the_last_event_that_revoked_every_kind() {
    let at = Instant::from_seconds;
    let mut events = RevocationEvents::none();
    events.record(Event::PasswordChangedByUser, at(2));
    assert_eq!(Ruleset::default().refresh_tokens_valid_from(&events), None);
    events.record(Event::AdminRevokes, at(1));
    assert_eq!(Ruleset::default().refresh_tokens_valid_from(&events), Some(at(1)));
}

#[test]
fn invalid_rulesets_are_rejected_with_a_reason() {
    for (text, reason) in [
        ("", "not an edition"),
        ("2022", "known are 2018, 2021, 2025-05, 2025-11"),
        ("2025-11+", "row.column=revoked"),
        ("2025-11+sspr.password_token", "row.column=revoked"),
        ("2025-11+sspr.password_token=dead", "row.column=revoked"),
        ("2025-11+sspr.token=alive", "not a column"),
        (
            "2025-11+admin_reset.password_token=alive",
            "edition 2025-11 has no row 'admin_reset'; its rows are password_expires,",
        ),
        ("2021+sspr.password_token=alive+sspr.password_token=alive", "written twice"),
    ] {
        let error = text.parse::<Ruleset>().expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}
