//! How texts are compared, and how they are shown without their secrets.

use crate::replay::exchange::aadsts_of;
use crate::replay::kind::Kind;
use crate::replay::vocabulary::{is_public, is_word};

/// Members whose values are the same in each exchange of the same kind.
const EXACT: &[&str] = &[
    "token_type",
    "error",
    "suberror",
    "ver",
    "typ",
    "alg",
    "amr",
    "acr",
    "appidacr",
    "azpacr",
    "idtyp",
    "roles",
    "interval",
    "verification_uri",
    "verification_url",
    "kty",
    "use",
    "xms_cc",
    "account_type",
];
/// Members that are durations.
const LIFETIMES: &[&str] = &["expires_in", "ext_expires_in", "refresh_in", "refresh_token_expires_in"];
/// Members whose length depends on names, a language, or what only the issuer reads.
const FREE: &[&str] = &[
    "name",
    "app_displayname",
    "given_name",
    "family_name",
    "displayName",
    "givenName",
    "surname",
    "message",
    "kid",
    "x5t",
    "aio",
    "rh",
    "uti",
    "sub",
];
/// Texts of at most this length are short.
const SHORT: usize = 16;
/// Texts of at most this length are of medium length.
const MEDIUM: usize = 64;

pub(super) fn is_exact(name: &str) -> bool {
    EXACT.contains(&name)
}

pub(super) fn is_lifetime(name: &str) -> bool {
    LIFETIMES.contains(&name)
}

/// Whether a member contains the name of an application.
pub(super) fn names_party(name: &str) -> bool {
    ["aud", "appid", "azp"].contains(&name)
}

pub(super) fn has_free_length(name: &str) -> bool {
    FREE.contains(&name)
}

/// Whether two texts are the same but for a slash at the end and the case of a URL.
pub(super) fn exactly(recorded: &str, outlive: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    recorded == outlive || (recorded.contains(['/', '{']) && plain(recorded) == plain(outlive))
}

/// Returns the class of a duration: lifetimes of access tokens are drawn at random.
pub(super) fn lifetime(seconds: &str) -> String {
    match seconds.parse::<i64>() {
        // In tokens, counted from five minutes before they were issued.
        Ok(3_540..=5_760) => "60 to 90 minutes".to_owned(),
        Ok(71_940..=101_160) => "20 to 28 hours".to_owned(),
        Ok(1_770..=2_730) => "30 to 45 minutes".to_owned(),
        // The request itself takes some seconds.
        Ok(seconds) => format!("{} s", (seconds + 5) / 10 * 10),
        Err(_) => Kind::of(seconds).text().to_owned(),
    }
}

/// Returns what differs between two error texts: the number of the error, or only the text.
pub(super) fn error_text(recorded: &str, outlive: &str) -> Option<(String, String)> {
    let number =
        |text: &str| aadsts_of(text).map_or_else(|| "no AADSTS number".to_owned(), |n| format!("AADSTS{n}"));
    let (known, own) = (number(recorded), number(outlive));
    if known != own {
        return Some((known, own));
    }
    // A redacted file has no text.
    let is_same = recorded.contains("[text removed]") || plain(recorded) == plain(outlive);
    (!is_same).then(|| ("Microsoft's text".to_owned(), "Outlive's text".to_owned()))
}

/// Returns a text without what differs in each exchange: quoted values, ids, instants.
fn plain(text: &str) -> String {
    let text = text.split(['\r', '\n']).next().unwrap_or_default();
    let text = text.split(" Trace ID:").next().unwrap_or_default();
    let unquoted: String = text.split('\'').step_by(2).collect::<Vec<_>>().join("'");
    let words = unquoted.split_whitespace().map(|word| {
        let bare = word.trim_end_matches(['.', ',', ')', ';']).trim_start_matches('(');
        match Kind::of(bare) {
            Kind::Guid | Kind::Instant | Kind::Mail | Kind::Digits | Kind::Url => "…",
            _ => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the kind and the class of length of a text.
pub(super) fn shape(text: &str) -> String {
    let kind = Kind::of(text);
    if kind != Kind::Text {
        return kind.text().to_owned();
    }
    let length = match text.chars().count() {
        0..=SHORT => "short",
        length if length <= MEDIUM => "medium",
        _ => "long",
    };
    format!("a {length} text")
}

/// Returns a masked text if all its parts are public, and otherwise its kind.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return Kind::Empty.text().to_owned();
    }
    let is_number = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || is_public(text) || is_public_path(text) {
        return text.to_owned();
    }
    shape(text)
}

/// Whether a text consists of placeholders and public words with slashes between them.
pub(super) fn is_public_path(text: &str) -> bool {
    let text = text.strip_prefix("https://").unwrap_or(text);
    let is_part = |part: &str| part.is_empty() || is_word(part) || is_placeholder(part);
    text.len() <= 200 && text.split('/').all(is_part)
}

/// Whether a text is a placeholder, such as `{tenant}` or `{client 1}`.
pub(in crate::replay) fn is_placeholder(part: &str) -> bool {
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { return false };
    let (name, number) = name.split_once(' ').unwrap_or((name, "1"));
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && matches!(name, "tenant" | "client" | "user" | "api" | "issuer" | "graph" | "tenantid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_texts_are_shown() {
        for (text, expected) in [
            ("Bearer", "Bearer"),
            ("{issuer}/{tenant}/oauth2/v2.0/token", "{issuer}/{tenant}/oauth2/v2.0/token"),
            ("{api 1}/.default", "{api 1}/.default"),
            ("{hunter2}/oauth2", "a short text"),
            ("{user hunter}", "a short text"),
            ("{user 1}+hunter", "a short text"),
            ("{user 1}+{user 2}", "a medium text"),
            ("hunter2", "a short text"),
            ("bob@contoso.example", "a mail address"),
            ("{user 1}", "{user 1}"),
            ("https://app.contoso.example/callback", "a URL"),
            ("400", "400"),
            ("", "an empty text"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn error_texts_are_compared_by_number_and_by_the_words_that_stay() {
        let known = "AADSTS50173: The grant for 'bob' of 11111111-1111-4111-8111-111111111111 is revoked. Trace ID: 1";
        for (outlive, differs) in [
            (
                "AADSTS50173: The grant for 'x' of 21111111-1111-4111-8111-111111111111 is revoked. Trace ID: 2",
                None,
            ),
            ("AADSTS50173: Revoked.", Some("Outlive's text")),
            ("AADSTS700082: The grant for 'bob' is revoked.", Some("AADSTS700082")),
            ("no number", Some("no AADSTS number")),
        ] {
            let found = error_text(known, outlive).map(|(_, outlive)| outlive);
            assert_eq!(found.as_deref(), differs, "{outlive}");
        }
        assert_eq!(error_text("AADSTS50173: [text removed]", "AADSTS50173: Revoked."), None);
    }

    #[test]
    fn lifetimes_are_classes() {
        for (seconds, class) in [
            ("3599", "60 to 90 minutes"),
            ("5399", "60 to 90 minutes"),
            ("86399", "20 to 28 hours"),
            ("899", "900 s"),
        ] {
            assert_eq!(lifetime(seconds), class, "{seconds}");
        }
    }
}
