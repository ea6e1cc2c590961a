//! Lesson 1: the story of the article.

use outlive_rules::Credential::{ConfidentialToken, PasswordToken};
use outlive_rules::Event::{AdminRevokes, PasswordChangedByUser};

use super::super::plan::{
    ADMIN_REVOKES, Act, Action, Ask, CODES, FLOWS, Lesson, PASSWORD_CHANGE, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "A flow outlives its owner’s password",
    minutes: 12,
    about: "The owner of three hourly flows changes the password. One of them never notices. Why?",
    setting: Setting {
        begin: "Meet the owner and three flows",
        scene: "One owner has three flows that read orders every hour. They differ only in what their connection \
                stores: tokens of a connector with a secret, tokens of a connector without one, the password itself.",
        complete: true,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: the password changes", "See which flows run"],
            question: "The owner changes the password. Which flows still run three hours later?",
            scene: "No one touches the flows or their connections. The three connections were made by the same owner, \
                    with the same password.",
            edition: None,
            button: "Keep my prediction and change the password",
            actions: &[PASSWORD_CHANGE, Action::Advance("PT3H")],
            done: "The owner changed the password, and three hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "runs",
                    source: Source::Cell(PasswordChangedByUser, ConfidentialToken),
                },
                Ask {
                    subject: Subject::Flow("Hourly, public"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
                Ask {
                    subject: Subject::Flow("Hourly, basic"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Rule(
                        "a stored password is sent as it is, and the API has it checked at each call",
                    ),
                },
            ],
            reflect: "Why does one flow go on after the password change?",
        },
        Act {
            steps: ["Predict: sessions are revoked", "See what stops it"],
            question: "An administrator revokes the owner’s sessions. What of the surviving flow?",
            scene: "The flow Hourly orders ran on after the password change. Now its owner’s sessions are revoked \
                    explicitly, and three more hours pass.",
            edition: None,
            button: "Keep my prediction and revoke the sessions",
            actions: &[ADMIN_REVOKES, Action::Advance("PT3H")],
            done: "An administrator revoked all sessions of the owner, and three hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Cell(AdminRevokes, ConfidentialToken),
                },
                Ask {
                    subject: Subject::Code("Orders"),
                    choices: CODES,
                    promise: "AADSTS50173",
                    source: Source::Cell(AdminRevokes, ConfidentialToken),
                },
            ],
            reflect: "What does the revocation do that the password change does not?",
        },
        Act {
            steps: ["Predict: the owner signs in again", "See it run again"],
            question: "The owner signs in to the connection again. Does the flow run?",
            scene: "The connection Orders is broken. Its owner chooses Fix connection and signs in; an hour passes. \
                    The flow itself is not changed.",
            edition: None,
            button: "Keep my prediction and fix the connection",
            actions: &[Action::Fix("orders-of-the-owner"), Action::Advance("PT1H")],
            done: "The owner signed in to the connection again, and an hour passed.",
            asks: &[Ask {
                subject: Subject::Flow("Hourly orders"),
                choices: FLOWS,
                promise: "runs",
                source: Source::Rule(
                    "a sign-in after the revocation gives the connection a new refresh token",
                ),
            }],
            reflect: "What would you tell an administrator whose goal is to stop this flow?",
        },
    ],
    sentence: "A password change revokes what public clients got with the password; a confidential client’s refresh \
               token stays alive until someone revokes it explicitly.",
    teacher: Teacher {
        goal: "Students can say why a flow keeps running after its owner’s password changed, and what stops it.",
        timing: &[
            (2, "Begin; look at the credentials together."),
            (4, "Predict and see: the password changes."),
            (3, "Predict and see: sessions are revoked."),
            (2, "Predict and see: the connection is fixed."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "The connection stores the password, so it breaks. Only one of the three does.",
            "A password change ends all sessions. The table has five columns, and it revokes two of them.",
            "The flow will fail when its access token expires. The hub obtains the next one by its refresh token.",
        ],
        discussion: &[
            "Who in your organization relies on a password change to end access?",
            "Is it a fault or a feature that the flow goes on? Ask the owner, then the security team.",
        ],
    },
};
