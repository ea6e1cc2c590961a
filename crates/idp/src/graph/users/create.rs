//! Creating users.

use axum::response::Response;
use http::StatusCode;
use outlive_clock::UserId;
use outlive_rules::RevocationEvents;
use outlive_rules::smart_lockout::Lockout;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::UserCreated;
use serde::Deserialize;

use super::resource::{USER, resource};
use super::update::{PasswordProfile, UserType, bounded, invalid};
use crate::directory::SecondFactor;
use crate::directory::limits::{is_domain_length, is_user_name_prefix};
use crate::directory::passwords::{self, HashedPassword};
use crate::directory::{Tenant, User, UserProfile};
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::mail_nickname::mail_nickname;
use crate::graph::odata::entity;
use crate::graph::permissions::WRITE_USERS;
use crate::protocol::refusal::Refusal;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewUser {
    account_enabled: Option<bool>,
    display_name: Option<String>,
    mail_nickname: Option<String>,
    user_principal_name: Option<String>,
    password_profile: Option<PasswordProfile>,
    given_name: Option<String>,
    surname: Option<String>,
    mail: Option<String>,
    job_title: Option<String>,
    user_type: Option<UserType>,
    password_policies: Option<String>,
}

/// `POST /users`.
pub(crate) async fn create(caller: Caller, body: Result<Body<NewUser>, GraphError>) -> Response {
    let result = async {
        let Body(new) = body?;
        caller.allowed(&WRITE_USERS)?;
        let options = caller.entity_options(&USER)?;
        let user = new_user(&caller, new).await?;
        let mut change = Change::new();
        // A deleted user keeps the name until another user receives it.
        change.add(User::release_name(caller.tenant.id, &user.upn));
        change.add(user.insertion());
        if let Some(other) = caller.idp.directory.user_by_upn(caller.tenant.id, &user.upn).await?
            && other.deleted_at.is_none()
        {
            return Err(GraphError::bad_request(
                "Another object with the same value for property userPrincipalName already exists.",
            ));
        }
        let event = UserCreated { upn: user.upn.clone(), actor: caller.actor() };
        caller.commit(change, Subject::user(user.id), event).await?;
        Ok(entity(&USER, StatusCode::CREATED, &resource(&user), &options))
    };
    caller.answer(result.await)
}

async fn new_user(caller: &Caller, new: NewUser) -> Result<User, GraphError> {
    let missing = |name: &str| {
        GraphError::bad_request(format!("A value is required for property '{name}' of resource 'User'."))
    };
    let enabled = new.account_enabled.ok_or_else(|| missing("accountEnabled"))?;
    let display_name = bounded("displayName", new.display_name.ok_or_else(|| missing("displayName"))?)?;
    let nickname = new.mail_nickname.ok_or_else(|| missing("mailNickname"))?;
    let nickname = mail_nickname(nickname).ok_or_else(|| invalid("mailNickname"))?;
    let upn = new.user_principal_name.ok_or_else(|| missing("userPrincipalName"))?;
    let upn = checked_upn(&caller.tenant, &upn)?;
    let password_profile = new.password_profile.ok_or_else(|| missing("passwordProfile"))?;
    let must_change_password = password_profile.must_change();
    let password = password_profile.password.ok_or_else(|| missing("password"))?;
    if let Err(weak) = passwords::check_new(password.expose(), &caller.tenant, &upn, &display_name) {
        return Err(GraphError::bad_request(weak.to_string()));
    }
    let optional = |name: &str, text: Option<String>| text.map(|text| bounded(name, text)).transpose();
    let profile = UserProfile {
        given_name: optional("givenName", new.given_name)?,
        surname: optional("surname", new.surname)?,
        mail: optional("mail", new.mail)?,
        mail_nickname: Some(nickname),
        job_title: optional("jobTitle", new.job_title)?,
        guest: new.user_type == Some(UserType::Guest),
        password_policies: optional("passwordPolicies", new.password_policies)?,
        created_at: Some(caller.now),
        ..UserProfile::default()
    };
    let random = caller.idp.chassis.random.of(caller.tenant.id);
    let HashedPassword(password_hash) =
        passwords::hash(caller.tenant.id, password, random.stream("password-salt").bytes())
            .await
            .map_err(Refusal::from)?;
    Ok(User {
        tenant: caller.tenant.id,
        id: UserId::generate(&mut random.stream("user-id")),
        role: upn.split('@').next().unwrap_or_default().to_owned(),
        upn,
        display_name,
        directory_roles: Vec::new(),
        password_hash,
        password_changed_at: caller.now,
        password_expired: false,
        must_change_password,
        enabled,
        deleted_at: None,
        revocations: RevocationEvents::none(),
        sessions_valid_from: caller.now,
        profile,
        lockout: Lockout::default(),
        second_factor: SecondFactor::default(),
        revision: 0,
    })
}

/// Validates a user principal name: at most 64 characters before the @ and 48 after it, 113 in
/// total, in the tenant's domain ("Password policies and account restrictions").
pub(super) fn checked_upn(tenant: &Tenant, upn: &str) -> Result<String, GraphError> {
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
