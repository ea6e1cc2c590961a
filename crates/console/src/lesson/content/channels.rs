//! Lesson 5: reset channels and editions.

use outlive_rules::Credential::{ConfidentialToken, PasswordToken};
use outlive_rules::Event::{AdminReset, AdminResetAzurePortal, AdminResetEntraAdminCenter};

use super::super::plan::{Act, Action, Ask, FATES, Lesson, Setting, Source, Subject, Teacher};

pub(super) const LESSON: Lesson = Lesson {
    title: "Reset channels and editions",
    minutes: 13,
    about: "The same button, reset password, in two portals and in two editions of the published table.",
    setting: Setting {
        begin: "Sign in, and meet the administrator",
        scene: "The owner has signed in to Orders Desktop and to the hub. An administrator is about to reset the \
                owner’s password.",
        complete: true,
        actions: &[Action::Advance("PT1M")],
    },
    acts: &[
        Act {
            steps: ["Predict: reset in the Azure portal", "See what it revokes"],
            question: "The password is reset in the Azure portal. Which refresh tokens survive?",
            scene: "The rules are those of the edition 2025-11 of the table.",
            edition: None,
            button: "Keep my prediction and reset in the Azure portal",
            actions: &[Action::Event(&[
                ("type", "admin_reset"),
                ("user", "owner"),
                ("channel", "azure_portal"),
            ])],
            done: "An administrator reset the password in the Azure portal.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminResetAzurePortal, PasswordToken),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(AdminResetAzurePortal, ConfidentialToken),
                },
            ],
            reflect: "Which other row of the table has the same values as this one?",
        },
        Act {
            steps: ["Predict: the Entra admin center", "See the difference"],
            question: "The password is reset in the Entra admin center. And the hub’s token?",
            scene: "The same administrator, the same user, the same purpose; another portal.",
            edition: None,
            button: "Keep my prediction and reset in the Entra admin center",
            actions: &[Action::Event(&[
                ("type", "admin_reset"),
                ("user", "owner"),
                ("channel", "entra_admin_center"),
            ])],
            done: "An administrator reset the password in the Entra admin center.",
            asks: &[Ask {
                subject: Subject::HubRefresh("Orders"),
                choices: FATES,
                promise: "revoked",
                source: Source::Cell(AdminResetEntraAdminCenter, ConfidentialToken),
            }],
            reflect: "An administrator wants the flows to go on through a reset. Which portal, and which not?",
        },
        Act {
            steps: ["Predict: the table of 2021", "See what an edition changes"],
            question: "The same reset under the table of 2021. What of the hub’s token then?",
            scene: "Until 2025 the published table had one row for a reset by an administrator. This step creates a new \
                    tenant with the edition 2021.",
            edition: Some("2021"),
            button: "Keep my prediction and reset under the edition 2021",
            actions: &[Action::Event(&[
                ("type", "admin_reset"),
                ("user", "owner"),
                ("channel", "entra_admin_center"),
            ])],
            done: "An administrator reset the password in a tenant with the edition 2021.",
            asks: &[
                Ask {
                    subject: Subject::Refresh("Orders Desktop"),
                    choices: FATES,
                    promise: "revoked",
                    source: Source::Cell(AdminReset, PasswordToken),
                },
                Ask {
                    subject: Subject::HubRefresh("Orders"),
                    choices: FATES,
                    promise: "alive",
                    source: Source::Cell(AdminReset, ConfidentialToken),
                },
            ],
            reflect: "An article of 2022 says that flows survive a reset. Is it wrong?",
        },
    ],
    sentence: "Whether a reset by an administrator revokes a confidential client’s token depends on the portal, and since \
               2025 the published table says so.",
    teacher: Teacher {
        goal: "Students can find the row of a reset by its channel, and date a statement by its edition.",
        timing: &[
            (2, "Begin; look at the credentials together."),
            (3, "Predict and see: the Azure portal."),
            (3, "Predict and see: the Entra admin center."),
            (4, "Predict and see: the edition 2021."),
            (1, "Say it in one sentence."),
        ],
        beliefs: &[
            "A reset is a reset. The table has three rows for it, with two sets of values.",
            "A reset by an administrator is always stronger than a change by the user. In the Azure portal it is not.",
            "Documentation is timeless. The same question had another published answer before 2025.",
        ],
        discussion: &[
            "Compare the editions 2021 and 2025-11 on the page Matrix: which rows are new?",
            "How would you word a procedure so that it does not depend on the portal?",
        ],
    },
};
