//! Fixing a connection for its owner: the sign-in at a consent link in the owner's browser, or a
//! new value for the secret that the connection stores.

use outlive_clock::{Instant, TenantId};
use outlive_wire::HeldConnection;
use outlive_wire::lab_api::{ConnectionFix, ConnectionFixed, TenantCredentials};
use serde_json::{Map, Value};

use super::layout::endpoints_of;
use super::{TenantError, Tenants};
use crate::maker::{GROUP, Maker, UserAccount};

impl Tenants {
    /// Begins to fix a connection, or fixes it where that needs no sign-in.
    ///
    /// # Errors
    /// An unknown tenant or connection, a password that the lab does not know, or a service that
    /// refused.
    pub async fn fix_connection(
        &self,
        tenant: TenantId,
        name: &str,
        fix: &ConnectionFix,
    ) -> Result<ConnectionFixed, TenantError> {
        let (held, mut maker, now) = self.owner_of(tenant, name, fix.password.as_deref()).await?;
        if let Some(secret) = &fix.secret {
            let Some(parameter) = held.secret_parameter else {
                return Err(TenantError::Connection(format!(
                    "The connection {name} stores no password and no key."
                )));
            };
            let values = Value::Object(Map::from_iter([(parameter, secret.clone().into())]));
            maker.replace_values(now, name, &values).await.map_err(boxed)?;
            return Ok(ConnectionFixed { link: None });
        }
        if held.secret_parameter.is_some() {
            return Err(TenantError::Connection(format!(
                "The connection {name} stores a password or a key: give its new value as 'secret'."
            )));
        }
        if fix.sign_in {
            maker.follow_consent_link(now, name).await.map_err(boxed)?;
            return Ok(ConnectionFixed { link: None });
        }
        let Some(return_url) = &fix.return_url else {
            return Err(TenantError::Connection(
                "Give 'return_url', to which the sign-in returns, or 'sign_in: true'.".to_owned(),
            ));
        };
        let link = maker.consent_link(now, name, return_url).await.map_err(boxed)?;
        Ok(ConnectionFixed { link: link.map(String::from) })
    }

    /// Confirms the sign-in for a connection with the code that its link returned.
    ///
    /// # Errors
    /// As [`Self::fix_connection`], or a code that the hub does not accept.
    pub async fn confirm_connection(
        &self,
        tenant: TenantId,
        name: &str,
        code: &str,
        password: Option<&str>,
    ) -> Result<(), TenantError> {
        let (_, mut maker, now) = self.owner_of(tenant, name, password).await?;
        maker.confirm_consent(now, name, code).await.map_err(boxed)
    }

    /// Returns a connection with its owner at the maker portal, and the virtual time.
    pub(super) async fn owner_of(
        &self,
        tenant: TenantId,
        name: &str,
        password: Option<&str>,
    ) -> Result<(HeldConnection, Maker, Instant), TenantError> {
        let credentials = self.credentials(tenant).await?;
        let held = self.surface().connections(tenant).await?;
        let found = held.connections.into_iter().find(|held| held.name == name && held.group == GROUP);
        let held = found.ok_or_else(|| {
            TenantError::Connection(format!(
                "The lab has made no connection of the name {name} in this tenant."
            ))
        })?;
        let user = account_of(&credentials, &held.owner, password).ok_or_else(|| {
            TenantError::Connection(format!("The owner of the connection {name} is no user of the lab's."))
        })?;
        let http = self.surface().http().clone();
        let maker = Maker::new(http, endpoints_of(&credentials), user, self.chassis().random.of(tenant));
        let now = self.time(tenant).await?.0.now;
        Ok((held, maker, now))
    }
}

pub(super) fn account_of(
    credentials: &TenantCredentials,
    owner: &str,
    password: Option<&str>,
) -> Option<UserAccount> {
    let user = credentials.users.iter().find(|user| user.id == owner)?;
    let password = password.unwrap_or(&user.password).to_owned();
    Some(UserAccount { upn: user.upn.clone(), id: user.id.clone(), password })
}

pub(super) fn boxed(error: crate::maker::MakerError) -> TenantError {
    TenantError::Maker(Box::new(error))
}
