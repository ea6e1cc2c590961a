//! Changing users.

use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::JournalEvent;
use outlive_wire::events::{Actor, UserDisabled, UserEnabled, UserUpdated};

use super::administrators::{another_administrator, or_last_administrator};
use super::mail_nickname::mail_nickname;
use super::passwords::reset_password_and;
use super::permissions::{ENABLE_USERS, WRITE_PASSWORDS, WRITE_USERS};
use super::prelude::*;
use crate::directory::limits::{is_domain_length, is_name, is_user_name_prefix};
use crate::directory::{Tenant, User};

/// The properties of a user that can be changed. An absent property stays unchanged; a null clears
/// it where it may be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct UserPatch {
    account_enabled: Given<bool>,
    password_profile: Given<PasswordProfile>,
    display_name: Given<String>,
    user_principal_name: Given<String>,
    mail_nickname: Given<String>,
    given_name: Given<Option<String>>,
    surname: Given<Option<String>>,
    job_title: Given<Option<String>>,
    mail: Given<Option<String>>,
    password_policies: Given<Option<String>>,
    user_type: Given<UserType>,
}

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

/// Checks the length of a property.
pub(super) fn bounded(name: &str, text: String) -> Result<String> {
    if is_name(&text) { Ok(text) } else { Err(GraphError::invalid("User", name)) }
}

/// Validates a user principal name: at most 64 characters before the @ and 48 after it, 113 in
/// total, in the tenant's domain ("Password policies and account restrictions").
pub(super) fn checked_upn(tenant: &Tenant, upn: &str) -> Result<String> {
    let upn = upn.trim().to_lowercase();
    let (name, domain) = upn.split_once('@').unwrap_or((&upn, ""));
    if !is_user_name_prefix(name) || !is_domain_length(domain) {
        return Err(GraphError::bad_request("Property userPrincipalName is invalid."));
    }
    if domain != tenant.domain {
        return Err(GraphError::bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain \
             names in your organization.",
        ));
    }
    Ok(upn)
}

/// Builds the event for a change, from the user principal name and the caller.
type UserEvent = fn(String, Option<Actor>) -> JournalEvent;

fn updated(upn: String, actor: Option<Actor>) -> JournalEvent {
    UserUpdated { upn, actor }.into()
}

impl UserPatch {
    fn touches_profile(&self) -> bool {
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

    /// The event that records the change of a user; none if only the password changes.
    fn event(&self, user: &User) -> Option<UserEvent> {
        match self.account_enabled.filter(|enabled| *enabled != user.enabled) {
            Some(true) => Some(|upn, actor| UserEnabled { upn, actor }.into()),
            Some(false) => Some(|upn, actor| UserDisabled { upn, actor }.into()),
            None => self.touches_profile().then_some(updated),
        }
    }

    /// Returns the user with all changes except the password.
    fn apply(self, caller: &Caller, user: &User) -> Result<User> {
        let mut after = user.clone();
        if let Some(name) = self.display_name.0 {
            after.display_name = bounded("displayName", name)?;
        }
        if let Some(upn) = self.user_principal_name.0 {
            after.upn = checked_upn(&caller.tenant, &upn)?;
        }
        let profile = &mut after.profile;
        if let Some(nickname) = self.mail_nickname.0 {
            profile.mail_nickname = Some(mail_nickname("User", nickname)?);
        }
        for (name, given, kept) in [
            ("givenName", self.given_name.0, &mut profile.given_name),
            ("surname", self.surname.0, &mut profile.surname),
            ("jobTitle", self.job_title.0, &mut profile.job_title),
            ("mail", self.mail.0, &mut profile.mail),
            ("passwordPolicies", self.password_policies.0, &mut profile.password_policies),
        ] {
            if let Some(text) = given {
                *kept = text.map(|text| bounded(name, text)).transpose()?;
            }
        }
        if let Some(kind) = self.user_type.0 {
            profile.guest = kind == UserType::Guest;
        }
        after.set_enabled(self.account_enabled.unwrap_or(after.enabled), caller.now);
        Ok(after)
    }
}

/// A new `passwordProfile` is a reset by an administrator. Which row of the revocation table
/// applies is not documented; a switch of the tenant's rules decides (docs/parity.md). One request
/// is one commit.
pub(super) async fn update(
    caller: Caller,
    name: UserName,
    Body(mut patch): Body<UserPatch>,
) -> Result<StatusCode> {
    let user = caller.user(&name).await?;
    // All permissions are checked before anything is changed.
    let may_reset = !caller.is(&user) && caller.outranks(&user) && caller.is_allowed(&WRITE_PASSWORDS);
    require(
        (patch.password_profile.is_none() || may_reset)
            && (patch.account_enabled.is_none() || caller.is_allowed(&ENABLE_USERS))
            && (!patch.touches_profile() || caller.is_allowed(&WRITE_USERS)),
    )?;
    let password = patch.password_profile.0.take();
    let disables = *patch.account_enabled == Some(false);
    let event = patch.event(&user);
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
                let event = event(after.upn.clone(), caller.actor());
                caller.commit_user((&user, &after), change, event).await
            } else {
                Ok(StatusCode::NO_CONTENT)
            }
        }
    };
    if disables { or_last_administrator(&caller, &user, changed).await } else { changed }
}
