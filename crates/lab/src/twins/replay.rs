//! The story of a run's refresh token as a paired scenario: pure functions.

use std::fmt::Write;

use outlive_clock::{Instant, Span};
use outlive_rules::{Edition, Event, Ruleset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::origin::RunOrigin;

/// What a replay does not repeat.
pub(crate) const REPLAY_LIMITS: [&str; 3] = [
    "Repeated: the sign-in, the refresh that issued the token, what happened to the user since, and the use of the token by the run, \
     each at its time, to the second.",
    "Not repeated: the flow, its connection and its API; refreshes between these; what administrators did to applications, consents \
     and policies; events of the same kind before the latest.",
    "Both tenants are new, from the seed of this lab.",
];

/// How long a replay leaves a refresh token unused: less than the 90 days after which it expires.
const UNUSED_MAX: Span = Span::from_days(80);

/// A fact that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangedFact {
    /// Whether the client is public or confidential.
    Client,
    /// How the user signed in.
    WayIn,
    /// What happened to the user.
    Event,
    /// To which user it happened.
    Whose,
    /// The edition of the revocation table.
    Edition,
}

/// A change of one fact with which a run can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Change {
    /// The fact.
    pub(crate) fact: ChangedFact,
    /// What it is called.
    pub(crate) title: String,
    /// The value that it had, and the other one.
    pub(crate) values: [String; 2],
}

impl ChangedFact {
    const ALL: [Self; 5] = [Self::Client, Self::WayIn, Self::Event, Self::Whose, Self::Edition];

    /// Its name in the scenario.
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::WayIn => "way-in",
            Self::Event => "event",
            Self::Whose => "whose",
            Self::Edition => "edition",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::WayIn => "how the owner signed in",
            Self::Event => "what happened",
            Self::Whose => "to whom it happened",
            Self::Edition => "the edition of the table",
        }
    }
}

/// The two values of a fact: as they are shown, and as the scenario contains them.
struct Values {
    shown: [String; 2],
    written: [String; 2],
}

impl Values {
    fn same(values: [String; 2]) -> Self {
        Self { shown: values.clone(), written: values }
    }
}

/// The changes with which a run can be replayed.
pub(crate) fn replays(origin: &RunOrigin) -> Vec<Change> {
    let change = |fact: ChangedFact| {
        let values = values(origin, fact)?.shown;
        Some(Change { fact, title: fact.title().to_owned(), values })
    };
    ChangedFact::ALL.into_iter().filter_map(change).collect()
}

fn values(origin: &RunOrigin, fact: ChangedFact) -> Option<Values> {
    match fact {
        ChangedFact::Client => Some(Values::same([origin.app.clone(), origin.other_app.clone()?])),
        ChangedFact::WayIn => {
            let (then, now) =
                if origin.password_based { ("password", "passkey") } else { ("passkey", "password") };
            Some(Values::same([then.to_owned(), now.to_owned()]))
        }
        ChangedFact::Event => {
            let happened = origin.decisive?;
            let raised = Raised::of(happened)?;
            let (other, written) = raised.other(happened);
            Some(Values { shown: [happened, other].map(|event| event.clause().to_owned()), written })
        }
        ChangedFact::Whose => origin.decisive.and_then(Raised::of).map(|_| Values {
            shown: ["the owner".to_owned(), "another user".to_owned()],
            written: ["owner".to_owned(), "colleague".to_owned()],
        }),
        ChangedFact::Edition => {
            // Changed cells and switches stay as they are.
            let (edition, rest) = origin.rules.split_at(origin.rules.find('+').unwrap_or(origin.rules.len()));
            let newest = Edition::default().to_string();
            let other = if edition == newest { Edition::E2021.to_string() } else { newest };
            let other = format!("{other}{rest}");
            other.parse::<Ruleset>().ok()?;
            Some(Values::same([origin.rules.clone(), other]))
        }
    }
}

/// The lab event of a row: its type, and a detail besides the user.
#[derive(Clone, Copy)]
struct Raised {
    kind: &'static str,
    detail: Option<(&'static str, &'static str)>,
}

impl Raised {
    const fn of(event: Event) -> Option<Self> {
        let (kind, detail) = match event {
            Event::PasswordExpires => ("password_expiry", None),
            Event::PasswordChangedByUser => ("password_change", None),
            Event::Sspr => ("sspr", None),
            Event::AdminReset => ("admin_reset", None),
            Event::AdminResetAzurePortal => ("admin_reset", Some(("channel", "azure_portal"))),
            Event::AdminResetEntraAdminCenter => ("admin_reset", Some(("channel", "entra_admin_center"))),
            Event::AdminResetM365AdminCenter => ("admin_reset", Some(("channel", "m365_admin_center"))),
            // By the user, unless it has `by`.
            Event::UserRevokes => ("revoke_sessions", None),
            Event::AdminRevokes => ("revoke_sessions", Some(("by", "admin"))),
            Event::SingleSignOut => return None,
        };
        Some(Self { kind, detail })
    }

