//! Lesson 6: 24 hours and 90 days.

use outlive_rules::Credential::{ConfidentialToken, PasswordToken};
use outlive_rules::Event::PasswordExpires;

use super::super::plan::{AGES, Act, Action, Ask, FLOWS, Lesson, Setting, Source, Subject, Teacher};

pub(super) const LESSON: Lesson = Lesson {
    title: "24 hours and 90 days",
    minutes: 13,
    about: "Nothing happens but time. Which credentials expire, and which stay alive because they are used?",
    setting: Setting {
        begin: "Sign in to three clients",
        scene: "The owner signs in to Orders Desktop, to Orders SPA in a browser, and to the hub, whose flow reads orders \
                every hour. Then only time passes.",
        complete: false,
        actions: &[
            Action::Advance("PT1M"),
            Action::SignIn { app: "Orders Desktop", passkey: false, can_be_challenged: false },
            Action::SignIn { app: "Orders SPA", passkey: false, can_be_challenged: false },
        ],
    },
    acts: &[
        Act {
            steps: ["Predict: the password expires", "See what an expiry does"],
            question: "The owner’s password reaches its maximum age. What does that revoke?",
            scene: "No one changes the password: it is only too old now, and has to be changed at the next sign-in with it.",
            edition: None,
            button: "Keep my prediction and let the password expire",
            actions: &[
                Action::Event(&[("type", "password_expiry"), ("user", "owner")]),
                Action::Advance("PT2H"),
            ],
            done: "The owner’s password expired, and two hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: AGES,
                    promise: "alive",
                    source: Source::Cell(PasswordExpires, PasswordToken),
                },
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "runs",
                    source: Source::Cell(PasswordExpires, ConfidentialToken),
                },
            ],
            reflect: "Who notices that a password has expired, and when?",
        },
        Act {
            steps: ["Predict: a day passes", "See what lasts a day"],
            question: "A day passes, and no one uses the applications. What expires?",
            scene: "Orders SPA runs in the browser; its redirect URI is of the type spa. The browser is closed; “Stay \
                    signed in” was not chosen.",
            edition: None,
            button: "Keep my prediction and let a day pass",
            actions: &[Action::Advance("P1D")],
            done: "A day passed.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders SPA"),
                    choices: AGES,
                    promise: "expired",
                    source: Source::Rule(
                        "a refresh token of a single-page application expires 24 hours after the first",
                    ),
                },
                Ask {
                    subject: Subject::Cookie,
                    choices: AGES,
                    promise: "expired",
                    source: Source::Rule(
                        "a session that is not persistent expires after 24 hours without use",
                    ),
                },
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: AGES,
                    promise: "alive",
                    source: Source::Rule("other refresh tokens expire after 90 days without use"),
                },
            ],
            reflect: "Why does the token in a browser get a shorter life?",
        },
        Act {
            steps: ["Predict: 90 days pass", "See what use keeps alive"],
            question: "90 days pass. Orders Desktop stays closed, the flow runs every hour.",
            scene: "More than two thousand runs are executed, each at its own instant. This takes some seconds.",
            edition: None,
            button: "Keep my prediction and let 90 days pass",
            actions: &[Action::Advance("P90D")],
            done: "90 days passed, with a run of the flow every hour.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: AGES,
                    promise: "expired",
                    source: Source::Rule("a refresh token expires after 90 days without use"),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: AGES,
                    promise: "alive",
                    source: Source::Rule(
                        "each refresh gives a new refresh token, which is valid for 90 days",
                    ),
                },
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "runs",
                    source: Source::Rule("the hub refreshes in time, as long as its refresh token is alive"),
                },
            ],
            reflect: "Which connection expires without any event: one of an hourly flow, or one of a yearly report?",
        },
    ],
    sentence: "Refresh tokens expire after 90 days without use, those of single-page applications 24 hours after the \
               sign-in; what is used stays alive, and an expired password revokes nothing.",
    teacher: Teacher {
        goal: "Students can tell a sliding from a fixed lifetime, and expiry from revocation.",
        timing: &[
            (2, "Sign in to three clients; look at the expiries."),
            (3, "Predict and see: the password expires."),
            (3, "Predict and see: a day."),
            (4, "Predict and see: 90 days."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "An expired password stops the flow. It only concerns the next sign-in with it.",
            "A refresh token lives for 90 days. It lives for 90 days without use; used, it has no maximum age.",
            "Tokens in a browser last as long as others. They have a fixed end, which a refresh does not move.",
        ],
        discussion: &[
            "Which of your flows run less often than every 90 days? What will they report (AADSTS700082)?",
            "Is it safe that a connection never has to be renewed? What would you review instead?",
        ],
    },
};
