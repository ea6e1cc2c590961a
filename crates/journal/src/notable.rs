//! Which lines are more than routine: what people look for among thousands.

/// What in a kind's name marks a change, or a refusal. Lines of before this list was kept in the table
/// are marked by `migrations/0004_notable.sql`.
const NOTABLE: [&str; 19] = [
    "refused",
    "failed",
    "error",
    "changed",
    "reset",
    "revoke",
    "disabled",
    "enabled",
    "deleted",
    "consent",
    "created",
    "signed",
    "sign_in",
    "sign_out",
    "connected",
    "expired",
    "password",
    "rotated",
    "status",
];

/// A verdict that is a refusal, as it is written in an event's data.
const REFUSED: &str = r#""outcome":"refused""#;

/// Whether an event of `kind` with `data` (JSON) is more than routine.
pub(crate) fn is_notable(kind: &str, data: &str) -> bool {
    NOTABLE.iter().any(|word| kind.contains(word)) || data.contains(REFUSED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_and_refusals_are_notable() {
        let none = "{}";
        assert!(is_notable("password.changed", none) && is_notable("token.refused", none));
        assert!(!is_notable("token.issued", none) && !is_notable("run.finished", none));
        let verdict =
            |outcome: &str| json!({"verdict": {"outcome": outcome, "explanation": "x"}}).to_string();
        assert!(is_notable("token.used", &verdict("refused")));
        assert!(!is_notable("token.used", &verdict("accepted")));
    }

    #[test]
    fn older_lines_are_marked_by_the_same_words() {
        let migration = include_str!("../migrations/0004_notable.sql").replace('\\', "");
        for word in NOTABLE {
            assert!(migration.contains(&format!("'%{word}%'")), "{word}");
        }
        assert_eq!(migration.matches("kind LIKE").count(), NOTABLE.len());
        assert!(migration.contains(&format!("data LIKE '%{REFUSED}%'")));
    }
}
