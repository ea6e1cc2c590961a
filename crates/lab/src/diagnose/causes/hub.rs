//! Causes that the hub names in its own words.

use crate::diagnose::answer::Certainty::{CannotTell, Certain, Likely};
use crate::diagnose::answer::State;
use crate::diagnose::cause::Cause;
use crate::diagnose::cause::Sign::Words;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "flow_not_allowed",
        signs: &[
            Words(&["is not allowed to access connection"]),
            Words(&["is not allowed to access", "logicflows"]),
        ],
        state: State::Refused,
        title: "The flow itself is not allowed to use this connection, although its owner is",
        happened: "Flow and owner are different principals of the connection's access list, and the flow's entry is missing.",
        rule: "the access list of the connection",
        findings: &[
            (Certain, "The connection has its tokens; the caller was refused before they were used."),
            (CannotTell, "What removed the entry. The connection's access list shows the present ones."),
        ],
        repair: "Save the flow again, or turn it off and on: that grants the access.",
        avoided_by: &[],
        reports: &[9],
        scenario: Some("flow-is-not-allowed-to-access-connection"),
    },
    Cause {
        name: "no_access",
        signs: &[Words(&["missing connection acl"])],
        state: State::Refused,
        title: "The flow uses a connection that was not shared with it, or no longer is",
        happened: "The connection belongs to another owner, whose access list does not name the caller.",
        rule: "the access list of the connection",
        findings: &[
            (Certain, "The connection has its tokens; the caller was refused before they were used."),
            (Certain, "Signing in to the connection again changes nothing."),
        ],
        repair: "Let the flow use a connection of its own owner, or have the other owner share theirs.",
        avoided_by: &["a connection reference that each environment fills with a connection of its own"],
        reports: &[8],
        scenario: Some("missing-connection-acl"),
    },
    Cause {
        name: "not_authorized_on_connection",
        signs: &[Words(&["connectionauthorizationfailed"])],
        state: State::Refused,
        title: "The caller may not use this connection, or the connection lost its credentials",
        happened: "The product uses this code for a missing permission and for stored credentials that are no longer valid.",
        rule: "the access list of the connection, or its sign-in",
        findings: &[(
            CannotTell,
            "Which of the two. The status of the connection tells: Connected means the permission.",
        )],
        repair: "With the status Connected, share the connection with the caller; otherwise its owner signs in.",
        avoided_by: &[],
        reports: &[],
        scenario: None,
    },
    Cause {
        name: "bad_key",
        signs: &[Words(&["bad key authorization token"])],
        state: State::Refused,
        title: "The key that the caller sends is none that this connection accepts",
        happened: "The caller's key is not one that the hub signed for this connection, or is one that has expired.",
        rule: "connection keys: signed by the hub, valid for seven days by default",
        findings: &[
            (Certain, "The tokens of the connection are not the problem: it was not asked for them."),
            (
                CannotTell,
                "Whether the key is foreign or too old, unless the text has IDX10223, which means too old.",
            ),
        ],
        repair: "Request a key for this connection again. Signing in to the connection changes nothing.",
        avoided_by: &["a caller that requests a new key before the old one ends"],
        reports: &[11],
        scenario: Some("bad-key-authorization-token"),
    },
    Cause {
        name: "key_expired",
        signs: &[
            Words(&["idx10223"]),
            Words(&["connection key", "expired"]),
            Words(&["lifetime validation failed"]),
        ],
        state: State::Expired,
        title: "A token of the caller has expired, most likely the key for the connection after seven days",
        happened: "A connection key is a token of the caller. Tools for local development request one for seven days and do not renew it.",
        rule: "connection keys: valid for seven days by default",
        findings: &[
            (Likely, "The connection was never broken, so it needs no sign-in."),
            (
                CannotTell,
                "Whether the token is the connection's key: the text is that of a library, for any token. The call that failed names it.",
            ),
        ],
        repair: "Request another key, for example by opening the connection in the tool again.",
        avoided_by: &["a managed identity, as in the cloud"],
        reports: &[25],
        scenario: Some("connection-key-expires-after-seven-days"),
    },
    Cause {
        name: "no_refresh_token",
        signs: &[
            Words(&["missing refresh token"]),
            Words(&["connection", "expires after 1 h"]),
            Words(&["connection", "expires after one hour"]),
            Words(&["connection", "expires after an hour"]),
            Words(&["few hours after", "connector"]),
        ],
        state: State::Expired,
        title: "This connection never had a refresh token, so it ends with its first access token",
        happened: "The connector does not ask for offline_access. The status stays Connected until a call needs a new access token.",
        rule: "a refresh token is issued only for offline_access",
        findings: &[
            (
                Certain,
                "It happens after the first access token's lifetime, about an hour, whatever else happens.",
            ),
            (Likely, "The connector is of the kind generic OAuth 2.0 with a list of scopes."),
        ],
        repair: "The connector's maker adds offline_access to its scopes. Then each owner signs in once more.",
        avoided_by: &["offline_access in the scopes from the beginning"],
        reports: &[13, 19],
        scenario: None,
    },
    Cause {
        name: "never_signed_in",
        signs: &[Words(&["does not contain an access token"])],
        state: State::Refused,
        title: "This connection was created without a sign-in",
        happened: "A deployment can create a connection, but only a sign-in gives it tokens.",
        rule: "a connection gets its tokens from a sign-in of its owner",
        findings: &[(Certain, "No token expired or was revoked: there was none.")],
        repair: "Its owner signs in once. The flow needs no change.",
        avoided_by: &["a connection with a service principal or managed identity, for deployments"],
        reports: &[14],
        scenario: Some("connection-does-not-contain-an-access-token"),
    },
    Cause {
        name: "connection_disabled",
        signs: &[Words(&["connection is disabled"])],
        state: State::Refused,
        title: "The connection is disabled; its sign-in is not affected",
        happened: "A data policy or an administrator has disabled the connection.",
        rule: "the connection's own state",
        findings: &[
            (Certain, "The tokens are not used while it is disabled, and are not lost."),
            (
                Likely,
                "A data loss prevention policy was changed: it puts connectors into groups that may not be combined.",
            ),
        ],
        repair: "An administrator changes the policy or enables the connection. A sign-in is not needed.",
        avoided_by: &[],
        reports: &[15],
        scenario: Some("connection-is-disabled-so-it-cannot-be-used"),
    },
];
