//! All kinds of journal events.

mod actor;
mod example;

use outlive_rules::Verdict;
use serde::Deserialize as _;
use serde_json::Value;

use crate::{EventDescription, EventPayload};

pub use actor::Actor;
pub use flow::RunAction;
pub use received_security_event::Happened;
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

const IDP: &[&str] = &["idp"];
const HUB: &[&str] = &["hub"];
const RESOURCE: &[&str] = &["resource"];
const FLOW: &[&str] = &["flow"];
const WITH_CLIENT: &[&str] = &["hub", "flow"];
const ALL: &[&str] = &["idp", "hub", "resource", "flow"];

/// Lists the services, their modules and their events: the one place where a new event is added to.
macro_rules! journal_events {
    ($($services:ident: $module:ident { $($name:ident),+ $(,)? })+) => {
        $(mod $module;)+
        $(pub use $module::{$($name),+};)+

        /// Every event that a service can record.
        #[derive(Clone, Debug, PartialEq)]
        pub enum JournalEvent {
            $($(#[doc = concat!("`", stringify!($name), "`.")] $name(Box<$name>),)+)+
        }

        impl JournalEvent {
            /// Every kind, with the services that record it.
            pub const KINDS: &[(&str, &[&str])] = &[$($(($name::KIND, $services)),+),+];

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
                vec![$($(EventDescription::of::<$name>(stringify!($name), $services)),+),+]
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
    IDP: sign_in { SignInSucceeded, SignInRefused, SignOut, SessionRefused, CodeIssued, IdTokenIssued }
    IDP: device_code { DeviceCodeIssued, DeviceCodeApproved, DeviceCodeDeclined }
    IDP: token { TokenIssued, TokenRefused, TokenForged }
    IDP: password {
        PasswordChanged, PasswordReset, PasswordExpired, SessionsRevoked, PasswordChangeRefused,
        PasswordResetRequested, PasswordResetRefused,
    }
    IDP: sign_in_method { PasskeyRegistered, PasskeyRemoved, PasskeyRefused, AuthenticatorRegistered }
    IDP: user {
        UserCreated, UserUpdated, UserDisabled, UserEnabled, UserDeleted, UserRestored, UserRemoved,
        DirectoryRoleMemberAdded, DirectoryRoleMemberRemoved,
    }
    IDP: group { GroupCreated, GroupUpdated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved }
    IDP: application {
        ApplicationCreated, ApplicationUpdated, ApplicationDeleted, ApplicationDisabled,
        ApplicationEnabled, ApplicationAssignmentChanged, SecretAdded, SecretRemoved, SecretRotated,
        SecretExpired, CertificateAdded, CertificateRemoved, FederatedCredentialAdded,
        FederatedCredentialUpdated, FederatedCredentialRemoved, ManagedIdentityCreated,
        ManagedIdentityDeleted,
    }
    IDP: permission {
        ConsentGranted, ConsentChanged, ConsentWithdrawn, AppRoleAssigned, AppRoleUnassigned,
    }
    IDP: policy {
        PolicyCreated, PolicyChanged, PolicyDeleted, LocationCreated, LocationChanged,
        LocationDeleted, TokenLifetimeCreated, TokenLifetimeChanged, TokenLifetimeDeleted,
        TokenLifetimeAssigned, TokenLifetimeUnassigned, MfaRequired, MfaNotRequired,
        ConditionalAccessReported,
    }
    IDP: outage { OutageBegan }
    IDP: signing_key { SigningKeyRotated, SigningKeyRotationsMissed, SigningKeyScheduled }
    IDP: security_event {
        SecurityEventDelivered, SecurityEventRefused, SecurityEventAbandoned,
        SecurityEventPostponed,
    }
    RESOURCE: received_security_event { SecurityEventReceived, SecurityEventRejected }
    HUB: connection {
        ConnectorCreated, ConnectorChanged, ConnectorDeleted, ConnectionCreated, ConnectionChanged, ConnectionDeleted,
        ConnectionKeyIssued, ConnectionConnected, ConnectionRefreshed, ConnectionRefreshPostponed,
        ConnectionBroken, ConnectionChallenged, ConnectionTokenExchanged, ConnectionExchangeRefused,
        ConnectionExchangePostponed,
    }
    HUB: connection_consent {
        ConsentLinkIssued, ConsentStarted, ConsentRedeemed, ConsentFailed, ConsentConfirmationRefused,
    }
    HUB: access { AccessGranted, AccessWithdrawn }
    HUB: runtime { RuntimeForwarded, RuntimeRefused }
    RESOURCE: request { RequestAccepted, RequestRefused }
    FLOW: flow {
        FlowCreated, FlowChanged, FlowStarted, FlowStopped, FlowDeleted, FlowSuspended,
        FlowShared, FlowUnshared, FlowExpiryAnnounced,
        FlowAccessKeyRegenerated, FlowOccurrencesMissed, FlowSubscribed, FlowUnsubscribed, FlowSubscriptionFailed,
        RunFinished, RunWaiting,
    }
    WITH_CLIENT: service_client { ServiceClientReplaced }
    ALL: tenant { TenantCreated }
    ALL: fault { FaultAdded, FaultRemoved, FaultHit }
}

/// Before events had types, APIs recorded rejected security event tokens under the kind of the
/// issuer.
fn current_kind<'a>(kind: &'a str, payload: &Value) -> &'a str {
    if kind == SecurityEventRefused::KIND && payload.get("err").is_some() {
        return SecurityEventRejected::KIND;
    }
    kind
}

impl JournalEvent {
    /// The kinds that `wanted` stands for: the one of this name, or all that begin with it if it
    /// ends in a dot. Only those that `service` records, if one is given.
    pub fn kinds_of<'a>(
        wanted: &'a str,
        service: Option<&'a str>,
    ) -> impl Iterator<Item = &'static str> + 'a {
        let fits = move |kind: &str| {
            if wanted.ends_with('.') { kind.starts_with(wanted) } else { kind == wanted }
        };
        let records = move |services: &[&str]| service.is_none_or(|service| services.contains(&service));
        let kinds = Self::KINDS.iter().filter(move |(kind, services)| fits(kind) && records(services));
        kinds.map(|(kind, _)| *kind)
    }

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
