//! Causes of what people ask without an error text.

use crate::diagnose::answer::Certainty::{CannotTell, Certain, Likely};
use crate::diagnose::answer::State;
use crate::diagnose::cause::Cause;
use crate::diagnose::cause::Sign::Words;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "silent_daemon",
        signs: &[
            Words(&["service principal", "expired"]),
            Words(&["client secret", "expired", "connected"]),
            Words(&["app registration", "expired", "connected"]),
        ],
        state: State::Expired,
        title: "An application's own secret has expired; that no connection shows it proves nothing",
        happened: "A client that calls as itself uses no connection, so the status of connections cannot show that its secret has expired.",
        rule: "client authentication: secrets have an end date",
        findings: &[
            (Certain, "A status is the result of the last attempt, not a proof that the next one works."),
            (Likely, "Its token requests are refused with AADSTS7000222."),
        ],
        repair: "A new secret for the application. No connection has to be signed in to.",
        avoided_by: &["a managed identity", "a reminder before the end date"],
        reports: &[21],
        scenario: Some("nothing-runs-but-all-connections-are-connected"),
    },
    Cause {
        name: "fix_without_effect",
        signs: &[
            Words(&["fix connection", "nothing changes"]),
            Words(&["fix connection", "still in error"]),
            Words(&["fix connection", "no effect"]),
        ],
        state: State::Unknown,
        title: "The connection was not fixed: only a completed sign-in replaces its tokens",
        happened: "Requesting the link, closing the window, or renaming the connection leaves the tokens as they are.",
        rule: "a connection gets its tokens from a confirmed sign-in of its owner",
        findings: &[
            (
                Likely,
                "The sign-in was not completed, or single sign-on continued with an account that is not suitable.",
            ),
            (
                CannotTell,
                "Which of them. The time in the connection's status tells whether it has been tried again since.",
            ),
        ],
        repair: "Complete the sign-in as the owner, in a private window if another account is signed in.",
        avoided_by: &[],
        reports: &[24],
        scenario: Some("fix-connection-changes-nothing"),
    },
    Cause {
        name: "no_bulk_repair",
        signs: &[Words(&["bulk", "repair", "connections"]), Words(&["bulk", "fix", "connections"])],
        state: State::Unknown,
        title: "No call repairs connections that need a sign-in: each owner signs in to each of them",
        happened: "The tokens of a connection come from a sign-in of its owner for that connection.",
        rule: "a connection gets its tokens from a confirmed sign-in of its owner",
        findings: &[(
            Certain,
            "A call can list the connections in error, and can create the links for the sign-ins.",
        )],
        repair: "List the connections in error, and have each owner sign in to theirs.",
        avoided_by: &["connections of a service principal or managed identity"],
        reports: &[27],
        scenario: Some("no-bulk-repair-of-broken-connections"),
    },
    Cause {
        name: "reset_disabled_or_permission",
        signs: &[
            Words(&["password", "reset", "disabled", "permission"]),
            Words(&["password", "reset", "disabled", "right"]),
        ],
        state: State::Unknown,
        title: "The three have different effects: a reset, a disabled account, a withdrawn permission",
        happened: "Each is checked at another place. A reset may leave a confidential client alone; a disabled account and a withdrawn consent are found at the next refresh.",
        rule: "the revocation table for the reset; the account and the consent at each refresh",
        findings: &[
            (
                Certain,
                "A disabled account and a withdrawn consent stop every refresh, of every kind of client.",
            ),
            (
                CannotTell,
                "What the reset does, without its channel: in the Azure portal it revokes public clients only, in the admin centers all.",
            ),
        ],
        repair: "After a reset that revokes, and after a withdrawn consent, the owner signs in; a disabled account is enabled.",
        avoided_by: &[],
        reports: &[26],
        scenario: Some("password-reset-or-login-disabled-or-permission-removed"),
    },
    Cause {
        name: "password_expiry",
        signs: &[
            Words(&["password", "expir", "service account"]),
            Words(&["password expires"]),
            Words(&["password has expired"]),
            Words(&["password expiry"]),
        ],
        state: State::Alive,
        title: "An expired password revokes no token: connections with tokens continue",
        happened: "The row \"Password expires\" leaves every kind of credential alive. Only what presents the password itself is refused.",
        rule: "row \"Password expires\", all columns, edition 2025-11",
        findings: &[
            (Certain, "The published table has it in every edition."),
            (Likely, "A connection that stores the password fails until it has the new one."),
        ],
        repair: "None for connections with tokens. The password is changed as usual.",
        avoided_by: &[],
        reports: &[4],
        scenario: Some("password-of-service-account-expires"),
    },
    Cause {
        name: "which_connections_break",
        signs: &[
            Words(&["service account", "password", "which"]),
            Words(&["service account", "change the password"]),
            Words(&["service account", "password change"]),
        ],
        state: State::Unknown,
        title: "It depends on what each connection stores: a password, a key, or tokens of which client",
        happened: "A stored password is wrong at once; tokens of a public client are revoked; tokens of a confidential client and keys are not affected.",
        rule: "row \"Password changed by user\", edition 2025-11",
        findings: &[
            (Certain, "The kind of sign-in of each connector decides, not the connection's status."),
            (CannotTell, "Which of the connections are of which kind. Their connectors say so."),
        ],
        repair: "Change the password as usual, look at the connections and their runs, and repair those that broke.",
        avoided_by: &["a service principal"],
        reports: &[3],
        scenario: Some("which-connections-break-when-a-service-account-changes-its-password"),
    },
    Cause {
        name: "repeated_changes",
        signs: &[Words(&["flow", "password", "several"]), Words(&["flow", "still work", "password"])],
        state: State::Alive,
        title: "The flow keeps working because its token belongs to a confidential client",
        happened: "The hub holds the refresh token and authenticates with a secret of its own. A changed password does not revoke such tokens.",
        rule: "row \"Password changed by user\", column 5, edition 2025-11",
        findings: &[
            (
                Certain,
                "In the published table a change by the user, a self-service reset and a reset in the Azure portal leave them alive.",
            ),
            (Likely, "The connector signs in with OAuth, and does not store the password."),
        ],
        repair: "None is needed. To end it on purpose, revoke the user's sessions.",
        avoided_by: &["to end flows with a change: an explicit revocation of sessions"],
        reports: &[2],
        scenario: Some("flow-still-works-after-several-password-changes"),
    },
    Cause {
        name: "still_connected",
        signs: &[
            Words(&["password", "still", "connected"]),
            Words(&["password", "changed", "valid"]),
            Words(&["password", "remains", "connect"]),
            Words(&["password", "stays", "connect"]),
        ],
        state: State::Alive,
        title: "The connection stays connected: a password change does not revoke its refresh token",
        happened: "The hub is a confidential client. Its refresh token ends only by an explicit revocation, or after 90 days without use.",
        rule: "row \"Password changed by user\", column 5, edition 2025-11",
        findings: &[
            (
                Certain,
                "There is no date at which it will end: each use replaces the token by one for 90 more days.",
            ),
            (Likely, "The connector signs in with OAuth, and does not store the password."),
        ],
        repair: "None is needed. To end the connection on purpose, revoke the user's sessions; its owner signs in again afterwards.",
        avoided_by: &[],
        reports: &[1],
        scenario: Some("still-connected-after-password-change"),
    },
    Cause {
        name: "general_alert",
        signs: &[
            Words(&["connection", "password", "mfa", "policy"]),
            Words(&["multi-factor", "password", "policy", "connection"]),
        ],
        state: State::Unknown,
        title: "This text names every possible cause, so it names none",
        happened: "The message is a general one: a changed password, MFA, or a policy. It is sent whatever the cause is.",
        rule: "",
        findings: &[(
            CannotTell,
            "What happened. The connection's status has the code of the issuer; paste that.",
        )],
        repair: "Look at the connection's status before anybody signs in: the sign-in replaces it.",
        avoided_by: &[],
        reports: &[16],
        scenario: None,
    },
    Cause {
        name: "needs_sign_in",
        signs: &[
            Words(&["connection", "sign in again"]),
            Words(&["connection", "signed in again"]),
            Words(&["connection", "signed-in again"]),
            Words(&["connection", "re-authenticate"]),
        ],
        state: State::Revoked,
        title: "The connection lost its token; that a password was changed is only a guess of the text",
        happened: "The refresh token was refused. The hint about a password or a policy is a general one.",
        rule: "",
        findings: &[
            (Likely, "The token was revoked or a policy refused it: expired ones have another text."),
            (
                CannotTell,
                "By what. The connection's status has the code of the issuer: AADSTS50173 is a revocation, 50076 a policy.",
            ),
        ],
        repair: "Its owner signs in: Fix connection. Or let the flow use another connection that works.",
        avoided_by: &["a service principal or managed identity, which no event of a user revokes"],
        reports: &[5],
        scenario: Some("flow-fails-connection-needs-to-be-signed-in-again"),
    },
];
