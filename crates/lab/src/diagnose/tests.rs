//! The texts of reported cases, and texts that are about something else.

use proptest::prelude::*;

use super::*;

const STATUS: &str = "Failed to refresh access token for service: aadcertificate. Correlation Id=g-5b1f0f4e, UTC TimeStamp=4/9/2026 7:05:12 \
    AM, Error: Failed to acquire token from AAD: {\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50173: The provided grant has \
    expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was \
    issued on '2026-03-12T08:14:09.5517230Z' and the TokensValidFrom date (before which tokens are not valid) for this user is \
    '2026-04-09T06:31:07.0000000Z'.\",\"error_codes\":[50173]}";

/// What people paste in each of the public reports, in our words where no error text is public.
const REPORTS: [(u8, &str, &str); 27] = [
    (
        1,
        "still_connected",
        "We changed the account's password, and the connection of the logic app is still connected. When will it expire?",
    ),
    (2, "repeated_changes", "Why is that flow still working after I changed my password several times?"),
    (
        3,
        "which_connections_break",
        "We have to change the password of the service account. Which connections need a repair?",
    ),
    (4, "password_expiry", "What happens at the moment the password of the service account expires?"),
    (
        5,
        "needs_sign_in",
        "Flow failed. The connection needs to be signed-in again: your password was changed, or a policy of your organization.",
    ),
    (6, "revoked", STATUS),
    (
        7,
        "inactive",
        "Failed to refresh access token for service: aadcertificate. Error: Failed to acquire token from AAD: {\"error\":\"invalid_grant\",\
        \"error_description\":\"AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2025-01-05T09:00:00.0000000Z \
        and was inactive for 90.00:00:00.\",\"error_codes\":[700082]}",
    ),
    (
        8,
        "no_access",
        "Error from token exchange: Permission denied due to missing connection ACL: Connection europe-001/logicflows/1 connection=europe-001/flowmanagement/2",
    ),
    (
        9,
        "flow_not_allowed",
        "Error from token exchange: 'europe-001/logicflows/1' is not allowed to access connection 'europe-001/sharepointonline/2'",
    ),
    (
        10,
        "connector_secret_wrong",
        "Client ID and secret sent in form body.: Response status code=Unauthorized, response body={\"error\":\"invalid_client\",\
        \"error_description\":\"AADSTS7000215: Invalid client secret provided.\"}",
    ),
    (
        11,
        "bad_key",
        "Error from token exchange: Bad Key authorization token. Token must be a valid JWT signed with HS256 Failed to validate token: IDX10223: Lifetime validation failed.",
    ),
    (12, "other_cloud", "AADSTS900432: Confidential Client is not supported in Cross Cloud request."),
    (
        13,
        "no_refresh_token",
        "Failed to refresh access token for service: oauth2. Correlation Id=g-1, UTC TimeStamp=1/5/2026 10:00:00 AM, Error: Missing refresh token.",
    ),
    (
        14,
        "never_signed_in",
        "{\"status\":401,\"message\":\"The connection does not contain an access token. Please edit the connection and login.\"}",
    ),
    (
        15,
        "connection_disabled",
        "Error from token exchange: The connection is disabled so it cannot be used.",
    ),
    (
        16,
        "general_alert",
        "One of your connections may not work: your password may have changed, MFA may be required, or a policy has been updated.",
    ),
    (17, "sign_in_required", "Treat AADSTS70043 and AADSTS50173 alike: both need an interactive sign-in."),
    (
        18,
        "resource_disabled",
        "AADSTS500014: The service principal for resource 'https://api.example' is disabled.",
    ),
    (
        19,
        "no_refresh_token",
        "The connection of our custom OAuth connector expires after 1 hour, and it is not noticed until the flow runs.",
    ),
    (
        20,
        "mfa_required",
        "Makers have to sign in to connectors again and again because of MFA and login timeouts.",
    ),
    (
        21,
        "silent_daemon",
        "The service principal had expired. No flow ran any more, without an error, and all connections read Connected.",
    ),
    (
        22,
        "redirect_mismatch",
        "The redirect_uri in the request does not match the one of the OAuth application.",
    ),
    (
        23,
        "user_disabled",
        "We tested a leaver: with the account disabled, automated and scheduled flows fail, and the shared manual flow works.",
    ),
    (24, "fix_without_effect", "I press Fix connection, it seems to succeed, and nothing changes."),
    (
        25,
        "key_expired",
        "Local run: IDX10223: Lifetime validation failed. The token is expired. It worked for a week.",
    ),
    (
        26,
        "reset_disabled_or_permission",
        "What if the password is reset, the login is disabled, or the right to the mailbox is removed?",
    ),
    (27, "no_bulk_repair", "Is there an API to repair all OAuth connections in bulk?"),
];

