//! Lesson 9: the flow that does break.

use outlive_rules::Credential::{ConfidentialToken, PasswordToken};
use outlive_rules::Event::PasswordChangedByUser;

use super::super::plan::{
    Act, Action, Ask, CODES, FLOWS, Lesson, PASSWORD_CHANGE, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "The flow that does break",
    minutes: 13,
    about: "A flow fails. Read the code, find the rule, choose the repair.",
    setting: Setting {
        begin: "Meet the flows of the owner",
        scene: "Three hourly flows of one owner read the same orders. You are the one who is called when they fail.",
        complete: true,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: the password changes", "Read the code"],
            question: "The password changes. Which flow fails, and with which code?",
            scene: "Hourly, public uses a connector without a secret. Its connection stores a refresh token. Three hours \
                    pass.",
            edition: None,
            button: "Keep my prediction and change the password",
            actions: &[PASSWORD_CHANGE, Action::Advance("PT3H")],
            done: "The owner changed the password, and three hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly, public"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
                Ask {
                    subject: Subject::Code("Orders, public"),
                    choices: CODES,
                    promise: "AADSTS50173",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "runs",
                    source: Source::Cell(PasswordChangedByUser, ConfidentialToken),
                },
            ],
            reflect: "What does AADSTS50173 say about the token, and what about the password?",
        },
        Act {
            steps: ["Predict: one sign-in", "See what it repairs"],
            question: "The owner fixes the connection Orders, public. Which flows run again?",
            scene: "The owner signs in once, for that connection. The flow Hourly, basic stores the old password in another \
                    one. An hour passes.",
            edition: None,
            button: "Keep my prediction and fix the connection",
            actions: &[Action::Fix("orders-of-the-owner-public"), Action::Advance("PT1H")],
            done: "The owner signed in to the connection Orders, public, and an hour passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly, public"),
                    choices: FLOWS,
                    promise: "runs",
                    source: Source::Rule(
                        "a sign-in gives the connection a refresh token from after the change",
                    ),
                },
                Ask {
                    subject: Subject::Flow("Hourly, basic"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Rule("a stored password stays wrong until the new one is entered"),
                },
            ],
            reflect: "What does the owner have to enter for the connection Orders, basic?",
        },
        Act {
            steps: ["Predict: the account is disabled", "Read another code"],
            question: "The owner’s account is disabled. What does the steady flow do?",
            scene: "Hourly orders has outlived the password change. Now the owner leaves, and an administrator blocks \
                    sign-in. Three hours pass.",
            edition: None,
            button: "Keep my prediction and disable the account",
            actions: &[
                Action::Event(&[("type", "disable_user"), ("user", "owner")]),
                Action::Advance("PT3H"),
            ],
            done: "An administrator disabled the owner’s account, and three hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Rule("the issuer gives no tokens for a disabled account"),
                },
                Ask {
                    subject: Subject::Code("Orders"),
                    choices: CODES,
                    promise: "AADSTS50057",
                    source: Source::Rule("AADSTS50057 says that the account is disabled"),
                },
            ],
            reflect: "Is the refresh token of the connection revoked now?",
        },
        Act {
            steps: ["Predict: it is enabled again", "See what comes back"],
            question: "The account is enabled again. Does the flow need a sign-in?",
            scene: "An administrator allows sign-in again. No one touches the connection. An hour passes.",
            edition: None,
            button: "Keep my prediction and enable the account",
            actions: &[Action::Event(&[("type", "enable_user"), ("user", "owner")]), Action::Advance("PT1H")],
            done: "The account was enabled again, and an hour passed. No one signed in.",
            asks: &[Ask {
                subject: Subject::Flow("Hourly orders"),
                choices: FLOWS,
                promise: "runs",
                source: Source::Rule("disabling blocks a refresh token, but does not revoke it"),
            }],
            reflect: "Two codes, two repairs: which failure repaired itself, and which did not?",
        },
    ],
    sentence: "A flow breaks when its connection’s credential is rejected; the code names the rule, and the rule names the \
               repair: sign in again, enter the new value, or enable the account.",
    teacher: Teacher {
        goal: "Students can go from a failed run to its code, from the code to the rule, and from the rule to the repair.",
        timing: &[
            (2, "Begin; look at the connections."),
            (4, "Predict and see: the password changes."),
            (2, "Predict and see: one sign-in."),
            (2, "Predict and see: the account is disabled."),
            (2, "Predict and see: it is enabled again."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "One sign-in repairs all connections of the user. Each connection stores its own credential.",
            "A disabled account loses its tokens. They are blocked, and work again when it is enabled.",
            "The failed flow has to be repaired. Its definition is right; its connection is not.",
        ],
        discussion: &[
            "Open the failed run and find the rule in its explanation. Which part of it would you send to the owner?",
            "The owner has left for good. What should have been arranged before?",
        ],
    },
};
