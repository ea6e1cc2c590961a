//! The rows: what happens to a user, a connector, a policy or a service.

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    PasswordChangedByUser,
    Sspr,
    AdminResetAzurePortal,
    AdminResetEntraAdminCenter,
    AdminResetM365AdminCenter,
    PasswordExpires,
    UserRevokes,
    AdminRevokes,
    SingleSignOut,
    UserDisabled,
    UserDeleted,
    ConsentWithdrawn,
    SecretExpires,
    SecretRotated,
    CertificateExpires,
    ApplicationDisabled,
    RedirectUriRemoved,
    MfaRequired,
    SignInFrequency,
    ConditionalAccessBlock,
    IdleFor90Days,
    IssuerDown,
    TokenEndpointThrottled,
    SigningKeyRotated,
    ResourceEvaluates,
    AccessRemoved,
    OwnerLeaves,
}

impl Row {
    /// The name in JSON: that of the published row, where there is one.
    pub(super) const fn name(self) -> &'static str {
        self.names().0
    }

    pub(super) const fn title(self) -> &'static str {
        self.names().1
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::PasswordChangedByUser => ("password_changed_by_user", "Password changed by the user"),
            Self::Sspr => ("sspr", "Self-service reset"),
            Self::AdminResetAzurePortal => ("admin_reset_azure_portal", "Admin resets, Azure portal"),
            Self::AdminResetEntraAdminCenter => {
                ("admin_reset_entra_admin_center", "Admin resets, Entra admin center")
            }
            Self::AdminResetM365AdminCenter => {
                ("admin_reset_m365_admin_center", "Admin resets, Microsoft 365 admin center")
            }
            Self::PasswordExpires => ("password_expires", "Password expires"),
            Self::UserRevokes => ("user_revokes", "Sessions revoked by the user"),
            Self::AdminRevokes => ("admin_revokes", "Sessions revoked by an admin"),
            Self::SingleSignOut => ("single_sign_out", "Sign-out"),
            Self::UserDisabled => ("user_disabled", "User disabled"),
            Self::UserDeleted => ("user_deleted", "User deleted"),
            Self::ConsentWithdrawn => ("consent_withdrawn", "Consent withdrawn"),
            Self::SecretExpires => ("secret_expires", "Connector secret expires"),
            Self::SecretRotated => ("secret_rotated", "Secret rotated, old one removed"),
            Self::CertificateExpires => ("certificate_expires", "Certificate expires"),
            Self::ApplicationDisabled => ("application_disabled", "Connector application disabled"),
            Self::RedirectUriRemoved => ("redirect_uri_removed", "Redirect URI removed"),
            Self::MfaRequired => ("mfa_required", "MFA newly required"),
            Self::SignInFrequency => ("sign_in_frequency", "Sign-in frequency set"),
            Self::ConditionalAccessBlock => ("conditional_access_block", "Blocked by Conditional Access"),
            Self::IdleFor90Days => ("idle_90_days", "Not used for 90 days"),
            Self::IssuerDown => ("issuer_down", "Issuer down for an hour"),
            Self::TokenEndpointThrottled => {
                ("token_endpoint_throttled", "Token endpoint throttled for an hour")
            }
            Self::SigningKeyRotated => ("signing_key_rotated", "Signing key rotated"),
            Self::ResourceEvaluates => ("resource_evaluates", "API evaluates continuously, sessions revoked"),
            Self::AccessRemoved => ("access_removed", "Access to the connection removed"),
            Self::OwnerLeaves => ("owner_leaves", "Owner leaves"),
        }
    }

    /// The heading above the row.
    pub(super) const fn band(self) -> &'static str {
        match self {
            Self::PasswordChangedByUser
            | Self::Sspr
            | Self::AdminResetAzurePortal
            | Self::AdminResetEntraAdminCenter
            | Self::AdminResetM365AdminCenter
            | Self::PasswordExpires => "Password",
            Self::UserRevokes
            | Self::AdminRevokes
            | Self::SingleSignOut
            | Self::UserDisabled
            | Self::UserDeleted
            | Self::ConsentWithdrawn => "Sessions, account, consent",
            Self::SecretExpires
            | Self::SecretRotated
            | Self::CertificateExpires
            | Self::ApplicationDisabled
            | Self::RedirectUriRemoved => "Connector and its application",
            Self::MfaRequired
            | Self::SignInFrequency
            | Self::ConditionalAccessBlock
            | Self::IdleFor90Days => "Policy and time",
            Self::IssuerDown
            | Self::TokenEndpointThrottled
            | Self::SigningKeyRotated
            | Self::ResourceEvaluates => "Services",
            Self::AccessRemoved | Self::OwnerLeaves => "Ownership",
        }
    }
}
