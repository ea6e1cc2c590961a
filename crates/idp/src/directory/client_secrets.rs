//! Finds client secrets.

use std::collections::BTreeSet;

use outlive_clock::{ClientId, TenantId};
use outlive_store::{StoreError, sql};

use super::cached_store::Directory;
use super::client_secret::{PasswordCredential, StoredSecret};

impl Directory {
    pub(crate) async fn client_secrets(
        &self,
        tenant: TenantId,
        client: ClientId,
    ) -> Result<Vec<StoredSecret>, StoreError> {
        let read = async {
            let rows = self
            .store
            .rows(sql!(
                "SELECT hash, starts_us, expires_us FROM client_secrets WHERE tenant = $1 AND client_id = $2 LIMIT 100",
                tenant,
                client
            ))
            .await?;
            rows.iter()
                .map(|row| {
                    Ok(StoredSecret {
                        hash: row.text("hash")?,
                        starts_at: row.opt_instant("starts_us")?,
                        expires_at: row.instant("expires_us")?,
                    })
                })
                .collect()
        };
        self.memory.secrets.get_or_list(tenant, client, read).await
    }

    /// Returns which clients from the first to the last of a range have secrets, valid or not.
    pub(crate) async fn clients_with_secrets(
        &self,
        tenant: TenantId,
        (first, last): (ClientId, ClientId),
    ) -> Result<BTreeSet<ClientId>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT DISTINCT client_id FROM client_secrets \
             WHERE tenant = $1 AND client_id >= $2 AND client_id <= $3",
            tenant,
            first,
            last
        ));
        rows.await?.iter().map(|row| row.parse("client_id")).collect()
    }

    /// Returns the metadata of a client's secrets.
    pub(crate) async fn password_credentials(
        &self,
        tenant: TenantId,
        client: ClientId,
    ) -> Result<Vec<PasswordCredential>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT key_id, display_name, hint, starts_us, expires_us FROM client_secrets \
             WHERE tenant = $1 AND client_id = $2 ORDER BY expires_us, key_id LIMIT 100",
            tenant,
            client
        ));
        let rows = rows.await?;
        let credentials = rows.iter().map(|row| {
            Ok(PasswordCredential {
                key_id: row.parse("key_id")?,
                display_name: row.opt_text("display_name")?,
                hint: row.opt_text("hint")?,
                starts_at: row.opt_instant("starts_us")?,
                expires_at: row.instant("expires_us")?,
            })
        });
        credentials.collect()
    }
}
