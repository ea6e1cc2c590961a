//! When sessions were signed out: what a refresh token asks of the session it came from.

use outlive_clock::{Instant, SessionId, TenantId};
use outlive_store::{StoreError, sql};

use super::Directory;

impl Directory {
    /// When a session was ended by signing out, if it was.
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
        Ok(self.memory.signed_out.or_read(tenant, session, read).await?.flatten())
    }
}
