//! The title of the journal: the latest change, and what was refused since.

use outlive_clock::Instant;
use outlive_wire::JournalLine;
use outlive_wire::counted;

use super::criteria::{self, Criteria};
use crate::number_words::number;
use crate::when::When;
use crate::words;

/// The maximum length of the sentence in the title, in characters.
const TITLE_CHARS_MAX: usize = 110;

/// The kinds of events after which credentials may be refused.
const CHANGES: [&str; 15] = [
    "password.changed",
    "password.expired",
    "password.reset",
    "sessions.revoked",
    "user.disabled",
    "user.deleted",
    "application.disabled",
    "application.deleted",
    "consent.withdrawn",
    "policy.created",
    "policy.changed",
    "mfa.required",
    "secret.expired",
    "secret.removed",
    "certificate.removed",
];

/// Returns the title and the sentence below it. `lines` are those of the page, the latest first.
pub(super) fn headline(
    lines: &[JournalLine],
    now: Instant,
    criteria: &Criteria,
    has_older: bool,
) -> (String, String) {
    let Some(latest) = lines.first() else {
        return (
            if criteria.before.is_empty() {
                "Nothing like this has happened yet"
            } else {
                "There is nothing older"
            }
            .to_owned(),
            "Choose other events, or advance the clock.".to_owned(),
        );
    };
    let what = match (!criteria.trace.is_empty(), criteria.shows_all) {
        (true, _) => "Every event of one trace",
        (false, true) => "Every event",
        (false, false) => "Changes and refusals",
    };
    let service = criteria::SERVICES.iter().find(|(name, _)| *name == criteria.service);
    let of = match service {
        Some((_, name)) => format!(" of {name}"),
        None if criteria.trace.is_empty() => " in every service".to_owned(),
        None => String::new(),
    };
    let (shown, since) = shown_event(latest, lines);
    let sentence = words::brief(&shown.words());
    let sentence: String = sentence.trim_end_matches('.').chars().take(TITLE_CHARS_MAX).collect();
    let title = format!("{}: {sentence}{since}", When::of(shown.at, now).shown);
    let count = match (lines.len(), criteria.before.is_empty(), has_older) {
        (1, true, false) => "one event".to_owned(),
        (count, true, false) => counted(count, "event"),
        (1, true, true) => "the latest event, older ones on the next page".to_owned(),
        (count, true, true) => format!("the latest {}, older ones on the next page", counted(count, "event")),
        (count, false, true) => format!("{}, older ones on the next page", counted(count, "event")),
        (1, false, false) => "the first event".to_owned(),
        (count, false, false) => format!("the first {}", counted(count, "event")),
    };
    (title, format!("{what}{of}, latest first: {count}."))
}

/// The latest change of the page with the number of refusals since, in words; or its latest event.
fn shown_event<'a>(latest: &'a JournalLine, lines: &'a [JournalLine]) -> (&'a JournalLine, String) {
    let is_change = |line: &JournalLine| CHANGES.contains(&line.kind.as_str());
    let Some(place) = lines.iter().position(is_change) else { return (latest, String::new()) };
    let since = match lines[..place].iter().filter(|line| words::is_refusal(line)).count() {
        0 => return if place == 0 { (&lines[0], String::new()) } else { (latest, String::new()) },
        1 => "; one refusal since".to_owned(),
        several => format!("; {} refusals since", number(several)),
    };
    (&lines[place], since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(kinds: &[&str]) -> (String, String) {
        let line = |kind: &&str| JournalLine {
            seq: 0,
            service: "idp".to_owned(),
            tenant: "c0470500-0000-4000-8000-000000000001".parse().expect("an id"),
            at: Instant::EPOCH,
            wall: Instant::EPOCH,
            kind: (*kind).to_owned(),
            subject: String::new(),
            trace: String::new(),
            data: serde_json::Value::Null,
        };
        let lines: Vec<_> = kinds.iter().map(line).collect();
        let (shown, since) = shown_event(&lines[0], &lines);
        (shown.kind.clone(), since)
    }

    #[test]
    fn the_title_is_the_latest_change_if_it_had_consequences_or_nothing_followed() {
        for (newest_first, kind, since) in [
            (
                &["token.refused", "runtime.refused", "password.changed"][..],
                "password.changed",
                "; two refusals since",
            ),
            (
                &["connection.broken", "password.changed", "token.refused"],
                "password.changed",
                "; one refusal since",
            ),
            (&["password.changed", "token.refused"], "password.changed", ""),
            (&["token.refused", "password.change_refused"], "token.refused", ""),
            (&["token.issued", "password.changed"], "token.issued", ""),
            (&["token.refused", "token.issued"], "token.refused", ""),
        ] {
            assert_eq!(title(newest_first), (kind.to_owned(), since.to_owned()), "{newest_first:?}");
        }
    }
}