    /// Another event that differs in one word: that of the detail if there is one, otherwise that
    /// of the type. Both words are returned.
    fn other(self, event: Event) -> (Event, [String; 2]) {
        let (other, word) = match event {
            Event::AdminResetAzurePortal => (Event::AdminResetEntraAdminCenter, "entra_admin_center"),
            Event::AdminResetEntraAdminCenter | Event::AdminResetM365AdminCenter => {
                (Event::AdminResetAzurePortal, "azure_portal")
            }
            Event::AdminRevokes => (Event::UserRevokes, "user"),
            Event::UserRevokes | Event::AdminReset => (Event::PasswordChangedByUser, "password_change"),
            _ => (Event::UserRevokes, "revoke_sessions"),
        };
        let own = self.detail.map_or(self.kind, |(_, value)| value);
        (other, [own.to_owned(), word.to_owned()])
    }

    /// The members of the event, one of them with a placeholder if it varies.
    fn members(self, varied: Option<&str>) -> String {
        match (self.detail, varied) {
            (Some((name, _)), Some(placeholder)) => {
                format!("type: {}, {name}: \"{placeholder}\"", self.kind)
            }
            (Some((name, value)), None) => format!("type: {}, {name}: {value}", self.kind),
            (None, Some(placeholder)) => format!("type: \"{placeholder}\""),
            (None, None) => format!("type: {}", self.kind),
        }
    }
}

/// Writes the paired scenario of a run with one fact changed; `None` if the run does not have the
/// fact.
pub(crate) fn replay_text(origin: &RunOrigin, fact: ChangedFact, name: &str) -> Option<String> {
    let written = values(origin, fact)?.written;
    let twin = |wanted: ChangedFact, value: &str| {
        if wanted == fact { format!("${{twin.{}}}", fact.name()) } else { value.to_owned() }
    };
    // JSON strings are YAML strings.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let rules = twin(ChangedFact::Edition, &origin.rules);
    let app = twin(ChangedFact::Client, &origin.app);
    let way = twin(ChangedFact::WayIn, if origin.password_based { "password" } else { "passkey" });
    let start = origin.granted.whole_second();
    let mut text = format!(
        "scenarios:\n  - name: {}\n    twins: {{fact: {}, values: [{}, {}]}}\n    rules: {}\n    start: {start}\n    chapters:\n      \
         - title: The token of the run\n        steps:\n",
        quoted(name),
        fact.name(),
        quoted(&written[0]),
        quoted(&written[1]),
        quoted(&rules),
    );
    let mut step = |say: &str, verb: &str| {
        let _ = writeln!(text, "          - say: {}\n            {verb}", quoted(say));
    };
    if fact == ChangedFact::WayIn || !origin.password_based {
        step("The owner has a passkey besides the password", "register_passkey: {user: owner}");
    }
    step(
        "The owner signs in",
        &format!(
            "sign_in: {{user: owner, app: {}, scope: openid offline_access api://contoso-orders/Orders.Read, with: {}, keep: tokens}}",
            quoted(&app),
            quoted(&way)
        ),
    );
    let mut now = start;
    let mut moments: Vec<(Instant, Moment)> =
        origin.events.iter().map(|(event, at)| (*at, Moment::Event(*event))).collect();
    // The refreshes between that kept the token in use.
    let mut used = origin.granted;
    while origin.issued - used > UNUSED_MAX {
        used = used + UNUSED_MAX;
        moments.push((used, Moment::Refresh));
    }
    if origin.issued > origin.granted + Span::from_seconds(1) {
        moments.push((origin.issued, Moment::Refresh));
    }
    moments.sort_by_key(|(at, _)| *at);
    for (at, moment) in moments {
        // An event happens at the next whole second.
        let to = at.whole_second().max(now + Span::from_seconds(1));
        match moment {
            Moment::Refresh => {
                step("Time passes", &format!("advance: {{to: {to}}}"));
                step("The tokens are refreshed", "refresh: {tokens: tokens, keep: tokens}");
            }
            Moment::Event(event) => {
                let Some(raised) = Raised::of(event) else { continue };
                let is_decisive = origin.decisive == Some(event);
                let placeholder = format!("${{twin.{}}}", fact.name());
                let varies = is_decisive && fact == ChangedFact::Event;
                let members = raised.members(varies.then_some(placeholder.as_str()));
                let user = if is_decisive { twin(ChangedFact::Whose, "owner") } else { "owner".to_owned() };
                let say = if is_decisive && matches!(fact, ChangedFact::Event | ChangedFact::Whose) {
                    "The event that differs".to_owned()
                } else {
                    sentence(event.clause())
                };
                if to > now + Span::from_seconds(1) {
                    step("Time passes", &format!("advance: {{to: {}}}", to - Span::from_seconds(1)));
                }
                step(&say, &format!("event: {{{members}, user: {}}}", quoted(&user)));
            }
        }
        now = to + Span::from_seconds(1);
    }
    step(
        "Time passes until the run",
        &format!("advance: {{to: {}}}", origin.at.whole_second().max(now + Span::from_seconds(1))),
    );
    match origin.refused {
        Some(code) => step(
            "The hub refreshes, and is rejected",
            &format!(
                "refresh: {{tokens: tokens, refused: {{error: {}, aadsts: {}}}}}",
                code.error.as_str(),
                code.number
            ),
        ),
        None => step("The hub refreshes, and gets new tokens", "refresh: {tokens: tokens, keep: tokens}"),
    }
    Some(text)
}

enum Moment {
    Event(Event),
    Refresh,
}

fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
