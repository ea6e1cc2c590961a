//! The requirements for new passwords ("Password policies and account restrictions in Microsoft
//! Entra ID", "Eliminate bad passwords using Microsoft Entra Password Protection").

mod banned;
mod weakness;

pub use banned::{BANNED_TERMS_MAX, BannedTerms, NotATerm};
pub use weakness::WeakPassword;

/// The permitted length, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// The minimum score of a password.
const POINTS_MIN: usize = 5;

/// The user whose password is set.
#[derive(Clone, Copy, Debug)]
pub struct PasswordOwner<'a> {
    /// The sign-in name; its part before the `@` counts as a name.
    pub upn: &'a str,
    /// The display name.
    pub display_name: &'a str,
    /// The display name of the tenant.
    pub tenant_name: &'a str,
}

/// Checks whether `password` is acceptable for `owner`.
///
/// Whether it differs from the previous one is not checked here: that takes the previous hash.
///
/// # Errors
/// [`WeakPassword`] names the violated rule.
pub fn check(password: &str, owner: &PasswordOwner<'_>, banned: &BannedTerms) -> Result<(), WeakPassword> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(WeakPassword::Length);
    }
    if !password.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(WeakPassword::Characters);
    }
    let classes = [
        password.bytes().any(|b| b.is_ascii_lowercase()),
        password.bytes().any(|b| b.is_ascii_uppercase()),
        password.bytes().any(|b| b.is_ascii_digit()),
        password.bytes().any(|b| !b.is_ascii_alphanumeric()),
    ];
    if classes.iter().filter(|present| **present).count() < 3 {
        return Err(WeakPassword::Classes);
    }
    let normalized = banned::normalized(password);
    let user_name = owner.upn.split('@').next().unwrap_or_default();
    if banned::names(user_name)
        .chain(banned::names(owner.display_name))
        .any(|name| normalized.contains(&name))
    {
        return Err(WeakPassword::HoldsOwnName);
    }
    if banned::names(owner.tenant_name).any(|name| normalized.contains(&name)) {
        return Err(WeakPassword::HoldsTenantName);
    }
    if banned.is_near(&normalized) || banned.points(&normalized) < POINTS_MIN {
        return Err(WeakPassword::TooCommon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: PasswordOwner<'_> =
        PasswordOwner { upn: "owner@contoso.example", display_name: "Flow Owner", tenant_name: "Fabrikam" };

    fn check_password(password: &str, custom: &[&str]) -> Result<(), WeakPassword> {
        let banned = BannedTerms::with(custom.iter().copied()).expect("terms");
        check(password, &OWNER, &banned)
    }

    #[test]
    fn length_alphabet_and_classes_are_checked() {
        for (password, verdict) in [
            ("Str0ng enough", Ok(())),
            ("Sh0rt!", Err(WeakPassword::Length)),
            ("alllowercase1", Err(WeakPassword::Classes)),
            ("P\u{e4}ssw0rd!!", Err(WeakPassword::Characters)),
            ("tab\tTab12345", Err(WeakPassword::Characters)),
        ] {
            assert_eq!(check_password(password, &[]), verdict, "{password}");
        }
        assert_eq!(check_password(&"Aq1!".repeat(65), &[]), Err(WeakPassword::Length));
        assert_eq!(check_password(&"Aq1!".repeat(64), &[]), Ok(()));
    }

    #[test]
    fn the_documented_examples_score_four_and_five() {
        let custom = ["contoso", "blank"];
        assert_eq!(check_password("C0ntos0Blank12", &custom), Err(WeakPassword::TooCommon));
        assert_eq!(check_password("ContoS0Bl@nkf9!", &custom), Ok(()));
        assert_eq!(check_password("C0ntos0Blank12", &[]), Ok(()), "they are banned by the tenant only");
    }

    #[test]
    fn names_are_found_after_normalization() {
        assert_eq!(check_password("0wner-2026!", &[]), Err(WeakPassword::HoldsOwnName));
        assert_eq!(
            check_password("xF10w-2026!", &[]),
            Err(WeakPassword::HoldsOwnName),
            "of the display name"
        );
        assert_eq!(check_password("My F@brik@m 7", &[]), Err(WeakPassword::HoldsTenantName));
        let short = PasswordOwner { upn: "abc@x.y", display_name: "Abc", tenant_name: "X" };
        assert_eq!(
            check("abc-ABC-123", &short, &BannedTerms::default()),
            Ok(()),
            "names of four letters and more"
        );
    }

    #[test]
    fn common_passwords_are_rejected() {
        for password in ["Password1!", "P@ssw0rd", "P@$$word12", "Welcome12!", "Qwerty12!", "Passw0rds!"] {
            assert_eq!(check_password(password, &[]), Err(WeakPassword::TooCommon), "{password}");
        }
        assert_eq!(
            check_password("Conto5olong", &["contosolong"]),
            Err(WeakPassword::TooCommon),
            "by one letter"
        );
        assert_eq!(check_password("Conto55long", &["contosolong"]), Ok(()));
    }
}
