//! `mailNickname` of users and groups.

use super::error::{GraphError, Result};

/// "user resource type" and "group resource type": characters of a mail nickname.
const CHARS_MAX: usize = 64;

/// Returns a mail nickname if all characters are allowed: ASCII without blanks and `@ () \\ [] " ;
/// : <> ,`.
pub(super) fn mail_nickname(resource: &str, text: String) -> Result<String> {
    let is_allowed = |c: char| c.is_ascii_graphic() && !"@()\\[]\";:<>,".contains(c);
    if (1..=CHARS_MAX).contains(&text.len()) && text.chars().all(is_allowed) {
        Ok(text)
    } else {
        Err(GraphError::invalid(resource, "mailNickname"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_characters_are_allowed() {
        let longest = "x".repeat(CHARS_MAX);
        for text in ["a", "sales-team_2", "o'neill.x+y", &longest] {
            assert_eq!(mail_nickname("User", text.to_owned()).ok().as_deref(), Some(text));
        }
        for text in
            ["", "a b", "a@b", "a(b", "[a]", "a\\b", "a\"", "a;b", "a:b", "<a>", "a,b", "größe", "a\n"]
        {
            assert!(mail_nickname("User", text.to_owned()).is_err(), "{text}");
        }
        assert!(mail_nickname("User", longest + "x").is_err());
    }
}
