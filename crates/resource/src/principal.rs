//! Who makes a request, as the credential shows.

use outlive_clock::{ClientId, TenantId};
use outlive_tokens::AccessClaims;
use outlive_wire::Subject;
use uuid::Uuid;

use crate::Permission;
use crate::rejection::Bearer;

/// An authenticated caller.
#[derive(Debug)]
pub(crate) enum Principal {
    /// By an access token, which says what it permits.
    Token { claims: Box<AccessClaims>, fingerprint: String },
    /// A user by directory password, who may do everything.
    User {
        tenant: TenantId,
        id: Uuid,
        /// The client as which the password was checked: the API itself.
        client: Option<ClientId>,
    },
    /// Anyone with this key of the API, who may do everything.
    Key { tenant: TenantId, name: String },
    /// Anyone with the key of this client certificate, who may do everything.
    Certificate { tenant: TenantId, name: String },
}

impl Principal {
    pub(crate) const fn tenant(&self) -> TenantId {
        match self {
            Self::Token { claims, .. } => claims.tid,
            Self::User { tenant, .. } | Self::Key { tenant, .. } | Self::Certificate { tenant, .. } => {
                *tenant
            }
        }
    }

    /// Returns what an order that it creates names as its creator: an object id, or the name of a
    /// key or certificate.
    pub(crate) fn creator(&self) -> String {
        match self {
            Self::Token { claims, .. } => claims.oid.to_string(),
            Self::User { id, .. } => id.to_string(),
            Self::Key { name, .. } => format!("key:{name}"),
            Self::Certificate { name, .. } => format!("certificate:{name}"),
        }
    }

    pub(crate) fn holds(&self, needed: Permission) -> bool {
        match self {
            Self::Token { claims, .. } => needed.is_held_by(claims),
            Self::User { .. } | Self::Key { .. } | Self::Certificate { .. } => true,
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Token { claims, .. } => match claims.user() {
                Some(user) => Subject::user(user),
                None => Subject::client(claims.appid),
            },
            Self::User { id, .. } => Subject::user(id),
            Self::Key { tenant, .. } | Self::Certificate { tenant, .. } => Subject::tenant(tenant),
        }
    }

    /// Returns what events say about it, for a request that needs `needed`.
    pub(crate) fn for_events(&self, needed: Permission) -> Bearer {
        match self {
            Self::Token { claims, fingerprint } => {
                let (oid, permission) = (Some(claims.oid), Some(needed.named_for(claims).to_owned()));
                let of_user = Bearer {
                    client: Some(claims.appid),
                    uti: Some(claims.uti.clone()),
                    token: Some(fingerprint.clone()),
                    ..Bearer::default()
                };
                if claims.is_app_only() {
                    Bearer { service_principal: oid, role: permission, ..of_user }
                } else {
                    Bearer { user: oid, scope: permission, ..of_user }
                }
            }
            Self::User { id, client, .. } => Bearer { user: Some(*id), client: *client, ..Bearer::default() },
            Self::Key { name, .. } => Bearer { key: Some(name.clone()), ..Bearer::default() },
            Self::Certificate { name, .. } => Bearer { certificate: Some(name.clone()), ..Bearer::default() },
        }
    }
}
