//! The lab's short way to make things happen: `POST /_lab/tenants/{t}/events`. Each has its real, Microsoft-shaped way too.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::{Problem, Trace};
use outlive_clock::{ClientId, Instant, Span, TenantId, UserId};
use outlive_journal::Event as JournalEvent;
use outlive_rules::Event;
use outlive_store::{Change, sql};
use outlive_tokens::{InitiatingEntity, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::credential_events::{self, CredentialEvent};
use crate::directory::{
    Application, Tenant, User, expire_secrets, remove_secrets, shortened_name, withdraw_scopes,
};
use crate::idp::Idp;
use crate::passwords::{self, HashedPassword};
use crate::security_events::queue_event;
use crate::{lab_policies, sessions, signing_key_turns};

/// How an administrator resets a password.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    #[default]
    AzurePortal,
    EntraAdminCenter,
    M365AdminCenter,
}

/// Who revokes sessions.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    #[default]
    User,
    Admin,
}

/// What happens, and to whom or what. `user` is an id or a sign-in name, `app` a client id.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LabEvent {
    PasswordChange {
        user: String,
        new_password: Secret,
    },
    Sspr {
        user: String,
        new_password: Secret,
    },
    AdminReset {
        user: String,
        new_password: Secret,
        #[serde(default)]
        channel: Channel,
    },
    PasswordExpiry {
        user: String,
    },
    RevokeSessions {
        user: String,
        #[serde(default)]
        by: By,
    },
    SignOut {
        user: String,
    },
    DisableUser {
        user: String,
    },
    EnableUser {
        user: String,
    },
    DeleteUser {
        user: String,
    },
    RestoreUser {
        user: String,
    },
    WithdrawConsent {
        app: ClientId,
        user: Option<String>,
    },
    ExpireSecret {
        app: ClientId,
    },
    RotateSecret {
        app: ClientId,
        new_secret: Secret,
    },
    DisableApp {
        app: ClientId,
    },
    EnableApp {
        app: ClientId,
    },
    /// A second factor is required of a user, by an application, or without either of the whole tenant; with `required: false`
    /// no more.
    RequireMfa {
        user: Option<String>,
        app: Option<ClientId>,
        required: Option<bool>,
    },
    /// Everybody has to sign in again after this long, everywhere: a Conditional Access policy of this name. `PT0S` takes it away.
    SignInFrequency {
        every: Span,
    },
    /// Now, or with `every` by a schedule that begins now; `PT0S` ends it.
    RotateSigningKey {
        every: Option<Span>,
    },
}

pub(crate) async fn happen(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<LabEvent>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(event) = body?;
    let tenant = tenant.parse::<TenantId>().map_err(|_| unknown_tenant())?;
    let tenant = idp.directory.tenant(tenant).await?.ok_or_else(unknown_tenant)?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let lab = Lab { idp: &idp, tenant: &tenant, now, trace: &trace };
    let name = lab.happen(event).await?;
    Ok(Json(json!({"at": now, "event": name})))
}

