//! Why a new password is not accepted, in words for its owner.

/// Which rule a new password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short or too long.
    #[error("The new password has to be 8 to 256 characters long.")]
    Length,
    /// Too few kinds of characters.
    #[error("The new password has to mix three of: lower-case letters, upper-case letters, digits, symbols.")]
    Classes,
    /// Characters that no password may hold.
    #[error(
        "The new password may hold letters A to Z, digits, blanks and the symbols of a US keyboard, nothing else."
    )]
    Characters,
    /// The owner's name is in it, as it is or in disguise.
    #[error("The new password may not hold your name or user name, also not with digits for letters.")]
    HoldsOwnName,
    /// The tenant's name is in it.
    #[error("The new password may not hold the name of your organization, also not with digits for letters.")]
    HoldsTenantName,
    /// Little is left of it without the terms that everybody uses.
    #[error(
        "The new password is too easy to guess: it is made of words that many people use, or that your organization has banned."
    )]
    TooCommon,
}