#[test]
fn the_cause_of_every_public_report_is_named() {
    for (report, cause, text) in REPORTS {
        let diagnosis = diagnose(text, Client::AsRead);
        assert_eq!(diagnosis.cause, cause, "R{report}: {text}");
        assert!(diagnosis.reports.contains(&format!("R{report}")), "R{report}: {:?}", diagnosis.reports);
        assert!(!diagnosis.repair.is_empty() && !diagnosis.findings.is_empty(), "R{report}");
    }
}

#[test]
fn texts_about_something_else_are_not_explained() {
    for text in [
        "",
        "Hello, how do I export my solution?",
        "TypeError: Cannot read properties of undefined (reading 'map')",
        "error: failed to push some refs to 'origin'",
        "HTTP/1.1 404 Not Found",
        "The quick brown fox jumps over the lazy dog.",
        "ORA-12154: TNS:could not resolve the connect identifier specified",
        "{\"temperature\": 21.5, \"unit\": \"C\"}",
        "SELECT * FROM orders WHERE id = 1",
        "invalid_grant",
        "AADSTS999999999: a code that does not exist",
        "eyJ.not.a-token",
        "Please fix connection pooling in the driver, it is still slow",
        "Assign the database connection to the pool again",
        "The policy of the alert manager was updated with a new password file",
        "Bulk insert over several connections is faster",
        "The Wi-Fi password was changed but my printer remains connected to the old network.",
        "I forgot my Wi-Fi password but my laptop is still connected, how?",
        "My SSH key password has expired on Solaris, how to change the policy?",
        "SQL Server connector times out: Login timeout expired",
        "Unity: the connection is disabled in the inspector",
        "Teams: a colleague is a leaver, how do I transfer the channel?",
        "Please help, my flow approvals go to the wrong owner; she left in March.",
        "How can I export a flow when the owner left the company?",
        "The hotel Wi-Fi connection expires after 1 hour, then the portal opens again.",
        "My ssh connection drops and I need to sign in again every hour.",
        "Our SQL Server Agent service account password change: which services have to be restarted?",
        "OAuth with Strava: redirect_uri does not match, app is in Django.",
        "How do I reset the password of a service account in Jenkins? Which plugin do I need?",
        "The owner left the garden hose on and the flow of water ruined the lawn.",
        "The USB connector broke a few hours after I bought it.",
        "Bulk insert: how to fix connections that leak from the pool?",
        "The guests changed the password at the entrance, and the gate is still connected.",
        "Users type the password several times in our login flow, which still works.",
        "Strava API: missing refresh token in my webhook",
        "lifetime validation failed for chip NVMe",
        "World of Warcraft: connection lost, please sign in again",
        "cd aadsts && ls aadsts2024/",
        "AADSTS50011\n2",
        "AADSTS50011\n2 was printed",
        "AADSTS50173050173",
        "eyJhbGciOiJSUzI1NiJ9.WzEsMl0.x",
    ] {
        let diagnosis = diagnose(text, Client::AsRead);
        assert_eq!(diagnosis.cause, "cannot_tell", "{text}: {}", diagnosis.title);
        assert!(
            diagnosis.findings.iter().all(|finding| finding.certainty == Certainty::CannotTell),
            "{text}"
        );
    }
}

