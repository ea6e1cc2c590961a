//! Lab events: `POST /_lab/tenants/{t}/events`. Each is also possible through a Microsoft-shaped
//! endpoint.

mod event;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::{Problem, Trace};
use outlive_clock::{ClientId, Instant, Span, UserId};
use outlive_rules::Event;
use outlive_store::{Change, sql};
use outlive_tokens::{InitiatingEntity, Secret};
use outlive_wire::events::{
    ApplicationDisabled, ApplicationEnabled, ConsentWithdrawn, MfaNotRequired, MfaRequired, SecretExpired,
    SecretRotated, SignOut, SigningKeyScheduled, UserDeleted, UserDisabled, UserEnabled, UserRestored,
};
use outlive_wire::{JournalEvent, Subject};
use serde_json::{Value, json};

use self::event::{By, Channel, LabEvent};
use crate::directory::passwords::{self, HashedPassword};
use crate::directory::sessions;
use crate::directory::{
    Application, OutageKind, SECRETS_MAX, Tenant, User, delete_secrets, expire_secrets, limit_secrets,
    shortened_name, withdraw_scopes,
};
use crate::idp::Idp;
use crate::keys::signing_key_turns;
use crate::lab::policies as lab_policies;
use crate::security_events::credential_events::{CredentialEvent, apply_event};
use crate::security_events::queue_event;

/// The maximum time for which an old client secret stays valid beside a new one: its own lifetime.
const OVERLAP_MAX: Span = Span::from_days(730);

pub(crate) async fn happen(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<LabEvent>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(event) = body?;
    let tenant = idp.lab_tenant(&tenant).await?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let lab = Lab { idp: &idp, tenant: &tenant, now, trace: &trace };
    let name = lab.happen(event).await?;
    Ok(Json(json!({"at": now, "event": name})))
}

struct Lab<'a> {
    idp: &'a Idp,
    tenant: &'a Tenant,
    now: Instant,
    trace: &'a Trace,
}

