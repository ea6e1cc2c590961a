//! Lesson 7: secrets and certificates expire.

use outlive_rules::Credential::ConfidentialToken;
use outlive_rules::Event::PasswordChangedByUser;

use super::super::plan::{
    AGES, Act, Action, Ask, FLOWS, Lesson, PASSWORD_CHANGE, SECRET_CODES, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "Secrets and certificates expire",
    minutes: 13,
    about: "What makes a client confidential has an end of its own, and no user can repair it by signing in.",
    setting: Setting {
        begin: "Meet the connector’s secret",
        scene: "One hourly flow uses the connection Orders. Whenever the hub refreshes, it presents the connector’s client \
                secret. That secret belongs to the application, not to the owner.",
        complete: false,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: the secret expires", "See what breaks"],
            question: "The connector’s client secret expires. What does the flow do?",
            scene: "The owner’s password, session and consent are untouched. Three hours pass.",
            edition: None,
            button: "Keep my prediction and let the secret expire",
            actions: &[
                Action::Event(&[("type", "expire_secret"), ("app", "Contoso Orders Connector")]),
                Action::Advance("PT3H"),
            ],
            done: "The connector’s client secret expired, and three hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Rule("the issuer gives tokens only to a client that authenticates"),
                },
                Ask {
                    subject: Subject::Code("Orders"),
                    choices: SECRET_CODES,
                    promise: "AADSTS7000222",
                    source: Source::Rule("AADSTS7000222 is an expired secret, AADSTS7000215 a wrong one"),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: AGES,
                    promise: "alive",
                    source: Source::Rule("a rejected client leaves the refresh token untouched"),
                },
            ],
            reflect: "The connection is broken and its refresh token is alive. Who can repair it?",
        },
        Act {
            steps: ["Predict: a new secret", "See that it is not enough"],
            question: "The application gets a new secret. Does the flow run again?",
            scene: "An administrator creates a new client secret in the app registration and deletes the old one. The \
                    connector is not changed. An hour passes.",
            edition: None,
            button: "Keep my prediction and create a new secret",
            actions: &[
                Action::Event(&[("type", "rotate_secret"), ("app", "Contoso Orders Connector")]),
                Action::Advance("PT1H"),
            ],
            done: "The application got a new secret, and an hour passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Rule("the connector still presents the old secret"),
                },
                Ask {
                    subject: Subject::Code("Orders"),
                    choices: SECRET_CODES,
                    promise: "AADSTS7000215",
                    source: Source::Rule("AADSTS7000222 is an expired secret, AADSTS7000215 a wrong one"),
                },
            ],
            reflect: "Where else has the new secret to be entered?",
        },
        Act {
            steps: ["Predict: the connector gets it", "See the repair"],
            question: "The connector gets the new secret. Must the owner sign in again?",
            scene: "Its maker enters the new secret in the connector. No user does anything. An hour passes.",
            edition: None,
            button: "Keep my prediction and update the connector",
            actions: &[
                Action::Event(&[
                    ("type", "replace_connector_secret"),
                    ("connector", "shared_contoso-orders"),
                    ("app", "Contoso Orders Connector"),
                ]),
                Action::Advance("PT1H"),
            ],
            done: "The connector got the new secret, and an hour passed. No one signed in.",
            asks: &[Ask {
                subject: Subject::Flow("Hourly orders"),
                choices: FLOWS,
                promise: "runs",
                source: Source::Rule(
                    "the refresh token was never revoked, and the client authenticates again",
                ),
            }],
            reflect: "How would two secrets that are valid at the same time have avoided the break?",
        },
        Act {
            steps: ["Predict: now the password", "See whose credential it is"],
            question: "The owner changes the password, on the same day. And the flow?",
            scene: "You have seen the secret of the application expire. The password is the owner’s. Three hours pass.",
            edition: None,
            button: "Keep my prediction and change the password",
            actions: &[PASSWORD_CHANGE, Action::Advance("PT3H")],
            done: "The owner changed the password, and three hours passed.",
            asks: &[Ask {
                subject: Subject::Flow("Hourly orders"),
                choices: FLOWS,
                promise: "runs",
                source: Source::Cell(PasswordChangedByUser, ConfidentialToken),
            }],
            reflect: "Which of the two, password or secret, does this flow depend on?",
        },
    ],
    sentence: "A confidential client depends on its own secret or certificate, not on the user’s password: if it expires, \
               every connection of the connector breaks, and no sign-in repairs them.",
    teacher: Teacher {
        goal: "Students can tell the code of an expired secret from that of a revocation, and name who repairs it.",
        timing: &[
            (2, "Begin; look at the connection."),
            (4, "Predict and see: the secret expires."),
            (2, "Predict and see: the application’s new secret."),
            (2, "Predict and see: the connector’s."),
            (2, "Predict and see: the password."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "Fix connection repairs everything. Here it does not: the user’s tokens are not what is wrong.",
            "A new secret in the app registration is enough. The connector has its own copy.",
            "A certificate is another matter. It expires in the same way, with AADSTS700027: see the matrix of connections.",
        ],
        discussion: &[
            "Who in your organization is notified before a secret expires, and by what?",
            "What would you prefer: a secret, a certificate, a managed identity? What expires with each?",
        ],
    },
};
