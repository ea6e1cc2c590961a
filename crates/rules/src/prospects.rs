//! The outlook of an accepted artifact: which events would revoke it, and when it expires.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::{Event, Presented, Question, Rule, Scope};

/// The effect of a possible event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prospect {
    /// The event as a clause: "the user changed the password".
    pub what: String,
    /// The row of the table, if there is one.
    pub event: Option<Event>,
    /// Whether the event would revoke the artifact.
    pub ends_it: bool,
    /// The rule, if so.
    pub rule: Option<Rule>,
}

/// Evaluates the effect of each row of the table, and of disabling or deleting the account, one
/// second later, with a use one second after that. Each is decided by [`Question::decide`].
#[must_use]
pub fn prospects(question: &Question) -> Vec<Prospect> {
    let happens = question.at + Span::from_seconds(1);
    let ask = |what: String, event, alter: &dyn Fn(&mut Question)| {
        let mut altered = question.clone();
        altered.at = happens + Span::from_seconds(1);
        alter(&mut altered);
        let verdict = altered.decide();
        let ends_it = !verdict.is_accepted();
        Prospect { what, event, ends_it, rule: ends_it.then_some(verdict.rule) }
    };
    let rows = question.rules.edition().rows().iter().map(|row| row.event);
    let mut prospects: Vec<_> = rows
        .map(|event| ask(event.clause().to_owned(), Some(event), &|asked| happen(asked, event, happens)))
        .collect();
    prospects.push(ask("the account was disabled".to_owned(), None, &|asked| asked.user.enabled = false));
    prospects.push(ask("the user was deleted".to_owned(), None, &|asked| asked.user.deleted = true));
    prospects
}

/// When the artifact expires (virtual) if it is not used before; `None` for immediate decisions.
#[must_use]
pub fn ends_by_itself(question: &Question) -> Option<Instant> {
    match &question.presented {
        Presented::Cookie(cookie) => Some(cookie.good_until()),
        Presented::Code(code) => Some(code.good_until()),
        Presented::RefreshToken(token) => Some(token.good_until()),
        Presented::AccessToken(token) => Some(token.expires_at),
        Presented::DeviceCode(code) => Some(code.good_until()),
        Presented::Assertion(assertion) => Some(assertion.expires_at),
        Presented::Password(_) => None,
    }
}

fn happen(question: &mut Question, event: Event, at: Instant) {
    if event.scope() == Scope::User {
        question.user.events.record(event, at);
        return;
    }
    match &mut question.presented {
        Presented::Cookie(cookie) => cookie.signed_out_at = Some(at),
        Presented::RefreshToken(token) => token.session_signed_out_at = Some(at),
        Presented::Assertion(assertion) => assertion.session_signed_out_at = Some(at),
        _ => {}
    }
}
