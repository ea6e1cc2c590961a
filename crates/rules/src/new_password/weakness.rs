//! Why a new password is rejected, with messages for the user.

/// The rule that a new password violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short or too long.
    #[error("The new password has to be 8 to 256 characters long.")]
    Length,
    /// Too few character classes.
    #[error("The new password has to mix three of: lower-case letters, upper-case letters, digits, symbols.")]
    Classes,
    /// Unsupported characters.
    #[error(
        "The new password may hold letters A to Z, digits, blanks and the symbols of a US keyboard, nothing else."
    )]
    Characters,
    /// It contains the user's name, possibly with substituted characters.
    #[error("The new password may not hold your name or user name, also not with digits for letters.")]
    HoldsOwnName,
    /// It contains the tenant's name.
    #[error("The new password may not hold the name of your organization, also not with digits for letters.")]
    HoldsTenantName,
    /// Its score is too low without its banned terms.
    #[error(
        "The new password is too easy to guess: it is made of words that many people use, or that your organization has banned."
    )]
    TooCommon,
}
