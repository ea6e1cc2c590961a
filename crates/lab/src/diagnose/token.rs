//! A pasted token: what it shows without asking its issuer.

use super::answer::{Certainty, Diagnosis, Finding, State};
use super::reading::PastedToken;

/// Explains an access token or a connection key.
pub(super) fn explain(token: &PastedToken) -> Diagnosis {
    let until = token.expires.map_or_else(
        || "without an end".to_owned(),
        |expires| format!("until {}", expires.strftime("%-d %b %Y %H:%M UTC")),
    );
    let (cause, title, rule) = if token.is_key {
        (
            "connection_key",
            format!("This is a connection key, valid {until}"),
            "connection keys: signed by the hub",
        )
    } else {
        (
            "access_token",
            format!("This is an access token, valid {until}"),
            "access tokens: checked by the API alone",
        )
    };
    let revocation = if token.is_continuous {
        "Its client handles claims challenges: an API with continuous access evaluation can refuse it earlier."
    } else {
        "No password change and no revocation ends it earlier: the API checks signature and times only."
    };
    Diagnosis {
        cause: cause.to_owned(),
        title,
        happened: "The token was decoded; its signature was not checked, and it was sent to no one.".to_owned(),
        state: State::Unknown,
        rule: rule.to_owned(),
        read: Vec::new(),
        findings: vec![
            Finding { certainty: Certainty::Certain, text: revocation.to_owned() },
            Finding {
                certainty: Certainty::CannotTell,
                text: "Whether its client gets another one: that is a matter of the refresh token. Paste the answer to the next refresh.".to_owned(),
            },
        ],
        repair: "None, while it is accepted. Treat what you pasted as a secret until it has expired.".to_owned(),
        avoided_by: Vec::new(),
        reports: Vec::new(),
        scenario: None,
    }
}
