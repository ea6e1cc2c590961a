//! Journal events as sentences.

use outlive_wire::JournalLine;

/// Maximum length of a sentence, in characters.
const CHARACTERS_MAX: usize = 1_500;

/// Returns the verdict of an event: `accepted` or `refused`.
pub(crate) fn outcome(line: &JournalLine) -> Option<&'static str> {
    let event = line.event().ok()?;
    let verdict = event.verdict();
    verdict.map(|verdict| if verdict.is_accepted() { "accepted" } else { "refused" })
}

/// Returns the summary of an event. An event of another version of the program is described by its
/// kind and subject.
pub(crate) fn sentence(line: &JournalLine) -> String {
    let summary = line.event().map(|event| event.summary());
    let sentence =
        summary.unwrap_or_else(|_| format!("{} ({}).", line.kind.replace(['.', '_'], " "), line.subject));
    sentence.chars().take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use outlive_clock::Instant;
    use outlive_wire::EventPayload;
    use outlive_wire::events::{ConnectionBroken, PasswordChanged, TokenIssued};
    use serde_json::{Value, json};

    use super::*;

    fn line(kind: &str, data: Value) -> JournalLine {
        JournalLine {
            seq: 1,
            service: "idp".to_owned(),
            tenant: "c0470500-0000-4000-8000-000000000001".parse().expect("an id"),
            at: Instant::EPOCH,
            wall: Instant::EPOCH,
            trace: "0".to_owned(),
            kind: kind.to_owned(),
            subject: "user:7".to_owned(),
            data,
        }
    }

    fn example<E: EventPayload>() -> JournalLine {
        line(E::KIND, serde_json::to_value(E::example()).expect("JSON"))
    }

    #[test]
    fn an_event_is_shown_by_its_summary_and_its_verdict() {
        let changed = example::<PasswordChanged>();
        assert_eq!(sentence(&changed), "owner@contoso.example changed the password.");
        assert_eq!(outcome(&changed), None);
        assert_eq!(outcome(&example::<TokenIssued>()), Some("accepted"));
        assert!(sentence(&example::<ConnectionBroken>()).starts_with("The connection is broken: "));
    }

    #[test]
    fn an_unknown_event_is_named_by_its_kind_and_subject() {
        assert_eq!(sentence(&line("order.read", json!({"x": 1}))), "order read (user:7).");
    }
}
