//! All kinds of journal events.

mod actor;
mod example;

use outlive_rules::Verdict;
use serde::Deserialize as _;
use serde_json::Value;

use crate::{EventDescription, EventPayload};

pub use actor::Actor;
pub use flow::RunAction;
pub use security_event::Happened;
pub use sign_in::IssuedCode;
pub use token::{IssuedAccessToken, IssuedRefreshToken, PresentedRefreshToken};

/// No event of this kind has this payload.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    /// There is no such kind.
    #[error("no journal event has the kind '{0}'")]
    Kind(String),
    /// The kind exists, but not with this payload.
    #[error("the payload of a '{kind}' event cannot be read: {source}")]
    Payload {
        /// The kind.
        kind: &'static str,
        /// What is wrong with the payload.
        source: serde_json::Error,
    },
}

/// Lists the modules and their events: the one place where a new event is added to.
macro_rules! journal_events {
    ($($module:ident { $($name:ident),+ $(,)? })+) => {
        $(mod $module;)+
        $(pub use $module::{$($name),+};)+

        /// Every event that a service can record.
        #[derive(Clone, Debug, PartialEq)]
        pub enum JournalEvent {
            $($(#[doc = concat!("`", stringify!($name), "`.")] $name(Box<$name>),)+)+
        }

        impl JournalEvent {
            /// Every kind, in the order of the documentation.
            pub const KINDS: &[&str] = &[$($($name::KIND),+),+];

            /// The kind (`"token.issued"`).
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$name(_) => $name::KIND,)+)+
                }
            }

            /// What happened, in one sentence.
            #[must_use]
            pub fn summary(&self) -> String {
                match self {
                    $($(Self::$name(event) => event.summary(),)+)+
                }
            }

            /// Whether it changes what a credential can do, or is a refusal.
            #[must_use]
            pub fn is_notable(&self) -> bool {
                match self {
                    $($(Self::$name(event) => event.is_notable(),)+)+
                }
            }

            /// The payload as JSON text.
            ///
            /// # Errors
            /// A payload that JSON cannot represent.
            pub fn payload(&self) -> Result<String, serde_json::Error> {
                match self {
                    $($(Self::$name(event) => serde_json::to_string(event),)+)+
                }
            }

            /// Reads an event of `kind` from its payload.
            ///
            /// # Errors
            /// There is no such kind, or it has another payload.
            pub fn read(kind: &str, payload: &Value) -> Result<Self, UnknownEvent> {
                match current_kind(kind, payload) {
                    $($($name::KIND => $name::deserialize(payload)
                        .map(|event| Self::$name(Box::new(event)))
                        .map_err(|source| UnknownEvent::Payload { kind: $name::KIND, source }),)+)+
                    _ => Err(UnknownEvent::Kind(kind.to_owned())),
                }
            }

            /// What is documented about every kind.
            #[must_use]
            pub fn descriptions() -> Vec<EventDescription> {
                vec![$($(EventDescription::of::<$name>()),+),+]
            }
        }

        $($(impl From<$name> for JournalEvent {
            fn from(event: $name) -> Self {
                Self::$name(Box::new(event))
            }
        })+)+
    };
}

journal_events! {
    sign_in { SignInSucceeded, SignInRefused, SignOut, SessionRefused, CodeIssued, IdTokenIssued }
    device_code { DeviceCodeIssued, DeviceCodeApproved, DeviceCodeDeclined }
    token { TokenIssued, TokenRefused }
    password {
        PasswordChanged, PasswordReset, PasswordExpired, SessionsRevoked, PasswordChangeRefused,
        PasswordResetRequested, PasswordResetRefused,
    }
    sign_in_method { PasskeyRegistered, PasskeyRemoved, PasskeyRefused, AuthenticatorRegistered }
    user {
        UserCreated, UserUpdated, UserDisabled, UserEnabled, UserDeleted, UserRestored, UserRemoved,
        DirectoryRoleMemberAdded, DirectoryRoleMemberRemoved,
    }
    group { GroupCreated, GroupUpdated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved }
    application {
        ApplicationCreated, ApplicationUpdated, ApplicationDeleted, ApplicationDisabled,
        ApplicationEnabled, ApplicationAssignmentChanged, SecretAdded, SecretRemoved, SecretRotated,
        SecretExpired, CertificateAdded, CertificateRemoved, FederatedCredentialAdded,
        FederatedCredentialUpdated, FederatedCredentialRemoved,
    }
    permission {
        ConsentGranted, ConsentChanged, ConsentWithdrawn, AppRoleAssigned, AppRoleUnassigned,
    }
    policy {
        PolicyCreated, PolicyChanged, PolicyDeleted, LocationCreated, LocationChanged,
        LocationDeleted, TokenLifetimeCreated, TokenLifetimeChanged, TokenLifetimeDeleted,
        TokenLifetimeAssigned, TokenLifetimeUnassigned, MfaRequired, MfaNotRequired,
        ConditionalAccessReported,
    }
    signing_key { SigningKeyRotated, SigningKeyRotationsMissed, SigningKeyScheduled }
    security_event {
        SecurityEventDelivered, SecurityEventRefused, SecurityEventAbandoned,
        SecurityEventPostponed, SecurityEventReceived, SecurityEventRejected,
    }
    connection {
        ConnectorCreated, ConnectorChanged, ConnectionCreated, ConnectionChanged, ConnectionDeleted,
        ConnectionKeyIssued, ConnectionConnected, ConnectionRefreshed, ConnectionRefreshPostponed,
        ConnectionBroken, ConnectionChallenged,
    }
    connection_consent {
        ConsentLinkIssued, ConsentStarted, ConsentRedeemed, ConsentFailed, ConsentConfirmationRefused,
    }
    access { AccessGranted, AccessWithdrawn }
    runtime { RuntimeForwarded, RuntimeRefused }
    request { RequestAccepted, RequestRefused }
    flow {
        FlowCreated, FlowChanged, FlowStarted, FlowStopped, FlowDeleted, FlowSuspended,
        FlowOccurrencesMissed, RunFinished, RunWaiting,
    }
    tenant { TenantCreated }
}

/// Before events had types, APIs recorded rejected security event tokens under the kind of the issuer.
fn current_kind<'a>(kind: &'a str, payload: &Value) -> &'a str {
    if kind == SecurityEventRefused::KIND && payload.get("err").is_some() {
        return SecurityEventRejected::KIND;
    }
    kind
}

impl JournalEvent {
    /// The verdict that it carries, if it does.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::TokenIssued(event) => event.verdict.as_ref(),
            Self::TokenRefused(event) => event.verdict.as_ref(),
            Self::SessionRefused(event) => Some(&event.verdict),
            _ => None,
        }
    }
}
