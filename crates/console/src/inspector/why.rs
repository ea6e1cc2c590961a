//! The explanation of the lab, for the page.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::when::{When, with_times_for_people};
use crate::words::brief;

/// An explanation, as `GET /lab/tenants/{t}/why/{id}` returns it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Why {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) what: String,
    lineage: Vec<Moment>,
    decisions: Vec<Moment>,
    /// The verdict, with `outcome`, `title`, `explanation` and `code`.
    pub(crate) verdict: Option<Value>,
    ends_by_itself: Option<Instant>,
    would_end_it: Vec<String>,
    would_not_end_it: Vec<String>,
    what_if: Vec<Changed>,
    /// The verdict after an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<After>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct After {
    event: String,
    words: String,
    verdict: Value,
}

/// The verdict after an event, for the page.
pub(crate) struct AfterView {
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) state: &'static str,
    pub(crate) words: String,
    pub(crate) sentence: &'static str,
    pub(crate) explanation: String,
}

impl AfterView {
    fn of(after: &After, now: Instant) -> Self {
        let text = |member: &str| after.verdict.get(member).and_then(Value::as_str).unwrap_or_default();
        let (style, icon, state, sentence) = match text("outcome") {
            "accepted" => ("is-alive", "i-alive", "Stays alive", "It would go on working."),
            _ => ("is-revoked", "i-revoked", "Refused", "It would be refused at its next use."),
        };
        let explanation = with_times_for_people(text("explanation"), now);
        Self { style, icon, state, words: after.words.clone(), sentence, explanation }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Moment {
    at: Instant,
    service: String,
    words: String,
    trace: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Changed {
    words: String,
}

/// An event that concerns what is explained.
pub(crate) struct MomentView {
    pub(crate) when: When,
    pub(crate) service: String,
    pub(crate) words: String,
    pub(crate) trace: String,
}

/// The explanation, for the page.
pub(crate) struct WhyView {
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) state: &'static str,
    pub(crate) verdict: String,
    pub(crate) explanation: String,
    pub(crate) expires: Option<When>,
    pub(crate) lineage: Vec<MomentView>,
    pub(crate) decisions: Vec<MomentView>,
    pub(crate) would_end_it: Vec<String>,
    pub(crate) would_not_end_it: Vec<String>,
    pub(crate) what_if: Vec<String>,
    pub(crate) after: Option<AfterView>,
    /// Names it in the form; empty where there is no verdict to repeat.
    pub(crate) name: String,
    /// Each event that can be picked: its name, the label, whether it is picked.
    pub(crate) events: Vec<(&'static str, &'static str, bool)>,
}

/// Whether the form has an event.
pub(crate) fn is_event(name: &str) -> bool {
    EVENTS.iter().any(|(event, _)| *event == name)
}

/// The events of the form.
const EVENTS: [(&str, &str); 7] = [
    ("password_changed_by_user", "The owner changes the password"),
    ("sspr", "The owner resets a forgotten password"),
    ("admin_reset_azure_portal", "Admin resets it in the Azure portal"),
    ("admin_reset_entra_admin_center", "Admin resets it in the Entra admin center"),
    ("admin_revokes", "An administrator revokes all sessions"),
    ("single_sign_out", "The owner signs out of the browser session"),
    ("account_disabled", "The account is disabled"),
];

impl Why {
    fn text(&self, member: &str) -> Option<&str> {
        self.verdict.as_ref()?.get(member)?.as_str()
    }

    pub(crate) fn is_accepted(&self) -> Option<bool> {
        self.text("outcome").map(|outcome| outcome == "accepted")
    }

    /// The smallest changes with which it would have been accepted, as sentences.
    pub(crate) fn avoided_by(&self) -> Vec<String> {
        self.what_if.iter().map(|changed| changed.words.clone()).collect()
    }

    /// The trace of the latest event about it.
    pub(crate) fn latest_trace(&self) -> Option<&str> {
        self.decisions.last().map(|moment| moment.trace.as_str())
    }

    /// The title of the page, as a sentence.
    pub(crate) fn title(&self) -> String {
        let what = match self.kind.as_str() {
            "refresh_token" => "This refresh token",
            "access_token" => "This access token",
            "code" => "This authorization code",
            "cookie" => "This browser session",
            "connection" => "The token of this connection",
            _ => "The token that this run used",
        };
        // A run is over: the verdict is that of its time.
        let is = if self.kind == "run" { "was" } else { "is" };
        let then = if self.kind == "run" { " then" } else { "" };
        match (self.is_accepted(), self.text("title")) {
            (Some(true), _) => format!("{what} {is} alive{then}."),
            (Some(false), Some(title)) => {
                let mut letters = title.chars();
                let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
                format!("{what} {is} refused{then}: {first}{}.", letters.as_str())
            }
            _ => match self.kind.as_str() {
                "run" => "What this run did".to_owned(),
                "connection" => "This connection has no token.".to_owned(),
                _ => format!("{what} has no verdict."),
            },
        }
    }
}

impl WhyView {
    /// Formats an explanation on a page whose time is `now`.
    pub(crate) fn of(why: Why, now: Instant) -> Self {
        let (style, icon, state) = match why.is_accepted() {
            Some(true) => ("is-alive", "i-alive", "Alive"),
            Some(false) => ("is-revoked", "i-revoked", "Refused"),
            None => ("is-idle", "i-idle", "No verdict"),
        };
        let views = |moments: Vec<Moment>| {
            let view = |moment: Moment| MomentView {
                when: When::of(moment.at, now),
                service: moment.service,
                words: with_times_for_people(&brief(&moment.words), now),
                trace: moment.trace,
            };
            moments.into_iter().map(view).collect()
        };
        Self {
            style,
            icon,
            state,
            verdict: why.title(),
            explanation: with_times_for_people(why.text("explanation").unwrap_or_default(), now),
            expires: why.ends_by_itself.map(|at| When::of(at, now)),
            lineage: views(why.lineage),
            decisions: views(why.decisions),
            would_end_it: why.would_end_it,
            would_not_end_it: why.would_not_end_it,
            events: EVENTS
                .map(|(event, label)| {
                    (event, label, why.after.as_ref().is_some_and(|after| after.event == event))
                })
                .into(),
            name: if why.verdict.is_some() { why.name.clone() } else { String::new() },
            after: why.after.as_ref().map(|after| AfterView::of(after, now)),
            what_if: why.what_if.into_iter().map(|changed| changed.words).collect(),
        }
    }
}
