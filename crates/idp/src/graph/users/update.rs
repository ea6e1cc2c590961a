//! Changing users.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::events::{Actor, UserDisabled, UserEnabled, UserUpdated};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;

use super::create::checked_upn;
use crate::directory::User;
use crate::directory::limits::is_name;
use crate::graph::body::{Body, not_null, nullable};
use crate::graph::caller::Caller;
use crate::graph::directory_roles::{another_administrator, or_last_administrator};
use crate::graph::error::GraphError;
use crate::graph::mail_nickname::mail_nickname;
use crate::graph::passwords::reset_password_and;
use crate::graph::permissions::WRITE_USERS;

/// The properties of a user that can be changed. An absent property stays unchanged; a null clears
/// it where it may be empty.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserPatch {
    #[serde(default, deserialize_with = "not_null")]
    account_enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    password_profile: Option<PasswordProfile>,
    #[serde(default, deserialize_with = "not_null")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    user_principal_name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    mail_nickname: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    given_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    surname: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    job_title: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    mail: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    password_policies: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    user_type: Option<UserType>,
}

/// `userType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum UserType {
    Member,
    Guest,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PasswordProfile {
    pub(super) password: Option<Secret>,
    force_change_password_next_sign_in: Option<bool>,
    force_change_password_next_sign_in_with_mfa: Option<bool>,
}

impl PasswordProfile {
    /// Whether the user has to change the password at the next sign-in: by default, a new password
    /// has to be changed.
    pub(super) fn must_change(&self) -> bool {
        self.flag().unwrap_or(true)
    }

    /// The value in the request, if there is one.
    fn flag(&self) -> Option<bool> {
        match (self.force_change_password_next_sign_in, self.force_change_password_next_sign_in_with_mfa) {
            (None, None) => None,
            (plain, with_mfa) => Some(plain == Some(true) || with_mfa == Some(true)),
        }
    }
}

const PASSWORD_PERMISSIONS: [&str; 4] = [
    "User.ReadWrite.All",
    "User-PasswordProfile.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.ReadWrite.All",
];

const ACCOUNT_PERMISSIONS: [&str; 4] = [
    "User.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "Directory.ReadWrite.All",
    "Directory.AccessAsUser.All",
];

pub(super) fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value specified for property '{name}' of resource 'User'."))
}

/// Checks the length of a property.
pub(super) fn bounded(name: &str, text: String) -> Result<String, GraphError> {
    if !is_name(&text) {
        return Err(invalid(name));
    }
    Ok(text)
}

/// Builds the event for a change, from the user principal name and the caller.
type UserEvent = fn(String, Option<Actor>) -> JournalEvent;

fn updated(upn: String, actor: Option<Actor>) -> JournalEvent {
    UserUpdated { upn, actor }.into()
}

impl UserPatch {
    const fn touches_profile(&self) -> bool {
        self.display_name.is_some()
            || self.user_principal_name.is_some()
            || self.mail_nickname.is_some()
            || self.given_name.is_some()
            || self.surname.is_some()
            || self.job_title.is_some()
            || self.mail.is_some()
            || self.password_policies.is_some()
            || self.user_type.is_some()
    }

    /// The event that records the change; none if only the password changes.
    fn event(&self) -> Option<UserEvent> {
        match self.account_enabled {
            Some(true) => Some(|upn, actor| UserEnabled { upn, actor }.into()),
            Some(false) => Some(|upn, actor| UserDisabled { upn, actor }.into()),
            None => self.touches_profile().then_some(updated),
        }
    }

    /// Returns the user with all changes except the password.
    fn apply(self, caller: &Caller, user: &User) -> Result<User, GraphError> {
        let mut after = user.clone();
        let optional = |name: &str, text: Option<String>| text.map(|text| bounded(name, text)).transpose();
        if let Some(name) = self.display_name {
            after.display_name = bounded("displayName", name)?;
        }
        if let Some(upn) = self.user_principal_name {
            after.upn = checked_upn(&caller.tenant, &upn)?;
        }
        let profile = &mut after.profile;
        if let Some(nickname) = self.mail_nickname {
            profile.mail_nickname = Some(mail_nickname(nickname).ok_or_else(|| invalid("mailNickname"))?);
        }
        for (name, given, kept) in [
            ("givenName", self.given_name, &mut profile.given_name),
            ("surname", self.surname, &mut profile.surname),
            ("jobTitle", self.job_title, &mut profile.job_title),
            ("mail", self.mail, &mut profile.mail),
            ("passwordPolicies", self.password_policies, &mut profile.password_policies),
        ] {
            if let Some(text) = given {
                *kept = optional(name, text)?;
            }
        }
        if let Some(kind) = self.user_type {
            profile.guest = kind == UserType::Guest;
        }
        after.set_enabled(self.account_enabled.unwrap_or(after.enabled), caller.now);
        Ok(after)
    }
}

/// `PATCH /users/{id}`. A new `passwordProfile` is a reset by an administrator. Which row of the
/// revocation table applies is not documented; a switch of the tenant's rules decides
/// (docs/parity.md). One request is one commit.
pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<UserPatch>, GraphError>,
) -> Response {
    let result = async {
        let Body(mut patch) = body?;
        let user = caller.target(&id).await?;
        // All permissions are checked before anything is changed.
        let on_self = caller.user.as_ref().is_some_and(|me| me.id == user.id);
        let may_reset = !on_self && caller.outranks(&user) && caller.may_administer(&PASSWORD_PERMISSIONS);
        if patch.password_profile.is_some() && !may_reset
            || patch.account_enabled.is_some() && !caller.may_administer(&ACCOUNT_PERMISSIONS)
            || patch.touches_profile() && !caller.is_allowed(&WRITE_USERS)
        {
            return Err(GraphError::denied());
        }
        let password = patch.password_profile.take();
        let disables = patch.account_enabled == Some(false);
        let event = patch.event();
        let after = patch.apply(&caller, &user)?;
        let mut change = if disables { another_administrator(&user) } else { Change::new() };
        if after.upn != user.upn {
            change.add(User::release_name(caller.tenant.id, &after.upn));
        }
        if password.as_ref().is_some_and(|profile| profile.password.is_none() && profile.flag().is_none()) {
            return Err(GraphError::bad_request("passwordProfile has no password."));
        }
        let flag = password.as_ref().and_then(PasswordProfile::flag);
        let changed = match password.and_then(|profile| Some((profile.must_change(), profile.password?))) {
            Some((must_change, password)) => {
                let row = caller.tenant.rules.switches().patch_password_profile;
                if let Some(event) = event {
                    let event = event(after.upn.clone(), caller.actor());
                    change.append(caller.entry(Subject::user(user.id), event));
                }
                let also = |user: &mut User| {
                    user.upn = after.upn;
                    user.display_name = after.display_name;
                    user.profile = after.profile;
                    user.enabled = after.enabled;
                };
                reset_password_and(&caller, &user, (row, password, must_change), also, change).await
            }
            // The flag alone is not a reset: the password and all grants stay valid.
            None => {
                let after = User { must_change_password: flag.unwrap_or(user.must_change_password), ..after };
                if let Some(event) = event.or(flag.map(|_| updated as UserEvent)) {
                    change.add(after.update(&user));
                    let event = event(after.upn.clone(), caller.actor());
                    caller.commit_user((&user, &after), change, event).await
                } else {
                    Ok(())
                }
            }
        };
        if disables {
            or_last_administrator(&caller, &user, changed).await?;
        } else {
            changed?;
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
