//! Users.

use outlive_clock::{Instant, UserId};
use outlive_store::Change;
use outlive_wire::events::{UserCreated, UserDeleted};

use super::administrators::{another_administrator, or_last_administrator};
use super::mail_nickname::mail_nickname;
use super::odata::{Property, with_property};
use super::permissions::{DELETE_USERS, READ_USERS, WRITE_USERS};
use super::prelude::*;
use super::user_change::{PasswordProfile, UserType, bounded, checked_upn, update};
use crate::directory::passwords::{self, HashedPassword};
use crate::directory::{User, UserProfile};
use crate::protocol::refusal::Refusal;

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .collection("/users", list, post(create))
        .route("/users/{id}", get(show).patch(update).delete(remove))
        .route("/me", get(show))
}

/// `refreshTokensValidFromDateTime` is only part of Graph's beta.
pub(super) fn beta() -> Router<Idp> {
    Router::new().route("/users/{id}", get(show_in_beta)).route("/me", get(show_in_beta))
}

entity_type! {
    /// "user resource type".
    USER = "microsoft.graph.user" in "users",
    pub(super) fn resource(user: &User) {
        "id" [Shown, ShownIfDeleted, Filterable] => user.id,
        "accountEnabled" [Filterable] => user.enabled,
        "businessPhones" [Shown] => [(); 0],
        "createdDateTime" => user.profile.created_at.map(Instant::whole_second),
        "deletedDateTime" [ShownIfDeleted] => user.deleted_at.map(Instant::whole_second),
        "displayName" [Shown, ShownIfDeleted, Filterable] => user.display_name,
        "givenName" [Shown, ShownIfDeleted, Filterable] => user.profile.given_name,
        "jobTitle" [Shown, ShownIfDeleted] => user.profile.job_title,
        "lastPasswordChangeDateTime" => user.password_changed_at.whole_second(),
        "mail" [Shown, ShownIfDeleted, Filterable] => user.profile.mail,
        "mailNickname" [Filterable] =>
            user.profile.mail_nickname.as_deref().or_else(|| user.upn.split('@').next()),
        "mobilePhone" [Shown] => (),
        "officeLocation" [Shown] => (),
        "passwordPolicies" => user.profile.password_policies,
        "passwordProfile" => json!({
            "forceChangePasswordNextSignIn": user.must_change_password,
            "forceChangePasswordNextSignInWithMfa": false,
            "password": null,
        }),
        "preferredLanguage" [Shown] => (),
        "signInSessionsValidFromDateTime" => user.sessions_valid_from.whole_second(),
        "surname" [Shown, ShownIfDeleted, Filterable] => user.profile.surname,
        "userPrincipalName" [Shown, ShownIfDeleted, Filterable] => user.upn,
        "userType" [Filterable] => if user.profile.guest { "Guest" } else { "Member" },
    }
}

const VALID_FROM: Property = ("refreshTokensValidFromDateTime", &[]);

/// A user with the properties of version 1.0, and the beta property if it is selected.
const BETA_USER: EntityType = EntityType {
    properties: &with_property::<{ USER.properties.len() + 1 }>(VALID_FROM, USER.properties),
    beta: true,
    ..USER
};

async fn show(caller: Caller, name: UserName) -> Answer {
    let user = caller.readable_user(&name).await?;
    caller.entity(&USER, &resource(&user))
}

async fn show_in_beta(caller: Caller, name: UserName) -> Answer {
    let user = caller.readable_user(&name).await?;
    let ended = caller.tenant.rules.refresh_tokens_valid_from(&user.revocations);
    let mut object = resource(&user);
    // Revoking sessions moves both instants; a reset that revokes every refresh token moves this
    // one.
    object[VALID_FROM.0] = json!(ended.max(Some(user.sessions_valid_from)).map(Instant::whole_second));
    caller.entity(&BETA_USER, &object)
}

async fn list(caller: Caller) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_USERS)?;
    collection(caller, &USER, |options| async move { Ok(page_of(users(caller, &options).await?, &options)) })
        .await
}

/// Returns the users that the filter selects through an index; the rest of the filter is applied
/// afterwards.
async fn users(caller: &Caller, options: &Options) -> Result<Vec<User>> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let one = if let Some(upn) = options.filter.equal("userPrincipalName") {
        directory.user_by_upn(tenant, upn).await?
    } else if let Some(id) = options.filter.equal("id") {
        match id.parse() {
            Ok(id) => directory.user(tenant, id).await?,
            Err(_) => None,
        }
    } else {
        return Ok(match options.filter.equal_in_ascii("displayName") {
            Some(name) => directory.users_by_name(tenant, name, &options.after, options.limit()).await?,
            None => directory.users_after(tenant, false, &options.after, options.limit()).await?,
        });
    };
    Ok(one.into_iter().filter(|user| user.deleted_at.is_none()).collect())
}

pub(super) fn page_of(found: Vec<User>, options: &Options) -> Page {
    options.page(found, |user| user.id.to_string(), resource)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewUser {
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

async fn create(caller: Caller, Body(new): Body<NewUser>) -> Answer {
    caller.allowed(&WRITE_USERS)?;
    let options = caller.entity_options(&USER)?;
    let user = new_user(&caller, new).await?;
    let holder = caller.idp.directory.user_by_upn(caller.tenant.id, &user.upn).await?;
    if holder.is_some_and(|holder| holder.deleted_at.is_none()) {
        return Err(GraphError::taken("userPrincipalName"));
    }
    // A deleted user keeps the name until another user receives it.
    let mut change = Change::from(User::release_name(caller.tenant.id, &user.upn));
    change.add(user.insert());
    let event = UserCreated { upn: user.upn.clone(), actor: caller.actor() };
    caller.commit(change, Subject::user(user.id), event).await?;
    Ok(options.created(&resource(&user)))
}

async fn new_user(caller: &Caller, new: NewUser) -> Result<User> {
    let missing = |name: &str| GraphError::missing("User", name);
    let enabled = new.account_enabled.ok_or_else(|| missing("accountEnabled"))?;
    let display_name = bounded("displayName", new.display_name.ok_or_else(|| missing("displayName"))?)?;
    let nickname = new.mail_nickname.ok_or_else(|| missing("mailNickname"))?;
    let nickname = mail_nickname("User", nickname)?;
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
    let salt = caller.stream("password-salt").bytes();
    let hashed = passwords::hash(caller.tenant.id, password, salt).await;
    let HashedPassword(password_hash) = hashed.map_err(Refusal::from)?;
    Ok(User {
        role: upn.split('@').next().unwrap_or_default().to_owned(),
        upn,
        display_name,
        password_hash,
        must_change_password,
        enabled,
        profile,
        ..User::new(caller.tenant.id, UserId::generate(&mut caller.stream("user-id")), caller.now)
    })
}

/// The user can be restored for 30 days. The verdicts reject all credentials of the user from now
/// on (AADSTS500341).
async fn remove(caller: Caller, name: UserName) -> Result<StatusCode> {
    let user = caller.user(&name).await?;
    caller.allowed(&DELETE_USERS)?;
    let mut after = user.clone();
    after.delete(caller.now);
    let event = UserDeleted { upn: after.upn.clone(), actor: caller.actor() };
    let deleted = caller.commit_user((&user, &after), another_administrator(&user), event).await;
    or_last_administrator(&caller, &user, deleted).await
}
