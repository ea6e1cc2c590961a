//! The passkeys on the phones of users. A page of the identity provider hands a ceremony to the
//! phone; what the phone responds is verified as the response of any authenticator.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Row, Statement, StoreError, sql};
use outlive_wire::phone::{PasskeyAnswer, PasskeyRequest, PhonePasskey};

use super::{TenantError, Tenants};
use crate::browser::{Authenticator, StoredKey};
use crate::services::{Registration, WaitingCeremony};

/// The maximum number of passkeys on a phone.
const PASSKEYS_MAX: u32 = 20;

impl Tenants {
    /// Returns the passkeys of a user, oldest first, and the requests that wait for one.
    pub(super) async fn phone_passkeys(
        &self,
        tenant: TenantId,
        (user, upn): (&str, &str),
    ) -> Result<(Vec<PhonePasskey>, Vec<PasskeyRequest>), TenantError> {
        self.settle_registrations(tenant, user).await?;
        let keys = self.stored_keys(tenant, user).await?;
        let waiting = self.surface().phone_requests(tenant, upn).await?;
        let passkeys = keys.iter().map(|(key, created)| PhonePasskey {
            id: key.id.clone(),
            rp_id: key.rp_id.clone(),
            created: *created,
            uses: key.uses,
        });
        let passkeys = passkeys.collect();
        let requests = waiting.into_iter().map(|one| {
            let is_registration = one.is_registration();
            let can_respond = is_registration || keys.iter().any(|(key, _)| one.accepts(&key.id, &key.rp_id));
            PasskeyRequest {
                id: one.id,
                purpose: one.purpose,
                is_registration,
                can_respond,
                asked: one.asked,
            }
        });
        Ok((passkeys, requests.collect()))
    }

    /// Responds to a request of a page with the phone of a user, or declines it.
    ///
    /// # Errors
    /// An unknown tenant, user or request, another number, or no passkey for it.
    pub async fn answer_passkey_request(
        &self,
        tenant: TenantId,
        user: &str,
        request: &str,
        answer: &PasskeyAnswer,
    ) -> Result<(), TenantError> {
        let user = self.directory_user(tenant, user).await?.user;
        let waiting = self.surface().phone_requests(tenant, &user.upn).await?;
        let refused = |why: &str| TenantError::Event(why.to_owned());
        let Some(request) = waiting.into_iter().find(|one| one.id == request) else {
            return Err(refused(
                "No page waits for this request: it expired after five minutes, or was answered.",
            ));
        };
        // A request without a user name is on every phone: who declines it has seen its page.
        if answer.declined && (request.names_user || answer.number == Some(request.number)) {
            return Ok(self.surface().answer_phone_request(tenant, &request.id, None).await?);
        }
        if answer.number != Some(request.number) {
            return Err(refused(
                "That is not the number on the sign-in page. Type the number that it shows.",
            ));
        }
        self.settle_registrations(tenant, &user.id).await?;
        let keys = self.stored_keys(tenant, &user.id).await?;
        if request.is_registration() && keys.len() >= PASSKEYS_MAX as usize {
            return Err(refused("The phone has 20 passkeys, and no room for more. Remove them first."));
        }
        let random = self.random(tenant).fork("phone-passkeys").fork(&request.id);
        let mut phone = Authenticator::with_keys(random, keys.into_iter().map(|(key, _)| key))
            .map_err(|error| refused(&error.to_string()))?;
        let used = phone.respond_at(&request.origin, &request.options);
        let response = used.map_err(|error| refused(&format!("The phone cannot respond: {error}.")))?;
        let key = phone.last_used().map_err(|error| refused(&error.to_string()))?;
        let Some(key) = key else { return Err(refused("The phone has no passkey for this sign-in.")) };
        let now = self.time(tenant).await?.0.now;
        if request.is_registration() {
            // Only a passkey that the page received is kept, and only if it registers it.
            self.surface().answer_phone_request(tenant, &request.id, Some(&response)).await?;
            return self.store_key(tenant, &user.id, &key, Some(&request.id), now).await;
        }
        // The counter of a passkey never goes back.
        self.store_key(tenant, &user.id, &key, None, now).await?;
        Ok(self.surface().answer_phone_request(tenant, &request.id, Some(&response)).await?)
    }

    /// Removes all passkeys from the phone of a user. The identity provider still has their public
    /// keys.
    ///
    /// # Errors
    /// An unknown tenant or user.
    pub async fn remove_passkeys(&self, tenant: TenantId, user: &str) -> Result<(), TenantError> {
        let user = self.directory_user(tenant, user).await?.user.id;
        let deletion = sql!("DELETE FROM phone_passkeys WHERE tenant = $1 AND user_id = $2", tenant, &user);
        let removed: Result<(), StoreError> = self.chassis().store.commit(deletion).await;
        Ok(removed?)
    }

    /// Removes one passkey from the phone of a user.
    ///
    /// # Errors
    /// An unknown tenant or user, or no such passkey.
    pub async fn remove_passkey(
        &self,
        tenant: TenantId,
        user: &str,
        passkey: &str,
    ) -> Result<(), TenantError> {
        let user = self.directory_user(tenant, user).await?.user.id;
        match self.chassis().store.commit(deletion(tenant, &user, passkey).expect_rows(1)).await {
            Err(error) if error.is_conflict() => Err(TenantError::Event(
                "The phone has no such passkey: it was removed before, or is on another phone.".to_owned(),
            )),
            removed => Ok(removed?),
        }
    }

