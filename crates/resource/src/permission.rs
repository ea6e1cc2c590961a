//! What a token must allow.

use outlive_tokens::AccessClaims;

/// What a request needs: a scope if a user speaks through a client, a role if the application speaks for itself. A scope never
/// stands in for a role, nor a role for a scope.
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

    /// The name by which these claims would hold it: the scope or the role.
    pub(crate) fn named_for(self, claims: &AccessClaims) -> &'static str {
        if claims.is_app_only() { self.role } else { self.scope }
    }

    pub(crate) fn is_held_by(self, claims: &AccessClaims) -> bool {
        if claims.is_app_only() { claims.has_role(self.role) } else { claims.has_scope(self.scope) }
    }
}
