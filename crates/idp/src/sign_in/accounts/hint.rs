//! The `login_hint` parameter: a user name, or the opaque value of the optional claim `login_hint`
//! ("Optional claims reference").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Returns the user name that a hint identifies.
pub(crate) fn user_name_of_hint(hint: &str) -> String {
    opaque(hint).unwrap_or_else(|| hint.to_owned())
}

/// Returns whether `hint` is this user's `login_hint` claim.
pub(crate) fn is_login_hint_claim(hint: &str, upn: &str) -> bool {
    opaque(hint).is_some_and(|name| name.to_lowercase() == upn.to_lowercase())
}

fn opaque(hint: &str) -> Option<String> {
    let name = String::from_utf8(STANDARD.decode(hint).ok()?).ok()?;
    (name.contains('@') && !name.contains(char::is_control)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_a_name_or_the_claim() {
        let claim = STANDARD.encode("owner@contoso.example");
        for (hint, name) in [
            (&*claim, "owner@contoso.example"),
            ("owner@contoso.example", "owner@contoso.example"),
            ("b3duZXI=", "b3duZXI="),
            ("\"><script>", "\"><script>"),
        ] {
            assert_eq!(user_name_of_hint(hint), name);
        }
        assert!(is_login_hint_claim(&claim, "Owner@contoso.example"));
        assert!(!is_login_hint_claim(&claim, "other@contoso.example"));
        assert!(!is_login_hint_claim("owner@contoso.example", "owner@contoso.example"));
    }
}
