//! Users and groups as lists and details show them.

use outlive_wire::directory::{DirectoryGroup, DirectoryUser};

use crate::directory::{Group, User};

pub(super) fn shown_user(user: &User) -> DirectoryUser {
    DirectoryUser {
        id: user.id.to_string(),
        upn: user.upn.clone(),
        display_name: user.display_name.clone(),
        directory_roles: user.directory_roles.clone(),
        enabled: user.enabled,
        created: user.profile.created_at,
        deleted: user.deleted_at,
        password_changed: user.password_changed_at,
        must_change_password: user.must_change_password || user.password_expired,
        sessions_valid_from: user.sessions_valid_from,
        mfa_required: user.second_factor.required,
        has_authenticator: user.second_factor.is_registered(),
        last_code_step: user.second_factor.last_step,
    }
}

pub(super) fn shown_group(group: &Group) -> DirectoryGroup {
    DirectoryGroup {
        id: group.id.to_string(),
        display_name: group.display_name.clone(),
        description: group.document.description.clone(),
        created: group.document.created_at,
    }
}
