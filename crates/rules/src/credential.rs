//! The columns of the revocation table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// A browser session that was established with a password.
    PasswordCookie,
    /// A public client's refresh token from a sign-in with a password.
    PasswordToken,
    /// A browser session that was established without typing a password.
    NonPasswordCookie,
    /// A public client's refresh token from a sign-in without a password.
    NonPasswordToken,
    /// A confidential client's refresh token, however the user signed in.
    ConfidentialToken,
}

/// The class of a client at the token request that minted the grant. It never changes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientClass {
    /// The client presented no credential of its own.
    Public,
    /// The client authenticated: with a secret, a certificate or a federated credential.
    Confidential,
}

impl ClientClass {
    /// The class of a new grant: confidential if and only if the client authenticated.
    #[must_use]
    pub const fn of_request(client_authenticated: bool) -> Self {
        if client_authenticated { Self::Confidential } else { Self::Public }
    }

    /// `public` or `confidential`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }
}

/// Whether a sign-in with these methods (the `amr` claim) included a password, with or without MFA.
#[must_use]
pub fn password_based<S: AsRef<str>>(amr: &[S]) -> bool {
    amr.iter().any(|method| method.as_ref() == "pwd")
}

/// The text is not a column of the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a column of the revocation table; the columns are password_cookie, password_token, \
     non_password_cookie, non_password_token, confidential_token"
)]
pub struct UnknownCredential {
    text: String,
}

impl Credential {
    /// Every column, from left to right.
    pub const ALL: [Self; 5] = [
        Self::PasswordCookie,
        Self::PasswordToken,
        Self::NonPasswordCookie,
        Self::NonPasswordToken,
        Self::ConfidentialToken,
    ];

    /// The column of a browser session.
    #[must_use]
    pub const fn cookie(password_based: bool) -> Self {
        if password_based { Self::PasswordCookie } else { Self::NonPasswordCookie }
    }

    /// The column of a refresh token: the sign-in method matters only for public clients.
    #[must_use]
    pub const fn token(class: ClientClass, password_based: bool) -> Self {
        match (class, password_based) {
            (ClientClass::Confidential, _) => Self::ConfidentialToken,
            (ClientClass::Public, true) => Self::PasswordToken,
            (ClientClass::Public, false) => Self::NonPasswordToken,
        }
    }

    /// The column's name in matrices, scenario files and rulesets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordCookie => "password_cookie",
            Self::PasswordToken => "password_token",
            Self::NonPasswordCookie => "non_password_cookie",
            Self::NonPasswordToken => "non_password_token",
            Self::ConfidentialToken => "confidential_token",
        }
    }

    /// The column's title on the page.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::PasswordCookie => "Password-based cookie",
            Self::PasswordToken => "Password-based token",
            Self::NonPasswordCookie => "Non-password-based cookie",
            Self::NonPasswordToken => "Non-password-based token",
            Self::ConfidentialToken => "Confidential client token",
        }
    }

    /// The credentials of the column, as a plural noun.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::PasswordCookie => "browser sessions established with a password",
            Self::PasswordToken => "tokens that public clients got with a password",
            Self::NonPasswordCookie => "browser sessions established without a password",
            Self::NonPasswordToken => "tokens that public clients got without a password",
            Self::ConfidentialToken => "tokens of confidential clients",
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Credential {
    type Err = UnknownCredential;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|credential| credential.name() == text)
            .ok_or_else(|| UnknownCredential { text: text.chars().take(60).collect() })
    }
}
