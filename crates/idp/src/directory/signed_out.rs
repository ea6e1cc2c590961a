//! Sign-out times of sessions, which refresh tokens are checked against.

use outlive_clock::{Instant, SessionId, TenantId};
use outlive_store::{StoreError, sql};

use super::cached_store::Directory;

impl Directory {
    /// Returns when a session was signed out, if it was.
    pub(crate) async fn signed_out_at(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Option<Instant>, StoreError> {
        let read = async {
            let row = self
                .store
                .row(sql!("SELECT ended_us FROM sessions WHERE tenant = $1 AND id = $2", tenant, session))
                .await?;
            row.map(|row| row.opt_instant("ended_us")).transpose()
        };
        Ok(self.memory.signed_out.get_or_read(tenant, session, read).await?.flatten())
    }
}
