//! What a page of the journal shows: its criteria, as in the URL, for the lab, and in its links.

use outlive_wire::HeldConnections;
use outlive_wire::lab_api::TenantCredentials;
use serde::Deserialize;

/// The number of events of a page.
pub(super) const LINES_SHOWN: usize = 120;
/// The number of newer pages that a URL remembers; further back, *Latest* leads to the first.
const NEWER_KEPT: usize = 20;
/// Maximum length of a criterion, in bytes.
const CRITERION_BYTES_MAX: usize = 160;

/// Services and their names on the page.
pub(super) const SERVICES: [(&str, &str); 4] =
    [("idp", "identity provider"), ("hub", "hub"), ("resource", "API"), ("flow", "flows")];

/// Kinds of events that the page offers; any other can be given in the URL.
const KINDS: [(&str, &str); 13] = [
    ("sign_in.", "sign-ins"),
    ("token.", "tokens issued and refused"),
    ("session.", "cookies refused"),
    ("sessions.", "revocations"),
    ("password.", "passwords"),
    ("consent.", "consent"),
    ("connection.", "connections"),
    ("runtime.", "calls through connections"),
    ("request.", "requests to the API"),
    ("run.", "runs"),
    ("flow.", "flows"),
    ("policy.", "policies"),
    ("user.", "users"),
];

/// The query of the page, as given.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) tenant: Option<String>,
    /// `all` events, or changes and refusals only.
    show: Option<String>,
    service: Option<String>,
    kind: Option<String>,
    /// A subject: `user:ID`, `connection:ID`.
    about: Option<String>,
    trace: Option<String>,
    /// The position before which events are shown; the end of the journals if absent.
    before: Option<String>,
    /// The positions of the newer pages, the newest first.
    newer: Option<String>,
    /// Whether there are newer pages than those.
    far: Option<String>,
    /// The opened event, `service-seq`.
    open: Option<String>,
}

/// The valid criteria; an invalid one counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Criteria {
    pub(super) shows_all: bool,
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) trace: String,
    pub(super) before: String,
    newer: Vec<String>,
    /// Whether pages between the latest and those of `newer` are forgotten.
    is_far: bool,
    pub(super) open: String,
}

/// A value of a filter.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

impl Criteria {
    pub(super) fn of(asked: Asked) -> Self {
        let is_one_of = |letters: &'static str| {
            move |text: &String| {
                let known = |c: char| c.is_ascii_alphanumeric() || letters.contains(c);
                text.len() <= CRITERION_BYTES_MAX && text.chars().all(known)
            }
        };
        let newer = asked.newer.unwrap_or_default();
        let newer = newer.split(',').filter(|cursor| is_cursor(cursor)).take(NEWER_KEPT).map(str::to_owned);
        let is_service = |name: &String| SERVICES.iter().any(|(service, _)| service == name);
        Self {
            shows_all: asked.show.as_deref() == Some("all"),
            service: asked.service.filter(is_service).unwrap_or_default(),
            kind: asked.kind.filter(is_one_of("._")).unwrap_or_default(),
            about: asked.about.filter(is_one_of(":._-")).unwrap_or_default(),
            trace: asked
                .trace
                .filter(|trace| trace.chars().all(|c| c.is_ascii_hexdigit()))
                .unwrap_or_default(),
            before: asked.before.filter(|cursor| is_cursor(cursor)).unwrap_or_default(),
            newer: newer.collect(),
            is_far: asked.far.is_some(),
            open: asked.open.filter(is_one_of("-")).unwrap_or_default(),
        }
    }

    /// The query of the lab's journal.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", LINES_SHOWN.to_string()), ("newest", "true".to_owned())];
        if !self.shows_all && self.trace.is_empty() {
            query.push(("notable", "true".to_owned()));
        }
        let given = [
            ("service", &self.service),
            ("kind", &self.kind),
            ("subject", &self.about),
            ("trace", &self.trace),
            ("before", &self.before),
        ];
        query.extend(
            given
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.clone())),
        );
        query
    }

    /// Whether the page shows the end of the journals, which grows.
    pub(super) fn is_latest(&self) -> bool {
        self.before.is_empty() && self.open.is_empty()
    }

    /// Returns the address of the page with these criteria.
    pub(super) fn address(&self, tenant: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("tenant", tenant);
        let given = [
            ("show", if self.shows_all { "all" } else { "" }),
            ("service", &self.service),
            ("kind", &self.kind),
            ("about", &self.about),
            ("trace", &self.trace),
            ("before", &self.before),
            ("newer", &self.newer.join(",")),
            ("far", if self.is_far { "1" } else { "" }),
            ("open", &self.open),
        ];
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("/journal?{}", query.finish())
    }

    /// The page of the events before this one, which ends at `older`.
    pub(super) fn to_older(&self, older: &str) -> Self {
        let here = Some(self.before.clone()).filter(|before| !before.is_empty());
        let mut newer: Vec<_> = here.into_iter().chain(self.newer.iter().cloned()).collect();
        let is_far = self.is_far || newer.len() > NEWER_KEPT;
        newer.truncate(NEWER_KEPT);
        Self { before: older.to_owned(), newer, is_far, open: String::new(), ..self.clone() }
    }

    /// The page of the events after this one; `None` if there is none, or if its position is
    /// forgotten: then *Latest* leads on.
    pub(super) fn to_newer(&self) -> Option<Self> {
        if self.before.is_empty() || (self.newer.is_empty() && self.is_far) {
            return None;
        }
        let before = self.newer.first().cloned().unwrap_or_default();
        let newer = self.newer.iter().skip(1).cloned().collect();
        Some(Self { before, newer, open: String::new(), ..self.clone() })
    }

    /// The first page.
    pub(super) fn to_latest(&self) -> Self {
        let (before, open) = (String::new(), String::new());
        Self { before, newer: Vec::new(), is_far: false, open, ..self.clone() }
    }

    /// The page of one trace with an opened event.
    pub(super) fn to_trace(trace: &str, open: &str) -> Self {
        Self { trace: trace.to_owned(), open: open.to_owned(), ..Self::default() }
    }

    pub(super) fn services(&self) -> Vec<Choice> {
        choices(
            SERVICES.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned())),
            &self.service,
        )
    }

    pub(super) fn kinds(&self) -> Vec<Choice> {
        choices(KINDS.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned())), &self.kind)
    }

    /// The users and connections of the tenant.
    pub(super) fn subjects(&self, tenant: &TenantCredentials, held: &HeldConnections) -> Vec<Choice> {
        let users = tenant.users.iter().map(|user| (format!("user:{}", user.id), user.upn.clone()));
        let connections = held
            .connections
            .iter()
            .map(|held| (format!("connection:{}", held.id), format!("connection {}", held.display_name)));
        choices(users.chain(connections), &self.about)
    }
}

