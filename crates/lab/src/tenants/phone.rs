//! The phones of users: their mails, and an authenticator app whose secrets are sealed in the lab's
//! own database. The identity provider does not return a secret; a user copies it from the page.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Statement, StoreError, sql};
use outlive_wire::directory::DirectoryUser;
use outlive_wire::phone::{AuthenticatorCodes, Mail, Phone};
use serde_json::Value;

use super::{TenantError, Tenants};
use crate::authenticator_app::{AuthenticatorApp, NOT_A_SECRET};

impl Tenants {
    /// Returns what a user's phone shows. `user` is a role, a sign-in name or an object id.
    ///
    /// # Errors
    /// An unknown tenant or user, or a service did not answer.
    pub async fn phone(&self, tenant: TenantId, user: &str) -> Result<Phone, TenantError> {
        let user = self.user_with_phone(tenant, user).await?;
        let now = self.time(tenant).await?.0.now;
        let mut outbox = self.outbox(tenant).await?;
        let messages = match outbox.get_mut("messages").map(Value::take) {
            Some(Value::Array(messages)) => messages,
            _ => Vec::new(),
        };
        let messages =
            messages.into_iter().filter_map(|message| serde_json::from_value::<Mail>(message).ok());
        let app = self.authenticator_app(tenant, &user.id).await?;
        let authenticator = app.map(|(app, added)| {
            let codes = app.codes_at(now);
            AuthenticatorCodes { code: codes.current, next: codes.next, until: codes.until, added }
        });
        let (passkeys, requests) = self.phone_passkeys(tenant, (&user.id, &user.upn)).await?;
        Ok(Phone {
            passkeys,
            requests,
            messages: messages.filter(|mail| mail.to.eq_ignore_ascii_case(&user.upn)).collect(),
            upn: user.upn,
            user: user.id,
            now,
            authenticator,
            is_registered: user.has_authenticator,
        })
    }

    /// Returns the account of a user (object id) in the authenticator app, with when it was added.
    pub(super) async fn authenticator_app(
        &self,
        tenant: TenantId,
        user: &str,
    ) -> Result<Option<(AuthenticatorApp, Instant)>, StoreError> {
        let select = sql!(
            "SELECT sealed, added_us FROM authenticator_apps WHERE tenant = $1 AND user_id = $2",
            tenant,
            user
        );
        let Some(row) = self.chassis().store.row(select).await? else { return Ok(None) };
        let secret = self.chassis().sealer.open(&purpose(tenant, user), &row.text("sealed")?);
        let secret = secret.and_then(|secret| String::from_utf8(secret.to_vec()).ok());
        let app = secret.and_then(|secret| AuthenticatorApp::of_base32(&secret));
        let added = row.instant("added_us")?;
        Ok(app.map(|app| (app, added)))
    }

    /// Adds an account to a user's authenticator app, or replaces it.
    ///
    /// # Errors
    /// An unknown tenant or user, or no secret.
    pub async fn add_authenticator(
        &self,
        tenant: TenantId,
        user: &str,
        pasted: &str,
    ) -> Result<(), TenantError> {
        let app =
            AuthenticatorApp::of_pasted(pasted).ok_or_else(|| TenantError::Event(NOT_A_SECRET.to_owned()))?;
        let user = self.user_with_phone(tenant, user).await?.id;
        let now = self.time(tenant).await?.0.now;
        let chassis = self.chassis();
        let mut nonce = self.random(tenant).stream("authenticator-app-nonce");
        let sealed = chassis.sealer.seal(&purpose(tenant, &user), app.to_base32().as_bytes(), &mut nonce);
        // Nothing is added to a tenant that is being deleted.
        let exists = sql!("UPDATE handouts SET revision = revision + 1 WHERE tenant = $1", tenant);
        let mut change = Change::from(exists.expect_rows(1));
        change.add(deletion(tenant, &user));
        change.add(sql!(
            "INSERT INTO authenticator_apps (tenant, user_id, sealed, added_us) VALUES ($1, $2, $3, $4)",
            tenant,
            &user,
            sealed,
            now
        ));
        match chassis.store.commit(change).await {
            Err(error) if error.is_conflict() => Err(TenantError::Unknown(tenant)),
            added => Ok(added?),
        }
    }

    /// Removes the account from a user's authenticator app.
    ///
    /// # Errors
    /// An unknown tenant or user.
    pub async fn remove_authenticator(&self, tenant: TenantId, user: &str) -> Result<(), TenantError> {
        let user = self.user_with_phone(tenant, user).await?.id;
        let removed: Result<(), StoreError> = self.chassis().store.commit(deletion(tenant, &user)).await;
        Ok(removed?)
    }

    /// Returns a user who is not deleted.
    async fn user_with_phone(&self, tenant: TenantId, user: &str) -> Result<DirectoryUser, TenantError> {
        let found = self.directory_user(tenant, user).await?.user;
        if found.deleted.is_some() {
            return Err(TenantError::UserDeleted(found.upn));
        }
        Ok(found)
    }
}

fn deletion(tenant: TenantId, user: &str) -> Statement {
    sql!("DELETE FROM authenticator_apps WHERE tenant = $1 AND user_id = $2", tenant, user)
}

pub(super) fn purpose(tenant: TenantId, user: &str) -> String {
    format!("lab/authenticator/{tenant}/{user}")
}
