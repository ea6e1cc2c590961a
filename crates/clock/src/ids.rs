//! Typed ids.

/// Declares a typed UUID. Printed in lowercase with hyphens; parsed from any UUID form.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::__uuid::Uuid);

        impl $name {
            /// Wraps a UUID.
            #[must_use]
            pub const fn from_uuid(uuid: $crate::__uuid::Uuid) -> Self {
                Self(uuid)
            }
            /// Generates an id from `stream`.
            #[must_use]
            pub fn generate(stream: &mut $crate::Stream) -> Self {
                Self(stream.uuid())
            }
            /// Returns the UUID.
            #[must_use]
            pub const fn uuid(self) -> $crate::__uuid::Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::__uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

typed_id! {
    /// A tenant (a directory). The lab also uses it as the id of the tenant's one Azure
    /// subscription.
    TenantId
}
typed_id! {
    /// A user object in a directory (the `oid` claim of their tokens).
    UserId
}
typed_id! {
    /// An application's client id (`appid` / `azp`).
    ClientId
}
typed_id! {
    /// The object id of an application's service principal in a tenant (the `oid` of app-only
    /// tokens).
    ServicePrincipalId
}
typed_id! {
    /// A browser session at the identity provider (the `sid` claim).
    SessionId
}
typed_id! {
    /// A flow, which is also the workflow's own identity at the hub (`logicflows/<id>`).
    FlowId
}
typed_id! {
    /// A connection stored in the hub.
    ConnectionId
}
