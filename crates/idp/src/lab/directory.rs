//! A user of the directory, for the console: `/_lab/tenants/{t}/directory/users/{user}`.
//! Administrators read it through Graph; this call needs no token, and returns no credentials.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::UserId;
use outlive_wire::directory::{DirectoryUser, DirectoryUserDetails};

use crate::directory::{User, shortened_name};
use crate::idp::Idp;
use crate::sign_in::passkeys::of_user;

/// The number of a user's groups that are named.
const GROUPS_NAMED: usize = 20;

/// One user, by object id or sign-in name.
pub(crate) async fn user(
    State(idp): State<Idp>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<DirectoryUserDetails>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let found = match user.parse::<UserId>() {
        Ok(id) => idp.directory.user(tenant.id, id).await?,
        Err(_) => idp.directory.user_by_upn(tenant.id, &user).await?,
    };
    let found = found.filter(|user| user.deleted_at.is_none()).ok_or_else(|| {
        let name = shortened_name(&user);
        Problem::not_found("UserNotFound", format!("There is no user '{name}' in {}.", tenant.domain))
    })?;
    let passkeys = of_user(&idp.chassis.store, tenant.id, found.id).await?;
    let mut groups = Vec::new();
    for id in idp.directory.groups_of(tenant.id, found.id).await?.iter().take(GROUPS_NAMED) {
        let Ok(id) = id.parse() else { continue };
        groups.extend(idp.directory.group(tenant.id, id).await?.map(|group| group.display_name));
    }
    Ok(Json(DirectoryUserDetails {
        user: shown_user(&found),
        passkeys: passkeys.into_iter().map(|passkey| passkey.name).collect(),
        groups,
    }))
}

fn shown_user(user: &User) -> DirectoryUser {
    DirectoryUser {
        id: user.id.to_string(),
        upn: user.upn.clone(),
        display_name: user.display_name.clone(),
        directory_roles: user.directory_roles.clone(),
        enabled: user.enabled,
        created: user.profile.created_at,
        password_changed: user.password_changed_at,
        must_change_password: user.must_change_password || user.password_expired,
        sessions_valid_from: user.sessions_valid_from,
        mfa_required: user.second_factor.required,
        has_authenticator: user.second_factor.is_registered(),
    }
}
