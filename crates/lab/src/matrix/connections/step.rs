//! The steps of repairs.

use super::columns::{Client, Kind};

/// A step of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The owner signs in to the connection again, as before.
    SignIn,
    /// The owner signs in to the connection again, with a passkey.
    SignInWithMfa,
    /// The caller signs in again, so that the next run has a new token.
    SignInToPortal,
    /// The same with a passkey.
    SignInToPortalWithMfa,
    /// An admin consents for the organization.
    GrantConsent,
    /// The owner enters the present password into the connection.
    EnterPassword,
    /// The owner replaces the expired password.
    ChangePassword,
    /// An admin enables the user.
    EnableUser,
    /// An admin makes a colleague a co-owner of the flow.
    AddCoOwner,
    /// The co-owner signs in to the connection.
    TakeOver,
    /// The co-owner saves the flow with a connection of their own in place of the present one.
    UseOwnConnection,
    /// An admin adds a secret to the application.
    AddSecret,
    /// The application's secret is put where the old one is.
    ReplaceSecret,
    /// The connector's maker saves it, and registers the new certificate.
    RenewCertificate,
    /// An admin enables the application.
    EnableApplication,
    /// An admin registers the redirect URI.
    RegisterRedirectUri,
    /// An admin deletes the policy.
    DeletePolicy,
    /// The flow is turned off and on.
    RestoreAccess,
    /// Nothing: the password grant cannot satisfy MFA.
    NoMfaForPasswords,
}

impl Step {
    /// Whether the step is part of the repair of a column.
    pub(super) const fn concerns(self, kind: Kind) -> bool {
        match self {
            Self::SignIn | Self::SignInWithMfa | Self::TakeOver | Self::RegisterRedirectUri => {
                matches!(kind, Kind::Delegated(_))
            }
            Self::SignInToPortal | Self::SignInToPortalWithMfa | Self::GrantConsent => {
                matches!(kind, Kind::OnBehalfOf)
            }
            Self::EnterPassword | Self::ChangePassword | Self::NoMfaForPasswords => {
                matches!(kind, Kind::Password)
            }
            Self::UseOwnConnection => matches!(kind, Kind::Password | Kind::OnBehalfOf),
            Self::AddSecret | Self::ReplaceSecret => match kind {
                Kind::Delegated(client) => client.has_secret(),
                Kind::OnBehalfOf | Kind::ServicePrincipal | Kind::Http => true,
                Kind::ManagedIdentity | Kind::Password | Kind::ApiKey => false,
            },
            Self::RenewCertificate => matches!(kind, Kind::Delegated(Client::Certificate)),
            Self::EnableApplication => !matches!(kind, Kind::ManagedIdentity | Kind::Password | Kind::ApiKey),
            Self::EnableUser | Self::DeletePolicy => true,
            Self::AddCoOwner => matches!(kind, Kind::Delegated(_) | Kind::OnBehalfOf | Kind::Password),
            Self::RestoreAccess => !matches!(kind, Kind::OnBehalfOf | Kind::Http | Kind::ManagedIdentity),
        }
    }

    /// Whether a user signs in to the connection in it.
    pub(super) const fn signs_in(self) -> bool {
        matches!(self, Self::SignIn | Self::SignInWithMfa | Self::TakeOver)
    }

    /// Whether it changes something that the columns share, so that it is taken once.
    pub(super) const fn is_shared(self) -> bool {
        matches!(self, Self::ChangePassword | Self::EnableUser | Self::DeletePolicy)
    }

    /// Returns the step as an instruction.
    pub(super) const fn text(self, kind: Kind) -> &'static str {
        match self {
            Self::SignIn => "The owner signs in to the connection again.",
            Self::SignInWithMfa => "The owner signs in to the connection again, with a passkey.",
            Self::SignInToPortal => "The caller signs in again; the next run has a new token.",
            Self::SignInToPortalWithMfa => {
                "The caller signs in again, with a passkey; the next run has a new token."
            }
            Self::GrantConsent => "An admin consents again for the organization; no user signs in.",
            Self::EnterPassword => "The owner enters the new password into the connection.",
            Self::ChangePassword => "The owner replaces the expired password on the page for it.",
            Self::EnableUser => "An admin enables the user; the tokens work again.",
            Self::AddCoOwner => "An admin makes a colleague a co-owner of the flow.",
            Self::TakeOver => "The co-owner signs in to the connection of the flow.",
            Self::UseOwnConnection if matches!(kind, Kind::OnBehalfOf) => {
                "The co-owner runs the flow with a connection and a token of their own."
            }
            Self::UseOwnConnection => {
                "The co-owner replaces the connection of the flow with one that has their own password."
            }
            Self::AddSecret => "An admin adds a client secret to the application.",
            Self::ReplaceSecret => match kind {
                Kind::Http => "The owner puts the new secret into the flow.",
                Kind::ServicePrincipal => "The owner puts the new secret into the connection.",
                _ => "The maker puts the new secret on the connector; no user signs in.",
            },
            Self::RenewCertificate => {
                "The maker saves the connector, and registers its new certificate on the application."
            }
            Self::EnableApplication => "An admin enables the application.",
            Self::RegisterRedirectUri => "An admin registers the redirect URI again.",
            Self::DeletePolicy => "An admin deletes the policy.",
            Self::RestoreAccess => "The owner turns the flow off and on, which grants it access again.",
            Self::NoMfaForPasswords => {
                "Nothing repairs it: a stored password cannot satisfy MFA. Use a connector with a sign-in."
            }
        }
    }

    /// Whether there is something to do.
    pub(super) const fn is_possible(self) -> bool {
        !matches!(self, Self::NoMfaForPasswords)
    }
}