impl Lab<'_> {
    async fn happen(&self, event: LabEvent) -> Result<&'static str, Problem> {
        match event {
            LabEvent::PasswordChange { user, new_password } => {
                let user = self.user(&user).await?;
                let event = CredentialEvent::PasswordChanged(self.hash_password(&user, new_password).await?);
                self.credential(&user, event, "user").await?;
                Ok("password_changed_by_user")
            }
            LabEvent::Sspr { user, new_password } => {
                let user = self.user(&user).await?;
                let event = CredentialEvent::SelfServiceReset(self.hash_password(&user, new_password).await?);
                self.credential(&user, event, "user").await?;
                Ok("sspr")
            }
            LabEvent::AdminReset { user, new_password, channel } => {
                let user = self.user(&user).await?;
                let row = match channel {
                    Channel::AzurePortal => Event::AdminResetAzurePortal,
                    Channel::EntraAdminCenter => Event::AdminResetEntraAdminCenter,
                    Channel::M365AdminCenter => Event::AdminResetM365AdminCenter,
                };
                // The password can be used immediately; Graph can require a change.
                let event =
                    CredentialEvent::AdminReset(row, self.hash_password(&user, new_password).await?, false);
                self.credential(&user, event, "admin").await?;
                Ok(row.name())
            }
            LabEvent::PasswordExpiry { user } => {
                self.credential(&self.user(&user).await?, CredentialEvent::PasswordExpired, "policy").await?;
                Ok("password_expires")
            }
            LabEvent::RevokeSessions { user, by: By::User } => {
                self.credential(&self.user(&user).await?, CredentialEvent::UserRevokes, "user").await?;
                Ok("user_revokes")
            }
            LabEvent::RevokeSessions { user, by: By::Admin } => {
                self.credential(&self.user(&user).await?, CredentialEvent::AdminRevokes, "admin").await?;
                Ok("admin_revokes")
            }
            LabEvent::SignOut { user } => {
                let user = self.user(&user).await?;
                let change = Change::from(sessions::end_all(self.tenant.id, user.id, self.now));
                let event = SignOut { session: None, upn: Some(user.upn) };
                self.commit(change, Subject::user(user.id), event).await?;
                Ok("single_sign_out")
            }
            LabEvent::DisableUser { user } => {
                let event = |upn| UserDisabled { upn, actor: None }.into();
                self.account(&user, event, |user, now| user.set_enabled(false, now)).await
            }
            LabEvent::EnableUser { user } => {
                let event = |upn| UserEnabled { upn, actor: None }.into();
                self.account(&user, event, |user, now| user.set_enabled(true, now)).await
            }
            LabEvent::DeleteUser { user } => {
                let event = |upn| UserDeleted { upn, actor: None }.into();
                self.account(&user, event, User::delete).await
            }
            LabEvent::RestoreUser { user } => {
                let event = |upn| UserRestored { upn, actor: None }.into();
                self.account(&user, event, |user, _| {
                    user.deleted_at = None;
                    user.upn = user.name_before_release().to_owned();
                })
                .await
            }
            LabEvent::WithdrawConsent { app, user } => {
                let application = self.application(app).await?;
                let user = match user {
                    Some(user) => Some(self.user(&user).await?.id),
                    None => None,
                };
                let change = Change::from(withdraw_scopes(self.tenant.id, app, user));
                let event = ConsentWithdrawn {
                    upn: None,
                    client_id: None,
                    client_name: Some(application.name),
                    resource: None,
                    scope: None,
                    consent_type: None,
                    grant: None,
                    actor: None,
                };
                self.commit(change, Subject::client(app), event).await?;
                Ok("consent_withdrawn")
            }
            LabEvent::ExpireSecret { app } => {
                let application = self.application(app).await?;
                let change = Change::from(expire_secrets(self.tenant.id, app, self.now));
                let event = SecretExpired { client_id: None, client_name: application.name, actor: None };
                self.commit(change, Subject::client(app), event).await?;
                Ok("secret_expired")
            }
            LabEvent::RotateSecret { app, new_secret, overlap } => {
                let application = self.application(app).await?;
                let old = match overlap {
                    None => delete_secrets(self.tenant.id, app),
                    Some(overlap) if (Span::ZERO..=OVERLAP_MAX).contains(&overlap) => {
                        let known = self.idp.directory.password_credentials(self.tenant.id, app).await?;
                        if known.len() >= SECRETS_MAX {
                            return Err(Problem::bad_request(format!(
                                "The application has {SECRETS_MAX} secrets, the maximum; rotate without overlap."
                            )));
                        }
                        limit_secrets(self.tenant.id, app, self.now + overlap)
                    }
                    Some(_) => {
                        return Err(Problem::bad_request("overlap must be between PT0S and P730D."));
                    }
                };
                let mut change = Change::from(old);
                let key_id = self.idp.chassis.random.of(self.tenant.id).stream("client-secret-key-id").uuid();
                let expires_at = self.now + Span::from_days(730);
                change.add(self.tenant.keys.secrets().insert(
                    self.tenant.id,
                    app,
                    key_id,
                    &new_secret,
                    expires_at,
                ));
                let event = SecretRotated { client_id: None, client_name: application.name, actor: None };
                self.commit(change, Subject::client(app), event).await?;
                Ok("secret_rotated")
            }
            LabEvent::DisableApp { app } => self.enable_application(app, false).await,
            LabEvent::EnableApp { app } => self.enable_application(app, true).await,
            LabEvent::RequireMfa { user, app, required } => {
                self.require_mfa(user, app, required.unwrap_or(true)).await
            }
            LabEvent::SignInFrequency { every } => {
                lab_policies::sign_in_frequency(self.idp, self.tenant, every, self.now, self.trace).await
            }
            LabEvent::RotateSigningKey { every: None } => {
                self.idp
                    .keys
                    .rotate(&self.idp.directory, self.tenant, self.now, Change::new(), self.trace)
                    .await?;
                Ok("signing_key_rotated")
            }
            LabEvent::RotateSigningKey { every: Some(every) } => self.schedule_signing_keys(every).await,
            LabEvent::TokenEndpointDown { lasts } => self.outage(OutageKind::Unavailable, lasts).await,
            LabEvent::TokenEndpointThrottled { lasts } => self.outage(OutageKind::Throttled, lasts).await,
        }
    }

    async fn require_mfa(
        &self,
        user: Option<String>,
        app: Option<ClientId>,
        required: bool,
    ) -> Result<&'static str, Problem> {
        let event = |upn, client_name, domain| -> JournalEvent {
            if required {
                MfaRequired { upn, client_name, domain }.into()
            } else {
                MfaNotRequired { upn, client_name, domain }.into()
            }
        };
        match (user, app) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad_request("Name a user or an application, not both."));
            }
            (Some(name), None) => {
                let before = self.user(&name).await?;
                let mut after = before.clone();
                after.require_second_factor(required, self.now);
                self.commit_user(&before, &after, event(Some(after.upn.clone()), None, None)).await?;
            }
            (None, Some(client)) => {
                let mut application = self.application(client).await?;
                application.document_mut().require_mfa = required;
                let change = Change::from(application.update_document(self.tenant.id));
                let event = event(None, Some(application.name), None);
                self.commit(change, Subject::client(client), event).await?;
            }
            (None, None) => {
                let change = Change::from(sql!(
                    "UPDATE tenants SET require_mfa = $1 WHERE tenant = $2",
                    required,
                    self.tenant.id
                ));
                let event = event(None, None, Some(self.tenant.domain.clone()));
                self.commit(change, Subject::tenant(self.tenant.id), event).await?;
            }
        }
        Ok(if required { "mfa_required" } else { "mfa_not_required" })
    }

    async fn outage(&self, kind: OutageKind, lasts: Span) -> Result<&'static str, Problem> {
        lab_policies::outage(self.idp, self.tenant, kind, lasts, self.now, self.trace).await
    }

    async fn schedule_signing_keys(&self, every: Span) -> Result<&'static str, Problem> {
        let possible = signing_key_turns::EVERY_MIN..=signing_key_turns::EVERY_MAX;
        if every != Span::from_micros(0) && !possible.contains(&every) {
            return Err(Problem::bad_request(
                "Signing keys change every P1D to P3650D, or with PT0S never by themselves.",
            ));
        }
        let change = signing_key_turns::schedule(self.tenant.id, every, self.now);
        let event = SigningKeyScheduled { every: every.to_string() };
        self.commit(change, Subject::tenant(self.tenant.id), event).await?;
        Ok("signing_key_scheduled")
    }

    async fn user(&self, name: &str) -> Result<User, Problem> {
        let found = match name.parse::<UserId>() {
            Ok(id) => self.idp.directory.user(self.tenant.id, id).await?,
            Err(_) => self.idp.directory.user_by_upn(self.tenant.id, name).await?,
        };
        let name = shortened_name(name);
        found.ok_or_else(|| {
            Problem::not_found(
                "UserNotFound",
                format!("There is no user '{name}' in {}.", self.tenant.domain),
            )
        })
    }

    async fn application(&self, client: ClientId) -> Result<Application, Problem> {
        let found = self.idp.directory.application(self.tenant.id, client).await?;
        found.ok_or_else(|| {
            Problem::not_found(
                "ApplicationNotFound",
                format!("There is no application {client} in {}.", self.tenant.domain),
            )
        })
    }

    async fn hash_password(&self, user: &User, password: Secret) -> Result<HashedPassword, Problem> {
        passwords::check_new(password.expose(), self.tenant, &user.upn, &user.display_name)
            .map_err(|weak| Problem::bad_request(weak.to_string()))?;
        let salt = self.idp.chassis.random.of(self.tenant.id).stream("password-salt").bytes();
        Ok(passwords::hash(self.tenant.id, password, salt).await?)
    }

    async fn credential(&self, user: &User, event: CredentialEvent, by: &str) -> Result<(), Problem> {
        Ok(apply_event(self.idp, user, event, self.now, by, self.trace, Change::new()).await?)
    }

    async fn account(
        &self,
        name: &str,
        event: fn(String) -> JournalEvent,
        change_user: fn(&mut User, Instant),
    ) -> Result<&'static str, Problem> {
        let user = self.user(name).await?;
        let mut after = user.clone();
        change_user(&mut after, self.now);
        let state = |user: &User| (user.enabled, user.deleted_at.is_some());
        let is_changed = state(&user) != state(&after);
        if after.upn != user.upn {
            let holder = self.idp.directory.user_by_upn(self.tenant.id, &after.upn).await?;
            if holder.is_some_and(|holder| holder.id != user.id) {
                return Err(Problem::conflict(format!(
                    "Another user is named '{}' now; rename or delete that user first.",
                    after.upn
                )));
            }
        }
        let event = event(user.upn.clone());
        let kind = event.kind();
        if is_changed {
            self.commit_user(&user, &after, event).await?;
        }
        Ok(kind)
    }

    async fn enable_application(&self, client: ClientId, enabled: bool) -> Result<&'static str, Problem> {
        let application = self.application(client).await?;
        let change = Change::from(
            sql!(
                "UPDATE applications SET enabled = $1, revision = revision + 1 WHERE tenant = $2 AND client_id = $3",
                enabled,
                self.tenant.id,
                client
            )
            .expect_rows(1),
        );
        let client_name = application.name;
        let event: JournalEvent = if enabled {
            ApplicationEnabled { client_id: None, client_name, actor: None }.into()
        } else {
            ApplicationDisabled { client_id: None, client_name, actor: None }.into()
        };
        let kind = event.kind();
        self.commit(change, Subject::client(client), event).await?;
        Ok(kind)
    }

    /// Commits a change to a user that an administrator made.
    async fn commit_user(&self, before: &User, after: &User, event: JournalEvent) -> Result<(), Problem> {
        let mut change = Change::from(after.update(before));
        let pending = queue_event(
            self.idp,
            (before, after),
            InitiatingEntity::Admin,
            self.now,
            self.trace,
            &mut change,
        )
        .await?;
        self.commit(change, Subject::user(before.id), event).await?;
        pending.deliver().await;
        Ok(())
    }

    async fn commit(
        &self,
        mut change: Change,
        subject: Subject,
        event: impl Into<JournalEvent>,
    ) -> Result<(), Problem> {
        let event = outlive_journal::Event::new(self.tenant.id, self.now, subject, self.trace, event);
        change.append(self.idp.chassis.journal.entry(&event));
        Ok(self.idp.directory.commit(self.tenant.id, change).await?)
    }
}
