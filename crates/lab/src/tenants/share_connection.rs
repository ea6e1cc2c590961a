//! Sharing a connection as its owner, at the maker portal.

use outlive_clock::TenantId;
use outlive_wire::lab_api::ConnectionShare;

use super::fix_connection::boxed;
use super::{TenantError, Tenants};

impl Tenants {
    /// Shares a connection that the lab made with a user, or stops to.
    ///
    /// # Errors
    /// An unknown tenant, connection or user, a password that the lab does not know, or a hub that
    /// refused.
    pub async fn share_connection(
        &self,
        tenant: TenantId,
        name: &str,
        share: &ConnectionShare,
    ) -> Result<(), TenantError> {
        let (held, mut maker, now) = self.owner_of(tenant, name, share.password.as_deref()).await?;
        let credentials = self.credentials(tenant).await?;
        let user = credentials
            .users
            .iter()
            .find(|user| user.upn.eq_ignore_ascii_case(&share.with) || user.id == share.with)
            .ok_or_else(|| {
                TenantError::Connection("The user in 'with' is none of this tenant's users.".to_owned())
            })?;
        if user.id == held.owner {
            return Err(TenantError::Connection(
                "The owner of a connection needs no share of it.".to_owned(),
            ));
        }
        let shared = if share.stop {
            maker.stop_sharing(now, name, &user.id).await
        } else {
            maker.share_connection(now, name, &user.id).await
        };
        shared.map_err(boxed)
    }
}
