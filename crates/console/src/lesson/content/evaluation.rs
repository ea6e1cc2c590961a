//! Lesson 8: continuous access evaluation.

use outlive_rules::Credential::{NonPasswordToken, PasswordToken};
use outlive_rules::Event::{AdminRevokes, PasswordChangedByUser};

use super::super::plan::{
    ADMIN_REVOKES, Act, Action, Ask, FATES, Lesson, PASSWORD_CHANGE, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "Continuous access evaluation",
    minutes: 13,
    about: "The issuer notifies the API. Which access tokens does that end, and what follows?",
    setting: Setting {
        begin: "Sign in to two kinds of client",
        scene: "The owner signs in to Orders Desktop with a passkey; this version declares that it can be challenged (cp1) \
                and gets an access token for about a day. Orders SPA, with the password, declares nothing.",
        complete: false,
        actions: &[
            Action::Advance("PT1M"),
            Action::SignIn { app: "Orders SPA", passkey: false, can_be_challenged: false },
            Action::SignIn { app: "Orders Desktop", passkey: true, can_be_challenged: true },
        ],
    },
    acts: &[
        Act {
            steps: ["Predict: the password changes", "See who is challenged"],
            question: "The owner changes the password. Which access token does the API reject?",
            scene: "The Orders API uses continuous access evaluation: the issuer notifies it when a password changes.",
            edition: None,
            button: "Keep my prediction and change the password",
            actions: &[PASSWORD_CHANGE],
            done: "The owner changed the password, and the API was notified.",
            asks: &[
                Ask {
                    subject: Subject::Access("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Rule(
                        "the API challenges the token of a client that can be challenged, at the event",
                    ),
                },
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(PasswordChangedByUser, NonPasswordToken),
                },
                Ask {
                    subject: Subject::Access("Orders SPA"),
                    choices: FATES,
                    promise: "fading",
                    source: Source::Rule(
                        "a client that cannot be challenged keeps its token until it expires",
                    ),
                },
                Ask {
                    subject: Subject::Refresh("Orders SPA"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(PasswordChangedByUser, PasswordToken),
                },
            ],
            reflect: "Orders Desktop is rejected by the API. What does it do next, and will that succeed?",
        },
        Act {
            steps: ["Predict: sessions are revoked", "See what ends at once"],
            question: "The owner signs in again, then all sessions are revoked. What ends at once?",
            scene: "Orders Desktop has new tokens from the passkey, and can be challenged as before. An administrator \
                    revokes the owner’s sessions.",
            edition: None,
            button: "Keep my prediction and revoke the sessions",
            actions: &[
                Action::SignIn { app: "Orders Desktop", passkey: true, can_be_challenged: true },
                ADMIN_REVOKES,
            ],
            done: "The owner signed in again; then an administrator revoked all sessions.",
            asks: &[
                Ask {
                    subject: Subject::Access("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Rule("the API is notified of an explicit revocation, too"),
                },
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminRevokes, NonPasswordToken),
                },
            ],
            reflect: "Both events end the access token at once. In which of them does the client go on unnoticed?",
        },
    ],
    sentence: "Continuous access evaluation ends access tokens at the event instead of at their expiry; whether the client \
               gets a new one still depends on its refresh token, and so on the table.",
    teacher: Teacher {
        goal: "Students can separate what the API decides (the access token) from what the issuer decides (the refresh token).",
        timing: &[
            (3, "Sign in to two kinds of client; compare the expiries."),
            (5, "Predict and see: the password changes."),
            (4, "Predict and see: sessions are revoked."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "Continuous access evaluation revokes refresh tokens, too. It notifies the API, nothing else.",
            "A rejected access token signs the user out. If the refresh token is alive, the client gets a new one unnoticed.",
            "It protects every client. One that does not declare cp1 keeps its short token.",
        ],
        discussion: &[
            "Tokens for a day instead of an hour: why is that no weaker here?",
            "Why does the flow of lesson 1 not notice that its API was notified?",
        ],
    },
};
