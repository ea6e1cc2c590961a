//! Lesson 4: what revocation means.

use outlive_rules::Credential::{ConfidentialToken, PasswordCookie, PasswordToken};
use outlive_rules::Event::{AdminRevokes, SingleSignOut};

use super::super::plan::{
    ADMIN_REVOKES, AGES, Act, Action, Ask, FATES, FLOWS, Lesson, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "What revocation means",
    minutes: 12,
    about: "Signing out, revoking and waiting end different things, at different times.",
    setting: Setting {
        begin: "Sign in, and leave tokens behind",
        scene: "The owner is signed in in a browser and to Orders Desktop, and the hub holds tokens for hourly flows.",
        complete: true,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: the owner signs out", "See what a sign-out ends"],
            question: "The owner signs out in the browser. What else does that end?",
            scene: "The browser has a session cookie. Orders Desktop and the hub obtained their tokens by way of such \
                    sessions.",
            edition: None,
            button: "Keep my prediction and sign out",
            actions: &[Action::Event(&[("type", "sign_out"), ("user", "owner")])],
            done: "The owner signed out in the browser.",
            asks: &[
                Ask {
                    subject: Subject::Cookie,
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(SingleSignOut, PasswordCookie),
                },
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(SingleSignOut, PasswordToken),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(SingleSignOut, ConfidentialToken),
                },
            ],
            reflect: "What has a user ended who signs out on a borrowed computer?",
        },
        Act {
            steps: ["Predict: sessions are revoked", "See what is revoked when"],
            question: "An administrator revokes the owner’s sessions. What happens at once?",
            scene: "A revocation sets an instant: what was granted before it is rejected when it is presented to the \
                    issuer.",
            edition: None,
            button: "Keep my prediction and revoke the sessions",
            actions: &[ADMIN_REVOKES],
            done: "An administrator revoked all sessions of the owner.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminRevokes, PasswordToken),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminRevokes, ConfidentialToken),
                },
                Ask {
                    subject: Subject::Access("Orders Desktop"),
                    choices: FATES,
                    promise: "fading",
                    source: Source::Rule(
                        "an API that does not ask the issuer accepts an access token until it expires",
                    ),
                },
            ],
            reflect: "For how long can Orders Desktop still read orders, and why?",
        },
        Act {
            steps: ["Predict: two hours pass", "See the end of it"],
            question: "Two hours pass. What do the application and the flow have left?",
            scene: "Access tokens are valid for 60 to 90 minutes. No one signs in.",
            edition: None,
            button: "Keep my prediction and let two hours pass",
            actions: &[Action::Advance("PT2H")],
            done: "Two hours passed.",
            asks: &[
                Ask {
                    subject: Subject::Access("Orders Desktop"),
                    choices: AGES,
                    promise: "expired",
                    source: Source::Rule("an access token is valid for 60 to 90 minutes"),
                },
                Ask {
                    subject: Subject::Flow("Hourly orders"),
                    choices: FLOWS,
                    promise: "fails",
                    source: Source::Cell(AdminRevokes, ConfidentialToken),
                },
            ],
            reflect: "When may an administrator say that the access has ended?",
        },
    ],
    sentence: "A sign-out ends one browser session; a revocation makes the issuer reject every refresh token from before; \
               access tokens end when they expire.",
    teacher: Teacher {
        goal: "Students can say which of cookie, refresh token and access token an event ends, and when it is noticed.",
        timing: &[
            (2, "Begin; look at the credentials together."),
            (3, "Predict and see: the sign-out."),
            (4, "Predict and see: the revocation."),
            (2, "Predict and see: two hours later."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "Signing out signs out everywhere. It ends the cookie; the tokens stay.",
            "Revoking is like deleting. Nothing is deleted: the issuer compares two instants at the next use.",
            "After a revocation nothing works. Access tokens work for up to 90 minutes.",
        ],
        discussion: &[
            "Why does the issuer not call every API at each revocation? Lesson 8 shows one that it does notify.",
            "What do you tell a user who lost a telephone?",
        ],
    },
};