    /// Forgets passkeys that were made for a page which was left before it registered them.
    async fn settle_registrations(&self, tenant: TenantId, user: &str) -> Result<(), TenantError> {
        let store = &self.chassis().store;
        let made = sql!(
            "SELECT credential, request FROM phone_passkeys WHERE tenant = $1 AND user_id = $2 \
             AND request IS NOT NULL ORDER BY credential",
            tenant,
            user
        );
        let mut change = Change::new();
        let rows = store.rows(made).await?;
        for row in &rows {
            let (credential, request) = (row.text("credential")?, row.text("request")?);
            match self.surface().phone_registration(tenant, &request, &credential).await? {
                Registration::Waiting => {}
                Registration::Over => {
                    change.add(deletion(tenant, user, &credential));
                }
                Registration::Registered => {
                    change.add(sql!(
                        "UPDATE phone_passkeys SET request = NULL \
                         WHERE tenant = $1 AND user_id = $2 AND credential = $3",
                        tenant,
                        user,
                        credential
                    ));
                }
            }
        }
        if rows.is_empty() { Ok(()) } else { Ok(store.commit(change).await?) }
    }

    async fn stored_keys(
        &self,
        tenant: TenantId,
        user: &str,
    ) -> Result<Vec<(StoredKey, Instant)>, TenantError> {
        let rows = self.chassis().store.rows(sql!(
            "SELECT credential, rp_id, sealed, uses, created_us FROM phone_passkeys \
             WHERE tenant = $1 AND user_id = $2 ORDER BY created_us, credential LIMIT $3",
            tenant,
            user,
            PASSKEYS_MAX
        ));
        let mut keys = Vec::new();
        for row in rows.await? {
            // A key that another installation sealed cannot be used.
            keys.extend(self.key_of(tenant, user, &row)?);
        }
        Ok(keys)
    }

    fn key_of(
        &self,
        tenant: TenantId,
        user: &str,
        row: &Row,
    ) -> Result<Option<(StoredKey, Instant)>, StoreError> {
        let id = row.text("credential")?;
        let opened = self.chassis().sealer.open(&purpose(tenant, user, &id), &row.text("sealed")?);
        let Some(secret) = opened.and_then(|secret| String::from_utf8(secret.to_vec()).ok()) else {
            return Ok(None);
        };
        let uses = u32::try_from(row.int("uses")?).unwrap_or_default();
        let key = StoredKey { id, rp_id: row.text("rp_id")?, uses, secret: secret.into() };
        Ok(Some((key, row.instant("created_us")?)))
    }

    async fn store_key(
        &self,
        tenant: TenantId,
        user: &str,
        key: &StoredKey,
        registration: Option<&str>,
        now: Instant,
    ) -> Result<(), TenantError> {
        let mut nonce = self.random(tenant).stream("phone-passkey-nonce");
        let purpose = purpose(tenant, user, &key.id);
        let sealed = self.chassis().sealer.seal(&purpose, key.secret.expose().as_bytes(), &mut nonce);
        // Nothing is added to a tenant that is being deleted.
        let exists = sql!("UPDATE handouts SET revision = revision + 1 WHERE tenant = $1", tenant);
        let mut change = Change::from(exists.expect_rows(1));
        change.add(sql!(
            "INSERT INTO phone_passkeys (tenant, user_id, credential, rp_id, sealed, uses, created_us, request) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (tenant, user_id, credential) DO UPDATE SET uses = excluded.uses",
            tenant,
            user,
            &key.id,
            &key.rp_id,
            sealed,
            key.uses,
            now,
            registration
        ));
        match self.chassis().store.commit(change).await {
            Err(error) if error.is_conflict() => Err(TenantError::Unknown(tenant)),
            stored => Ok(stored?),
        }
    }
}

impl WaitingCeremony {
    fn options(&self) -> serde_json::Value {
        serde_json::from_str(&self.options).unwrap_or_default()
    }

    /// Whether it creates a passkey.
    fn is_registration(&self) -> bool {
        self.options()["rp"].is_object()
    }

    /// Whether a sign-in accepts the passkey.
    fn accepts(&self, id: &str, rp_id: &str) -> bool {
        let options = self.options();
        let allowed = options["allowCredentials"].as_array().map(Vec::as_slice).unwrap_or_default();
        options["rpId"] == rp_id && (allowed.is_empty() || allowed.iter().any(|allowed| allowed["id"] == id))
    }
}

fn deletion(tenant: TenantId, user: &str, credential: &str) -> Statement {
    sql!(
        "DELETE FROM phone_passkeys WHERE tenant = $1 AND user_id = $2 AND credential = $3",
        tenant,
        user,
        credential
    )
}

pub(super) fn purpose(tenant: TenantId, user: &str, credential: &str) -> String {
    format!("lab/passkey/{tenant}/{user}/{credential}")
}
