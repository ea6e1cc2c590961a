//! The Graph representation of a user.

use serde_json::{Value, json};

use crate::directory::User;
use crate::graph::odata::EntityType;

/// The user type of Graph, with the documented default properties.
pub(crate) const USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    set: "users",
    properties: &[
        "id",
        "accountEnabled",
        "businessPhones",
        "createdDateTime",
        "deletedDateTime",
        "displayName",
        "givenName",
        "jobTitle",
        "lastPasswordChangeDateTime",
        "mail",
        "mailNickname",
        "mobilePhone",
        "officeLocation",
        "passwordPolicies",
        "passwordProfile",
        "preferredLanguage",
        "signInSessionsValidFromDateTime",
        "surname",
        "userPrincipalName",
        "userType",
    ],
    shown: &[
        "id",
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ],
    filterable: &[
        "id",
        "accountEnabled",
        "displayName",
        "givenName",
        "mail",
        "mailNickname",
        "surname",
        "userPrincipalName",
        "userType",
    ],
    order: None,
};

/// Returns a user with all properties.
pub(crate) fn resource(user: &User) -> Value {
    let profile = &user.profile;
    json!({
        "id": user.id,
        "accountEnabled": user.enabled,
        "businessPhones": [],
        "createdDateTime": profile.created_at.map(|at| at.whole_second()),
        "deletedDateTime": user.deleted_at.map(|at| at.whole_second()),
        "displayName": user.display_name,
        "givenName": profile.given_name,
        "jobTitle": profile.job_title,
        "lastPasswordChangeDateTime": user.password_changed_at.whole_second(),
        "mail": profile.mail,
        "mailNickname": profile.mail_nickname.as_deref().or_else(|| user.upn.split('@').next()),
        "mobilePhone": null,
        "officeLocation": null,
        "passwordPolicies": profile.password_policies,
        "passwordProfile": {
            "forceChangePasswordNextSignIn": user.must_change_password,
            "forceChangePasswordNextSignInWithMfa": false,
            "password": null,
        },
        "preferredLanguage": null,
        "signInSessionsValidFromDateTime": user.sessions_valid_from.whole_second(),
        "surname": profile.surname,
        "userPrincipalName": user.upn,
        "userType": if profile.guest { "Guest" } else { "Member" },
    })
}
