//! The columns: kinds of sign-in. Each is one entry; what a kind does is in `subject` and `repair`.

/// A kind of sign-in.
#[derive(Debug)]
pub(super) struct Column {
    /// The name in JSON.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The title in a table of a page.
    pub(super) short: &'static str,
    /// The title in a table of a terminal.
    pub(super) label: &'static str,
    pub(super) group: Group,
    pub(super) kind: Kind,
}

impl Column {
    /// Whether its connector has a certificate, which expires.
    pub(super) fn takes_certificate(&self) -> bool {
        self.kind == Kind::Delegated(Client::Certificate)
    }
}

/// What the columns next to each other have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Confidential,
    Public,
    Application,
    Stored,
}

impl Group {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Confidential => "Delegated, confidential client",
            Self::Public => "Delegated, public client",
            Self::Application => "Application only",
            Self::Stored => "Stored secret",
        }
    }
}

/// What the flow of a column authenticates with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A connection with the tokens of a user's sign-in.
    Delegated(Client),
    /// A connection that exchanges the token of the caller, who starts the runs.
    OnBehalfOf,
    /// A connection with the application's own credentials.
    ServicePrincipal,
    /// An `Http` action with `ActiveDirectoryOAuth`; no connection.
    Http,
    /// An `Http` action with a managed identity of the tenant; no connection.
    ManagedIdentity,
    /// A connection with the owner's directory password.
    Password,
    /// A connection with a key of the API.
    ApiKey,
}

/// As what the connector is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// `aad` with a client secret.
    Secret,
    /// `aadcertificate`.
    Certificate,
    /// `oauth2` at the version 2 endpoints, with a client secret.
    Generic { offline_access: bool },
    /// `aad` without a secret. The owner signs in with a passkey, or else with a password.
    Public { passkey: bool },
    /// `aad` with the redirect URI of a single-page application.
    Spa,
}

impl Client {
    /// Whether the application has a client secret.
    pub(super) const fn has_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Generic { .. })
    }
}

/// All columns, in the order of the page.
pub(super) static COLUMNS: [Column; 13] = [
    Column {
        name: "confidential",
        title: "Entra OAuth with secret",
        short: "Entra OAuth, secret",
        label: "secret",
        group: Group::Confidential,
        kind: Kind::Delegated(Client::Secret),
    },
    Column {
        name: "certificate",
        title: "Entra OAuth with certificate",
        short: "Entra OAuth, certificate",
        label: "certificate",
        group: Group::Confidential,
        kind: Kind::Delegated(Client::Certificate),
    },
    Column {
        name: "on_behalf_of",
        title: "On-behalf-of, run by the caller",
        short: "On-behalf-of",
        label: "behalf",
        group: Group::Confidential,
        kind: Kind::OnBehalfOf,
    },
    Column {
        name: "generic",
        title: "Generic OAuth2 with offline_access",
        short: "Generic, offline access",
        label: "generic",
        group: Group::Confidential,
        kind: Kind::Delegated(Client::Generic { offline_access: true }),
    },
    Column {
        name: "generic_without_offline_access",
        title: "Generic OAuth2 without offline_access",
        short: "Generic, without it",
        label: "short",
        group: Group::Confidential,
        kind: Kind::Delegated(Client::Generic { offline_access: false }),
    },
    Column {
        name: "public",
        title: "public Entra OAuth",
        short: "Entra OAuth",
        label: "public",
        group: Group::Public,
        kind: Kind::Delegated(Client::Public { passkey: false }),
    },
    Column {
        name: "public_passkey",
        title: "public Entra OAuth, signed in with a passkey",
        short: "Passkey",
        label: "passkey",
        group: Group::Public,
        kind: Kind::Delegated(Client::Public { passkey: true }),
    },
    Column {
        name: "spa",
        title: "refresh token of a single-page application",
        short: "SPA token",
        label: "spa",
        group: Group::Public,
        kind: Kind::Delegated(Client::Spa),
    },
    Column {
        name: "service_principal",
        title: "Service principal",
        short: "Service principal",
        label: "principal",
        group: Group::Application,
        kind: Kind::ServicePrincipal,
    },
    Column {
        name: "http_entra",
        title: "HTTP with ActiveDirectoryOAuth",
        short: "HTTP, Entra ID",
        label: "http",
        group: Group::Application,
        kind: Kind::Http,
    },
    Column {
        name: "managed_identity",
        title: "HTTP with a managed identity",
        short: "Managed identity",
        label: "identity",
        group: Group::Application,
        kind: Kind::ManagedIdentity,
    },
    Column {
        name: "basic",
        title: "Basic",
        short: "Basic",
        label: "basic",
        group: Group::Stored,
        kind: Kind::Password,
    },
    Column {
        name: "api_key",
        title: "API key",
        short: "API key",
        label: "key",
        group: Group::Stored,
        kind: Kind::ApiKey,
    },
];
