//! Journal events as sentences.

use outlive_wire::JournalLine;

/// Returns the verdict of an event: `accepted` or `refused`.
pub(crate) fn outcome(line: &JournalLine) -> Option<&'static str> {
    let event = line.event().ok()?;
    let verdict = event.verdict();
    verdict.map(|verdict| if verdict.is_accepted() { "accepted" } else { "refused" })
}

/// The first sentence of a text, with the error code that the rest names.
pub(crate) fn brief(text: &str) -> String {
    let end = text.find(". ").map_or(text.len(), |place| place + 1);
    let (first, rest) = text.split_at(end);
    let code = code_in(rest).filter(|code| !first.contains(code));
    match code {
        Some(code) => format!("{} ({code}).", first.trim_end_matches('.')),
        None => first.to_owned(),
    }
}

/// The first `AADSTS` number in a text.
fn code_in(text: &str) -> Option<&str> {
    let from = &text[text.find("AADSTS")?..];
    let digits = from.bytes().skip(6).take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| from.get(..6 + digits)).flatten()
}

/// Whether a service refused a request.
pub(crate) fn is_refusal(line: &JournalLine) -> bool {
    matches!(
        (outcome(line), line.kind.as_str()),
        (Some("refused"), _)
            | (None, "connection.broken" | "token.refused" | "runtime.refused" | "fault.hit")
    )
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
        assert_eq!(changed.words(), "owner@contoso.example changed the password.");
        assert_eq!(outcome(&changed), None);
        assert_eq!(outcome(&example::<TokenIssued>()), Some("accepted"));
        assert!(example::<ConnectionBroken>().words().starts_with("The connection is broken: "));
    }

    #[test]
    fn a_brief_text_keeps_the_code() {
        for (text, short) in [
            ("Done.", "Done."),
            (
                "A request was refused (AADSTS50173). Refused: AADSTS50173.",
                "A request was refused (AADSTS50173).",
            ),
            (
                "The connection is broken. AADSTS50173: The grant. More.",
                "The connection is broken (AADSTS50173).",
            ),
            ("One. Two. AADSTS is no number.", "One."),
        ] {
            assert_eq!(brief(text), short);
        }
    }

    #[test]
    fn an_unknown_event_is_named_by_its_kind_and_subject() {
        assert_eq!(line("order.read", json!({"x": 1})).words(), "Order read (user:7).");
    }
}
