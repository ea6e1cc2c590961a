//! Permissions.

use outlive_tokens::AccessClaims;

/// The permission that a request needs: a scope in a user's token, a role in an app-only token.
/// Neither replaces the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The delegated permission, as in the `scp` claim.
    pub scope: &'static str,
    /// The application permission, as in the `roles` claim.
    pub role: &'static str,
}

impl Permission {
    /// To read orders.
    pub const READ: Self = Self { scope: "Orders.Read", role: "Orders.Read.All" };
    /// To place orders.
    pub const WRITE: Self = Self { scope: "Orders.ReadWrite", role: "Orders.ReadWrite.All" };

    /// The required scope or role for these claims.
    pub(crate) fn named_for(self, claims: &AccessClaims) -> &'static str {
        if claims.is_app_only() { self.role } else { self.scope }
    }

    pub(crate) fn is_held_by(self, claims: &AccessClaims) -> bool {
        if claims.is_app_only() { claims.has_role(self.role) } else { claims.has_scope(self.scope) }
    }
}
