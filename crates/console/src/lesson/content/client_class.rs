//! Lesson 2: public and confidential clients.

use outlive_rules::Credential::{ConfidentialToken, PasswordToken};
use outlive_rules::Event::{AdminRevokes, PasswordChangedByUser};

use super::super::plan::{
    ADMIN_REVOKES, Act, Action, Ask, FATES, Lesson, PASSWORD_CHANGE, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "Public and confidential",
    minutes: 12,
    about: "Two applications hold tokens of the same user. How each proves itself decides what a password change revokes.",
    setting: Setting {
        begin: "Sign in on two clients",
        scene: "The owner signs in to Orders Desktop, an application on a computer, and to the hub, a server that keeps \
                a secret. Both obtain an access token and a refresh token.",
        complete: true,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: the password changes", "See what happened, and why"],
            question: "The owner changes the password. What happens to each token?",
            scene: "Orders Desktop and the hub both obtained their tokens for the same user, with the same password. The \
                    desktop application keeps no secret; the hub does.",
            edition: None,
            button: "Keep my prediction and change the password",
            actions: &[PASSWORD_CHANGE],
            done: "The owner changed the password.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
                Ask {
                    subject: Subject::Access("Orders Desktop"),
                    choices: FATES,
                    promise: "fading",
                    source: Source::Rule(
                        "the table does not cover access tokens; the API checks their expiry",
                    ),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(PasswordChangedByUser, ConfidentialToken),
                },
            ],
            reflect: "Why does the hub keep its token after the password change?",
        },
        Act {
            steps: ["Predict: the same hub, without a secret", "See what decides"],
            question: "The hub has a second connection, by a connector without a secret. Its token?",
            scene: "The connection Orders, public was made by the same owner in the same hub. Its connector is registered \
                    as a public client. The password changes once more.",
            edition: None,
            button: "Keep my prediction and change the password again",
            actions: &[PASSWORD_CHANGE],
            done: "The owner changed the password again.",
            asks: &[
                Ask {
                    subject: Subject::HubRefresh("Orders, public"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(PasswordChangedByUser, ConfidentialToken),
                },
            ],
            reflect: "What makes a client confidential: that it is a server, or that it authenticates?",
        },
        Act {
            steps: ["Try to revoke the other one", "See what revokes it"],
            question: "An administrator revokes the owner’s sessions. What of the hub’s token?",
            scene: "The refresh token of the connection Orders has survived two password changes.",
            edition: None,
            button: "Keep my prediction and revoke the sessions",
            actions: &[ADMIN_REVOKES],
            done: "An administrator revoked all sessions of the owner.",
            asks: &[Ask {
                subject: Subject::HubRefresh("Orders"),
                choices: FATES,
                promise: "revoked",
                source: Source::Cell(AdminRevokes, ConfidentialToken),
            }],
            reflect: "Which row would you look up before you promise that access has ended?",
        },
    ],
    sentence: "A client is confidential if it authenticated when the grant was made; a password change spares the tokens \
               of such clients, and an explicit revocation spares none.",
    teacher: Teacher {
        goal: "Students can tell a public from a confidential client by how it authenticates, and read its column.",
        timing: &[
            (2, "Sign in on two clients; look at the tokens."),
            (4, "Predict and see: the password changes."),
            (3, "Predict and see: the connector without a secret."),
            (2, "Predict and see: revoke the other one."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "A server is confidential and a desktop application is public. What counts is whether the client \
             authenticates; the hub does so for one connector and not for the other.",
            "Both tokens were obtained with the password, so both are password-based. The last column ignores the method.",
            "Access tokens are revoked as well. They are valid until they expire, unless the API evaluates continuously.",
        ],
        discussion: &[
            "Why may the issuer trust a token more if only its client can use it?",
            "Which of your applications are public clients? How would you find out from a token (claim azpacr)?",
        ],
    },
};
