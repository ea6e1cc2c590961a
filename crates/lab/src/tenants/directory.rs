//! The directory of a tenant, as the identity provider shows it to the lab.

use outlive_clock::TenantId;
use outlive_wire::directory::{DirectoryCredentials, DirectoryUserDetails};
use serde::de::DeserializeOwned;

use super::{TenantError, Tenants};
use crate::story;

impl Tenants {
    /// Reads a part of the directory; `path` begins below `directory`.
    ///
    /// # Errors
    /// An unknown tenant or object, or the identity provider did not answer.
    pub async fn directory<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, TenantError> {
        self.credentials(tenant).await?;
        Ok(self.surface().directory(tenant, path, query).await?)
    }

    /// Returns a user of the directory, deleted or not, by role, sign-in name or object id.
    ///
    /// # Errors
    /// As [`Self::directory`].
    pub async fn directory_user(
        &self,
        tenant: TenantId,
        user: &str,
    ) -> Result<DirectoryUserDetails, TenantError> {
        let credentials = self.credentials(tenant).await?;
        let id = credentials.user(user).map_or(user, |known| known.id.as_str());
        Ok(self.surface().directory(tenant, &["users", id], &[]).await?)
    }

    /// Returns what a user's browsers, applications and connections hold.
    ///
    /// # Errors
    /// As [`Self::directory`].
    pub async fn directory_credentials(
        &self,
        tenant: TenantId,
        user: &str,
    ) -> Result<DirectoryCredentials, TenantError> {
        let details = self.directory_user(tenant, user).await?;
        let credentials = self.credentials(tenant).await?;
        let now = self.time(tenant).await?.0.now;
        Ok(story::credentials_of(self.surface(), &credentials, &details, now).await)
    }
}