/// The offered values, and the chosen one if it is none of them.
fn choices(offered: impl Iterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<_> =
        offered.map(|(value, label)| Choice { is_chosen: value == chosen, value, label }).collect();
    if !chosen.is_empty() && choices.iter().all(|choice| !choice.is_chosen) {
        choices.push(Choice { value: chosen.to_owned(), label: chosen.to_owned(), is_chosen: true });
    }
    choices
}

/// Whether a text is a position in the journals of all services.
fn is_cursor(text: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<i64>().is_ok();
    text.split('-').count() == SERVICES.len() && text.split('-').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(before: &str) -> Criteria {
        Criteria::of(Asked { before: Some(before.to_owned()), ..Asked::default() })
    }

    #[test]
    fn pages_lead_to_their_neighbors() {
        let first = Criteria::default();
        assert_eq!(first.to_newer(), None);
        let second = first.to_older("9-9-9-9");
        let third = second.to_older("5-5-5-5");
        assert_eq!(third.address("t"), "/journal?tenant=t&before=5-5-5-5&newer=9-9-9-9");
        assert_eq!(third.to_newer().as_ref(), Some(&second));
        assert_eq!(second.to_newer().as_ref(), Some(&first));
        assert_eq!(third.to_latest(), first);
        let far = (0..40).fold(first, |page, number| page.to_older(&format!("{number}-0-0-0")));
        assert_eq!(far.newer.len(), NEWER_KEPT);
        assert!(far.address("t").len() < 400 && far.address("t").ends_with("&far=1"));
        // Back to where the positions end, and never past pages that were not shown.
        let mut back = far;
        let mut positions = vec![back.before.clone()];
        while let Some(newer) = back.to_newer() {
            positions.push(newer.before.clone());
            back = newer;
        }
        let expected = (39 - NEWER_KEPT..=39).rev().map(|number| format!("{number}-0-0-0"));
        assert_eq!(positions, expected.collect::<Vec<_>>());
        assert_eq!(back.to_latest(), Criteria::default());
    }

    #[test]
    fn an_invalid_criterion_counts_as_absent() {
        for text in ["", "x", "1-2-3", "1-2-3-4-5", "1-2-3--4", "1-2-3-99999999999999999999", "1-2-3-+4"] {
            assert_eq!(page(text), Criteria::default(), "{text}");
        }
        assert_eq!(page("1-2-3-4").before, "1-2-3-4");
        let asked = Asked {
            service: Some("nonsense".to_owned()),
            kind: Some("<b>".to_owned()),
            about: Some("x".repeat(999)),
            trace: Some("xyz".to_owned()),
            newer: Some("a,1-2-3-4,".to_owned()),
            ..Asked::default()
        };
        let criteria = Criteria::of(asked);
        assert_eq!(criteria.newer, ["1-2-3-4"]);
        assert_eq!(criteria.query(), Criteria::default().query());
    }
}
