//! A journal line in words.

use serde_json::Value;

use crate::lab::Line;

/// The verdict that a line carries: its particulars are one, or have one.
fn verdict(data: &Value) -> Option<&Value> {
    [&data["verdict"], data]
        .into_iter()
        .find(|value| value["outcome"].is_string() && value["explanation"].is_string())
}

/// The line's verdict for a badge: `accepted` or `refused`.
pub(crate) fn outcome(line: &Line) -> Option<&str> {
    verdict(&line.data)?["outcome"].as_str().filter(|outcome| matches!(*outcome, "accepted" | "refused"))
}

/// The line as a sentence: the verdict's own explanation where it carries one, otherwise what happened to what.
pub(crate) fn sentence(line: &Line) -> String {
    let happened = format!("{} {}", subject(&line.subject), happening(&line.kind));
    let explained = verdict(&line.data).and_then(|verdict| verdict["explanation"].as_str());
    let particulars = explained.map(str::to_owned).or_else(|| particulars(&line.data));
    let sentence = match particulars {
        Some(particulars) => format!("{happened}. {particulars}"),
        None => format!("{happened}."),
    };
    let mut letters = sentence.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).take(1_500).collect()).unwrap_or_default()
}

/// `run:0858…` as "run 0858…".
fn subject(subject: &str) -> String {
    subject.split_once(':').map_or_else(|| subject.to_owned(), |(kind, id)| format!("{kind} {id}"))
}

/// `token.refused` as "token refused".
fn happening(kind: &str) -> String {
    kind.replace(['.', '_'], " ")
}

/// The particulars that are plain words or numbers, as far as they fit a line.
fn particulars(data: &Value) -> Option<String> {
    const SHOWN: usize = 6;
    let told: Vec<_> = data
        .as_object()?
        .iter()
        .filter_map(|(name, value)| match value {
            Value::String(text) if !text.is_empty() => {
                Some(format!("{}: {}", name.replace('_', " "), text.chars().take(240).collect::<String>()))
            }
            Value::Number(number) => Some(format!("{}: {number}", name.replace('_', " "))),
            Value::Bool(flag) => {
                Some(format!("{}: {}", name.replace('_', " "), if *flag { "yes" } else { "no" }))
            }
            _ => None,
        })
        .take(SHOWN)
        .collect();
    (!told.is_empty()).then(|| format!("{}.", told.join("; ")))
}

#[cfg(test)]
mod tests {
    use outlive_clock::Instant;
    use serde_json::json;

    use super::*;

    fn line(kind: &str, data: Value) -> Line {
        Line {
            service: "idp".to_owned(),
            at: Instant::EPOCH,
            kind: kind.to_owned(),
            subject: "user:7".to_owned(),
            data,
        }
    }

    #[test]
    fn a_verdict_speaks_for_itself() {
        let refused =
            json!({"verdict": {"outcome": "refused", "explanation": "Refused: the password was changed."}});
        let refused = line("token.used", refused);
        assert_eq!(sentence(&refused), "User 7 token used. Refused: the password was changed.");
        assert_eq!(outcome(&refused), Some("refused"));
        let accepted =
            line("token.used", json!({"outcome": "accepted", "explanation": "Accepted: nothing ended it."}));
        assert_eq!(outcome(&accepted), Some("accepted"));
    }

    #[test]
    fn other_lines_tell_their_plain_particulars() {
        let told = line(
            "password.changed",
            json!({"by": "user", "first_time": true, "count": 2, "nested": {"x": 1}}),
        );
        assert_eq!(sentence(&told), "User 7 password changed. by: user; count: 2; first time: yes.");
        assert_eq!(sentence(&line("order.read", Value::Null)), "User 7 order read.");
    }
}
