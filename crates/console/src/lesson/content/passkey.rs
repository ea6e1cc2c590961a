//! Lesson 3: password and passkey.

use outlive_rules::Credential::{NonPasswordCookie, NonPasswordToken, PasswordToken};
use outlive_rules::Event::{AdminResetEntraAdminCenter, AdminRevokes, PasswordChangedByUser};

use super::super::plan::{
    ADMIN_REVOKES, Act, Action, Ask, FATES, Lesson, PASSWORD_CHANGE, Setting, Source, Subject, Teacher,
};

pub(super) const LESSON: Lesson = Lesson {
    title: "Password and passkey",
    minutes: 12,
    about: "The same user signs in twice, once with the password and once with a passkey. What a password change spares.",
    setting: Setting {
        begin: "Sign in in two ways",
        scene: "The owner signs in to Orders Desktop with the password, registers a passkey, and signs in to Orders SPA \
                with it. Both applications are public clients.",
        complete: true,
        actions: &[
            Action::Advance("PT1M"),
            Action::SignIn { app: "Orders SPA", passkey: true, can_be_challenged: false },
        ],
    },
    acts: &[
        Act {
            steps: ["Predict: the password changes", "See what the passkey keeps"],
            question: "The owner changes the password. Which tokens stay alive?",
            scene: "Neither application keeps a secret. For one of the sign-ins no password was typed. The cookie is of \
                    the browser that used the passkey.",
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
                    subject: Subject::Refresh("Orders SPA"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(PasswordChangedByUser, NonPasswordToken),
                },
                Ask {
                    subject: Subject::Cookie,
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(PasswordChangedByUser, NonPasswordCookie),
                },
            ],
            reflect: "What does a password have to do with a token that was obtained without it?",
        },
        Act {
            steps: ["Predict: an administrator resets it", "See what a reset spares"],
            question: "The password is reset in the Entra admin center. What survives now?",
            scene: "An administrator, not the user, sets a new password, and uses the Entra admin center for it.",
            edition: None,
            button: "Keep my prediction and reset the password",
            actions: &[Action::Event(&[
                ("type", "admin_reset"),
                ("user", "owner"),
                ("channel", "entra_admin_center"),
            ])],
            done: "An administrator reset the password in the Entra admin center.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders SPA"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminResetEntraAdminCenter, NonPasswordToken),
                },
                Ask {
                    subject: Subject::Cookie,
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(AdminResetEntraAdminCenter, NonPasswordCookie),
                },
            ],
            reflect: "The token is revoked and the cookie is not. What can the browser still do?",
        },
        Act {
            steps: ["Predict: sessions are revoked", "See what is left"],
            question: "An administrator revokes the owner’s sessions. And the cookie?",
            scene: "The browser session of the passkey has outlived a change and a reset of the password.",
            edition: None,
            button: "Keep my prediction and revoke the sessions",
            actions: &[ADMIN_REVOKES],
            done: "An administrator revoked all sessions of the owner.",
            asks: &[Ask {
                subject: Subject::Cookie,
                choices: FATES,
                promise: "revoked",
                source: Source::Cell(AdminRevokes, NonPasswordCookie),
            }],
            reflect: "The passkey itself is not a session. What does its owner have to do now?",
        },
    ],
    sentence: "What was obtained without typing a password does not depend on the password: a change by the user spares \
               it, and an explicit revocation does not.",
    teacher: Teacher {
        goal: "Students can predict the two non-password columns of the table, and name the row where they differ.",
        timing: &[
            (2, "Sign in in two ways; look at the tokens."),
            (4, "Predict and see: the password changes."),
            (3, "Predict and see: the reset by an administrator."),
            (2, "Predict and see: the explicit revocation."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "A new password signs the user out everywhere. Sessions without a password do not notice it.",
            "Cookie and token share one fate. After a reset in the Entra admin center they do not.",
            "Revoking sessions removes the passkey. It remains registered, and signs in again.",
        ],
        discussion: &[
            "Which sign-in methods count as non-password in your organization?",
            "A stolen laptop with a passkey: which step comes first, and which is useless?",
        ],
    },
};
