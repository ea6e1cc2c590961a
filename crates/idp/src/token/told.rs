//! What of a user an application is told because it asked for it in its registration: optional claims, groups, directory roles.
//! An access token tells it to the resource, an ID token to the client.

use outlive_clock::Instant;
use outlive_rules::lifetimes;
use outlive_tokens::claims::{ExpiringPassword, Groups, OptionalClaims, UserClaims};

use super::endpoint::TokenRequest;
use crate::directory::platform::GRAPH;
use crate::directory::{Application, User, wids_of_application, wids_of_user};
use crate::refusal::Refusal;
use crate::spec::{GroupClaims, OptionalClaimSpec};

/// Which of the two kinds of token it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Resource,
    Client,
}

/// The optional claims that an application asked for.
pub(crate) fn optional_claims(application: &Application, whom: For) -> OptionalClaims {
    let asked: &[OptionalClaimSpec] = match whom {
        For::Resource => &application.document.optional_claims.access_token,
        For::Client => &application.document.optional_claims.id_token,
    };
    let user_tokens_too = asked.iter().any(|claim| {
        claim.name == "idtyp"
            && claim.additional_properties.iter().any(|property| property == "include_user_token")
    });
    OptionalClaims::new(asked.iter().map(|claim| claim.name.as_str()), user_tokens_too)
}

/// Whether app-only tokens for this resource say that they are: those for Graph always do.
pub(crate) fn tells_idtyp(resource: &Application) -> bool {
    resource.client_id == GRAPH || optional_claims(resource, For::Resource).contains("idtyp")
}

/// What an application is told of a user.
pub(crate) async fn told(
    request: &TokenRequest<'_>,
    application: &Application,
    whom: For,
    user: &User,
    oidc: &std::collections::BTreeSet<String>,
) -> Result<UserClaims, Refusal> {
    let (directory, tenant) = (&request.idp.directory, request.tenant.id);
    let groups = match application.document.group_claims {
        GroupClaims::None | GroupClaims::DirectoryRole => None,
        GroupClaims::SecurityGroup | GroupClaims::All => Some(directory.groups_of(tenant, user.id).await?),
        GroupClaims::ApplicationGroup => {
            Some(directory.assigned_groups(tenant, user.id, application.client_id).await?)
        }
    };
    let groups = groups.map(|ids| {
        let graph = request.idp.graph_origin(request.origin);
        Groups { ids, endpoint: format!("{graph}/v1.0/users/{}/getMemberObjects", user.id) }
    });
    let mut opaque = request.idp.chassis.random.of(tenant).stream("token-notes");
    Ok(UserClaims {
        optional: optional_claims(application, whom),
        profile: oidc.contains("profile"),
        email: oidc.contains("email"),
        guest: user.profile.guest,
        groups,
        wids: wids(application, user),
        ip_address: None,
        password: expiring_password(request, user),
        front_channel: request.front_channel,
        opaque: Some(notes(&mut opaque)),
    })
}

/// The user's password, if it will expire within the time in which that is told.
fn expiring_password(request: &TokenRequest<'_>, user: &User) -> Option<ExpiringPassword> {
    let at = user.password_expires_at(&request.tenant)?;
    let told = request.now < at && at - request.now <= lifetimes::PASSWORD_NOTIFICATION_WINDOW;
    let url = || format!("{}/{}/changepassword", request.origin, request.tenant.id);
    told.then(|| ExpiringPassword { at, url: url() })
}

/// The issuer's notes, `aio` and `rh`: opaque, and different every time.
pub(crate) fn notes(stream: &mut outlive_clock::Stream) -> (String, String) {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let aio = STANDARD.encode(stream.bytes::<36>());
    (aio, format!("1.{}.", URL_SAFE_NO_PAD.encode(stream.bytes::<42>())))
}

/// The template ids of the user's directory roles for an access token: Microsoft Graph always gets
/// them.
pub(crate) fn access_token_wids(resource: &Application, user: &User) -> Vec<String> {
    if resource.client_id == GRAPH { wids_of_user(user) } else { wids(resource, user) }
}

/// The same of an application by itself: only Microsoft Graph gets them.
pub(crate) fn application_wids(resource: &Application) -> Vec<String> {
    if resource.client_id == GRAPH { wids_of_application() } else { Vec::new() }
}

/// The template ids of the user's directory roles, if the application registered for them.
fn wids(application: &Application, user: &User) -> Vec<String> {
    match application.document.group_claims {
        GroupClaims::All | GroupClaims::DirectoryRole => wids_of_user(user),
        _ => Vec::new(),
    }
}

/// When the user last signed in interactively, for who asked to know it.
pub(crate) fn auth_time(application: &Application, whom: For, at: Instant) -> Option<Instant> {
    optional_claims(application, whom).contains("auth_time").then_some(at)
}