#[test]
fn quoted_errors_are_read() {
    for (text, cause) in [
        ("{ \"error\" : \"invalid_grant\", \"error_codes\" : [ 50173 ] }", "revoked"),
        ("\"{\\\"error\\\":\\\"invalid_grant\\\",\\\"error_codes\\\":[700082]}\"", "inactive"),
        ("{'error': 'invalid_grant', 'error_codes': [50076]}", "mfa_required"),
        ("AADSTS: 50173", "revoked"),
        ("AADSTS501\n73: The provided grant", "revoked"),
        ("AADSTS501\n73", "revoked"),
        ("AADSTS50173\n2026-04-09", "revoked"),
        ("AADSTS50011\n2: The reply address", "aadsts500112"),
        ("The connection does not contain a password. Please edit the connection.", "not_authenticated"),
        (
            "{\"code\":\"Unauthenticated\",\"message\":\"This connection is not authenticated.\"}",
            "not_authenticated",
        ),
        ("Error from token exchange: User is not allowed to access connection x", "user_not_allowed"),
        ("AADSTS70008: The refresh token has expired due to inactivity.", "inactive"),
    ] {
        assert_eq!(diagnose(text, Client::AsRead).cause, cause, "{text}");
    }
    let plain = Reading::of(STATUS);
    for quoted in [
        STATUS.replace('\'', "&#39;").replace('"', "&quot;"),
        STATUS.replace('\'', "&#x27;"),
        STATUS.replace('\'', "\u{2019}").replace('"', "\u{201d}"),
        format!("> {}", STATUS.replace(" the ", "\n> > the ")),
    ] {
        let reading = Reading::of(&quoted);
        assert_eq!(
            (reading.granted, reading.cutoff, reading.noticed, reading.codes),
            (plain.granted, plain.cutoff, plain.noticed, plain.codes.clone()),
            "{quoted}"
        );
    }
}

#[test]
fn the_first_code_is_explained_and_the_others_are_named() {
    for (text, cause, other) in [
        ("AADSTS50173: revoked, and elsewhere AADSTS7000215: secret", "revoked", "AADSTS7000215"),
        ("AADSTS50126: wrong. (Last month it was AADSTS50173.)", "stored_password_wrong", "AADSTS50173"),
        ("AADSTS65001: consent. AADSTS700082: inactive.", "aadsts65001", "AADSTS700082"),
    ] {
        let diagnosis = diagnose(text, Client::AsRead);
        assert_eq!(diagnosis.cause, cause, "{text}");
        assert!(diagnosis.findings.iter().any(|finding| finding.text.contains(other)), "{text}");
    }
    let many: String = (60_000..60_200).map(|code| format!("AADSTS{code} ")).collect();
    assert_eq!(diagnose(&format!("{many} AADSTS50173"), Client::AsRead).cause, "revoked");
}

#[test]
fn a_scenario_expects_the_code_of_the_text() {
    let mut offered = 0;
    for entry in Aadsts::all() {
        for client in [Client::AsRead, Client::Public] {
            let diagnosis = diagnose(&format!("AADSTS{}: text", entry.number), client);
            let Some(scenario) = diagnosis.scenario.as_deref().and_then(reproduction) else { continue };
            let number = entry.number.to_string();
            let expects = |line: &str| {
                let mut numbers = line.split(|letter: char| !letter.is_ascii_digit());
                let is_step = !line.trim_start().starts_with('#') && !line.contains("title:");
                is_step && numbers.any(|found| found == number)
            };
            assert!(scenario.lines().any(expects), "AADSTS{number}");
            offered += 1;
        }
    }
    assert!(offered >= 10, "{offered}");
    for (code, text) in [(50_076, "text"), (70_044, "text"), (70_008, "it has expired due to inactivity")] {
        let diagnosis = diagnose(&format!("AADSTS{code}: {text}"), Client::AsRead);
        assert_eq!(diagnosis.scenario, None, "AADSTS{code}");
        assert!(
            diagnosis.findings.iter().any(|finding| finding.text.contains("no scenario")),
            "AADSTS{code}"
        );
    }
}

#[test]
fn a_missing_acl_has_two_likely_causes() {
    let text = "Error from token exchange: Permission denied due to missing connection ACL: Connection \
        unitedstates/logicflows/1 is not allowed to access connection connection=unitedstates/shared_contoso-orders/2";
    let diagnosis = diagnose(text, Client::AsRead);
    assert_eq!(diagnosis.reports, ["R8", "R9"]);
    let likely = diagnosis.findings.iter().filter(|finding| finding.certainty == Certainty::Likely);
    assert_eq!(likely.count(), 2);
}

#[test]
fn an_expired_token_is_over() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIiwiZXhwIjoxNzY3NjA0NTAwfQ.c2ln";
    let open = diagnose(token, Client::AsRead);
    assert_eq!(open.state, State::Unknown);
    for (now, state) in [("2026-01-05T09:14:00Z", State::Alive), ("2026-01-05T09:15:00Z", State::Expired)] {
        let now = now.parse().expect("an instant");
        assert_eq!(diagnose_at(token, Client::AsRead, Some(now)).state, state, "{now}");
    }
    let over = diagnose(&format!("{token}\nTimestamp: 2026-04-09 07:05:12Z"), Client::AsRead);
    assert_eq!(over.state, State::Expired);
    assert!(over.title.contains("it expired on 5 Jan 2026"), "{}", over.title);
}

