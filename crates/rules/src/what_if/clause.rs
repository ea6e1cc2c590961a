//! What a changed fact is in words.

use super::Alteration;
use crate::{ClientClass, Event};

impl Alteration {
    /// The change as a clause after "had": "this been a confidential client".
    #[must_use]
    pub fn clause(&self) -> String {
        match self {
            Self::ClientClass(ClientClass::Confidential) => {
                "this been a confidential client, one that proves who it is when it asks for tokens"
                    .to_owned()
            }
            Self::ClientClass(ClientClass::Public) => "this been a public client".to_owned(),
            Self::PasswordBased(false) => {
                "the user signed in without a password, with a passkey for example".to_owned()
            }
            Self::PasswordBased(true) => "the user signed in with a password".to_owned(),
            Self::Channel { instead, .. } => format!("the reset come through {}", portal(*instead)),
            Self::Without(event) => not_happened(*event).to_owned(),
            Self::NotSignedOut => "the browser session not been signed out".to_owned(),
            Self::Edition(edition) => {
                format!(
                    "edition {edition} of the table been in force ({}, {})",
                    edition.document(),
                    edition.dated()
                )
            }
            Self::AsPublished => "the rules been left as they are published".to_owned(),
            Self::Enabled => "the account been enabled".to_owned(),
            Self::NotDeleted => "the user not been deleted".to_owned(),
            Self::Known => "the directory known the user".to_owned(),
            Self::ByItsClient => "the client presented it that it was issued to".to_owned(),
            Self::Origin(true) => "the request come from a page of the application's in a browser".to_owned(),
            Self::Origin(false) => "the request not come from a page in a browser".to_owned(),
            Self::Spa(true) => "the redirect URI been of type spa".to_owned(),
            Self::Spa(false) => "the redirect URI not been of type spa".to_owned(),
            Self::ProofKeyProven => "the code_verifier matched the challenge".to_owned(),
            Self::SecondFactorDone => "the user signed in with a second factor".to_owned(),
            Self::SecondFactorNotRequired => "no second factor been required".to_owned(),
            Self::Renewed => "it been used in time, which would have renewed it".to_owned(),
            Self::Persistent => "the user chosen to stay signed in".to_owned(),
            Self::Sooner => "it been presented before its time was over".to_owned(),
            Self::Later => "it been presented once its time had begun".to_owned(),
            Self::NotEvaluated => "the client not declared the capability cp1".to_owned(),
            Self::NotRedeemed => "the code not been redeemed before".to_owned(),
            Self::Approved => "the user approved the device".to_owned(),
            Self::NotDisabledMeanwhile => "the account not been disabled in between".to_owned(),
            Self::NotDeletedMeanwhile => "the user not been deleted in between".to_owned(),
            Self::SecondFactorNotNewlyRequired => {
                "a second factor not been required of the user in between".to_owned()
            }
            Self::NotUsedBefore => "no token of its family been used twice".to_owned(),
            Self::NotBlocked => "no policy blocked it".to_owned(),
            Self::SignInFrequencyNotAsked => "no policy asked to sign in more often".to_owned(),
            Self::SignedInJustNow => "the user just signed in again".to_owned(),
            Self::PasswordNotDue => "the password not been due for a change".to_owned(),
        }
    }
}

const fn portal(event: Event) -> &'static str {
    match event {
        Event::AdminResetEntraAdminCenter => "the Entra admin center",
        Event::AdminResetM365AdminCenter => "the Microsoft 365 admin center",
        _ => "the Azure portal",
    }
}

const fn not_happened(event: Event) -> &'static str {
    match event {
        Event::PasswordExpires => "the password not expired",
        Event::PasswordChangedByUser => "the user not changed the password",
        Event::Sspr => "the user not reset the forgotten password",
        Event::AdminReset
        | Event::AdminResetAzurePortal
        | Event::AdminResetEntraAdminCenter
        | Event::AdminResetM365AdminCenter => "no administrator reset the password",
        Event::UserRevokes => "the user not revoked their own sessions",
        Event::AdminRevokes => "no administrator revoked the user's sessions",
        Event::SingleSignOut => "the browser session not been signed out",
    }
}
