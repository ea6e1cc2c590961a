//! A pasted token: what it shows without asking its issuer.

use outlive_clock::Instant;

use super::answer::{Certainty, Diagnosis, Finding, State};
use super::pasted_token::{PastedToken, TokenKind};

/// Explains a token. Whether its time is over is known from the present time, or from a later
/// instant in the text.
pub(super) fn explain(token: &PastedToken, latest: Option<Instant>, is_now: bool) -> Diagnosis {
    let (cause, name, rule) = match token.kind {
        TokenKind::Key => ("connection_key", "a connection key", "connection keys: signed by the hub"),
        TokenKind::Id => ("id_token", "an ID token", "ID tokens: for the client that signed the user in"),
        TokenKind::Access => ("access_token", "an access token", "access tokens: checked by the API alone"),
    };
    let is_over = token.expires.zip(latest).is_some_and(|(expires, latest)| latest >= expires);
    let end = token.expires.map(|expires| expires.strftime("%-d %b %Y %H:%M UTC").to_string());
    let title = match &end {
        Some(end) if is_over => format!("This is {name}; it expired on {end}"),
        Some(end) if is_now => format!("This is {name}, valid until {end}"),
        Some(end) => format!("This is {name}: valid until {end}, and expired after that"),
        None if token.is_end_unreadable => format!("This is {name} whose end (exp) is no number of seconds"),
        None => format!("This is {name} without an end"),
    };
    let mut findings = vec![certain(token)];
    if end.is_some() && !is_over && !is_now {
        findings.push(finding(
            Certainty::CannotTell,
            "Whether its time is over: compare its end with the present time. The text has no later instant.",
        ));
    }
    if token.kind == TokenKind::Access {
        findings.push(finding(
            Certainty::CannotTell,
            "Whether its client gets another one: that is a matter of the refresh token. Paste the answer to the next refresh.",
        ));
    }
    let repair = if is_over {
        "Its client requests another one. An expired token is accepted nowhere."
    } else {
        "None, while it is accepted. Treat what you pasted as a secret until it has expired."
    };
    Diagnosis {
        cause: cause.to_owned(),
        title,
        happened: "The token was decoded; its signature was not checked, and it was sent to no one."
            .to_owned(),
        state: match (is_over, is_now && end.is_some()) {
            (true, _) => State::Expired,
            (false, true) => State::Alive,
            (false, false) => State::Unknown,
        },
        rule: rule.to_owned(),
        read: Vec::new(),
        findings,
        repair: repair.to_owned(),
        avoided_by: Vec::new(),
        reports: Vec::new(),
        scenario: None,
    }
}

fn certain(token: &PastedToken) -> Finding {
    let text = match token.kind {
        TokenKind::Id => {
            "It says who signed in, and gives no access: an API that gets it instead of an access token refuses it."
        }
        _ if token.is_continuous => {
            "Its client handles claims challenges: an API with continuous access evaluation can refuse it earlier."
        }
        _ => "No password change and no revocation ends it earlier: the API checks signature and times only.",
    };
    finding(Certainty::Certain, text)
}

fn finding(certainty: Certainty, text: &str) -> Finding {
    Finding { certainty, text: text.to_owned() }
}