#[test]
fn contradicting_instants_are_no_fact() {
    let newer = diagnose(&STATUS.replace("2026-03-12", "2026-05-12"), Client::AsRead);
    assert!(newer.happened.contains("contradict"), "{}", newer.happened);
}

#[test]
fn what_avoids_it_does_not_cause_it() {
    let public = diagnose(STATUS, Client::Public);
    assert!(!public.avoided_by.iter().any(|way| way.contains("a reset")), "{:?}", public.avoided_by);
    assert_eq!(public.scenario.as_deref(), Some("sign-in-required-aadsts70043-or-50173"));
}

#[test]
fn an_error_is_not_mistaken_for_a_question() {
    for (text, cause) in [
        (
            "{\"error\":\"invalid_grant\",\"error_description\":\"The provided grant has expired due to it being revoked. The user might \
             have changed or reset their password.\"}",
            "revoked",
        ),
        (
            "AADSTS50133: Session is invalid due to password expiration or recent password change; it is not valid any more.",
            "aadsts50133",
        ),
        ("AADSTS65001: no consent for the connection; sign in again.", "aadsts65001"),
        (
            "invalid_grant: the password was changed, the token is valid no more, still connected",
            "cannot_tell",
        ),
        ("The disconnected user changed an invalid password", "cannot_tell"),
    ] {
        assert_eq!(diagnose(text, Client::AsRead).cause, cause, "{text}");
    }
}

#[test]
fn the_kind_of_client_decides_what_revoked_a_token() {
    let of = |client| diagnose(STATUS, client);
    let read = of(Client::AsRead);
    assert_eq!(read, of(Client::Confidential), "the text says that it is the hub with a certificate");
    assert_eq!(read.title, "This token was revoked, but a changed password is an unlikely cause");
    let open = &read.findings.last().expect("a finding").text;
    for named in ["Admin revokes", "06:31"] {
        assert!(open.contains(named), "{open}");
    }
    assert!(!open.contains("\"Password changed by user\""), "{open}");
    assert!(read.findings.iter().any(|finding| finding.text.contains("34 minutes")));
    let public = of(Client::Public);
    assert!(public.findings.last().expect("a finding").text.contains("\"Password changed by user\""));
    assert!(of(Client::Unknown).title.contains("depends on the client"));
}

#[test]
fn every_code_of_the_catalogue_is_explained() {
    for entry in Aadsts::all() {
        let diagnosis = diagnose(&format!("AADSTS{}: text", entry.number), Client::AsRead);
        assert_ne!(diagnosis.cause, "cannot_tell", "AADSTS{}", entry.number);
        assert!(!diagnosis.happened.contains(['{', '}']), "AADSTS{}: {}", entry.number, diagnosis.happened);
        assert!(!diagnosis.title.is_empty() && !diagnosis.repair.is_empty(), "AADSTS{}", entry.number);
    }
}

#[test]
fn causes_have_one_name_and_scenarios_that_exist() {
    let mut names = std::collections::BTreeSet::new();
    for cause in causes::of_errors().chain(causes::of_questions()) {
        assert!(names.insert(cause.name), "{} is there twice", cause.name);
        if let Some(scenario) = cause.scenario {
            assert!(reproduction(scenario).is_some(), "{scenario}");
        }
    }
}

#[test]
fn what_was_pasted_is_not_repeated() {
    let secret = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIiwiZXhwIjoxNzY3NjA0NTAwfQ.c2VjcmV0LXNpZ25hdHVyZQ";
    let diagnosis = diagnose(&format!("password=Horse-Battery-1 {secret}"), Client::AsRead);
    assert_eq!(diagnosis.cause, "access_token");
    let all = format!("{diagnosis} {diagnosis:?}");
    assert!(!all.contains("c2VjcmV0") && !all.contains("Horse-Battery"), "{all}");
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,200}", client in prop_oneof![Just(Client::AsRead), Just(Client::Public)]) {
        prop_assert!(!diagnose(&text, client).title.is_empty());
    }

    #[test]
    fn damaged_errors_have_an_answer(from in 0_usize..600, length in 0_usize..600) {
        let damaged: String = STATUS.chars().skip(from).take(length).collect();
        prop_assert!(!diagnose(&damaged, Client::AsRead).title.is_empty());
    }
}