fn unknown_tenant() -> Problem {
    Problem::not_found("TenantNotFound", "There is no such tenant here.")
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
                let event = CredentialEvent::PasswordChanged(self.hashed(&user, new_password).await?);
                self.credential(&user, event, "user").await?;
                Ok("password_changed_by_user")
            }
            LabEvent::Sspr { user, new_password } => {
                let user = self.user(&user).await?;
                let event = CredentialEvent::SelfServiceReset(self.hashed(&user, new_password).await?);
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
                // The lab's password is meant to be used at once; a forced change can be had through Graph.
                let event = CredentialEvent::AdminReset(row, self.hashed(&user, new_password).await?, false);
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
                self.commit(change, "sign_out", format!("user:{}", user.id), json!({"upn": user.upn}))
                    .await?;
                Ok("single_sign_out")
            }
            LabEvent::DisableUser { user } => {
                self.account(&user, "user.disabled", |user, now| user.set_enabled(false, now)).await
            }
            LabEvent::EnableUser { user } => {
                self.account(&user, "user.enabled", |user, now| user.set_enabled(true, now)).await
            }
            LabEvent::DeleteUser { user } => self.account(&user, "user.deleted", User::delete).await,
            LabEvent::RestoreUser { user } => {
                self.account(&user, "user.restored", |user, _| user.deleted_at = None).await
            }
            LabEvent::WithdrawConsent { app, user } => {
                let application = self.application(app).await?;
                let user = match user {
                    Some(user) => Some(self.user(&user).await?.id),
                    None => None,
                };
                let change = Change::from(withdraw_scopes(self.tenant.id, app, user));
                self.application_event(change, "consent.withdrawn", &application).await?;
                Ok("consent_withdrawn")
            }
            LabEvent::ExpireSecret { app } => {
                let application = self.application(app).await?;
                let change = Change::from(expire_secrets(self.tenant.id, app, self.now));
                self.application_event(change, "secret.expired", &application).await?;
                Ok("secret_expired")
            }
            LabEvent::RotateSecret { app, new_secret } => {
                let application = self.application(app).await?;
                let mut change = Change::from(remove_secrets(self.tenant.id, app));
                let key_id = self.idp.chassis.random.of(self.tenant.id).stream("client-secret-key-id").uuid();
                let expires_at = self.now + Span::from_days(730);
                change.add(self.idp.secrets.insertion(self.tenant.id, app, key_id, &new_secret, expires_at));
                self.application_event(change, "secret.rotated", &application).await?;
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
                signing_key_turns::rotate(self.idp, self.tenant, self.now, Change::new(), self.trace).await?;
                Ok("signing_key_rotated")
            }
            LabEvent::RotateSigningKey { every: Some(every) } => self.schedule_signing_keys(every).await,
        }
    }

    async fn require_mfa(
        &self,
        user: Option<String>,
        app: Option<ClientId>,
        required: bool,
    ) -> Result<&'static str, Problem> {
        let kind = if required { "mfa.required" } else { "mfa.not_required" };
        match (user, app) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad_request("Name a user or an application, not both."));
            }
            (Some(name), None) => {
                let before = self.user(&name).await?;
                let mut after = before.clone();
                after.require_second_factor(required, self.now);
                self.commit_user(&before, &after, kind).await?;
            }
            (None, Some(client)) => {
                let mut application = self.application(client).await?;
                application.document_mut().require_mfa = required;
                let change = Change::from(application.update_document(self.tenant.id));
                self.application_event(change, kind, &application).await?;
            }
            (None, None) => {
                let change = Change::from(sql!(
                    "UPDATE tenants SET require_mfa = $1 WHERE tenant = $2",
                    required,
                    self.tenant.id
                ));
                let subject = format!("tenant:{}", self.tenant.id);
                self.commit(change, kind, subject, json!({"domain": self.tenant.domain})).await?;
            }
        }
        Ok(if required { "mfa_required" } else { "mfa_not_required" })
    }

    async fn schedule_signing_keys(&self, every: Span) -> Result<&'static str, Problem> {
        let possible = signing_key_turns::EVERY_MIN..=signing_key_turns::EVERY_MAX;
        if every != Span::from_micros(0) && !possible.contains(&every) {
            return Err(Problem::bad_request(
                "Signing keys change every P1D to P3650D, or with PT0S never by themselves.",
            ));
        }
        let change = signing_key_turns::schedule(self.tenant.id, every, self.now);
        let subject = format!("tenant:{}", self.tenant.id);
        self.commit(change, "signing_key.scheduled", subject, json!({"every": every})).await?;
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

    async fn hashed(&self, user: &User, password: Secret) -> Result<HashedPassword, Problem> {
        passwords::check_new(password.expose(), self.tenant, &user.upn, &user.display_name)
            .map_err(|weak| Problem::bad_request(weak.to_string()))?;
        let salt = self.idp.chassis.random.of(self.tenant.id).stream("password-salt").bytes();
        Ok(passwords::hash(self.tenant.id, password, salt).await?)
    }

    async fn credential(&self, user: &User, event: CredentialEvent, by: &str) -> Result<(), Problem> {
        Ok(credential_events::happen(self.idp, user, event, self.now, by, self.trace).await?)
    }

    async fn account(
        &self,
        name: &str,
        kind: &'static str,
        change_user: fn(&mut User, Instant),
    ) -> Result<&'static str, Problem> {
        let user = self.user(name).await?;
        let mut after = user.clone();
        change_user(&mut after, self.now);
        self.commit_user(&user, &after, kind).await?;
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
        let kind = if enabled { "application.enabled" } else { "application.disabled" };
        self.application_event(change, kind, &application).await?;
        Ok(kind)
    }

    async fn application_event(
        &self,
        change: Change,
        kind: &'static str,
        application: &Application,
    ) -> Result<(), Problem> {
        let subject = format!("client:{}", application.client_id);
        self.commit(change, kind, subject, json!({"client_name": application.name})).await
    }

    /// Commits what an administrator did to a user.
    async fn commit_user(&self, before: &User, after: &User, kind: &'static str) -> Result<(), Problem> {
        let mut change = Change::from(after.update(before));
        let delivery = queue_event(
            self.idp,
            (before, after),
            InitiatingEntity::Admin,
            self.now,
            self.trace,
            &mut change,
        )
        .await?;
        self.commit(change, kind, format!("user:{}", before.id), json!({"upn": before.upn})).await?;
        delivery.deliver().await;
        Ok(())
    }

    async fn commit(
        &self,
        mut change: Change,
        kind: &'static str,
        subject: String,
        data: Value,
    ) -> Result<(), Problem> {
        let event = JournalEvent::new(self.tenant.id, self.now, kind, subject, self.trace).with(data);
        change.append(self.idp.chassis.journal.entry(&event));
        Ok(self.idp.directory.commit(self.tenant.id, change).await?)
    }
}
