//! Claims about a user that depend on an application's registration: optional claims, groups,
//! directory roles. An access token has those of the resource, an ID token those of the client.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_rules::lifetimes;
use outlive_tokens::claims::{ExpiringPassword, Groups, OptionalClaims, UserClaims, UserFacts};

use crate::directory::platform::{API_HUB, FLOW_SERVICE, GRAPH};
use crate::directory::spec::{GroupClaims, OptionalClaimSpec};
use crate::directory::{Application, User, wids_of_application, wids_of_user};
use crate::protocol::refusal::Refusal;
use crate::token::request::TokenRequest;

/// The kinds of token with optional claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Access,
    Id,
}

pub(super) fn optional_claims(application: &Application, kind: TokenKind) -> OptionalClaims {
    let requested: &[OptionalClaimSpec] = match kind {
        TokenKind::Access => &application.document.optional_claims.access_token,
        TokenKind::Id => &application.document.optional_claims.id_token,
    };
    let user_tokens_too = requested.iter().any(|claim| {
        claim.name == "idtyp"
            && claim.additional_properties.iter().any(|property| property == "include_user_token")
    });
    OptionalClaims::new(requested.iter().map(|claim| claim.name.as_str()), user_tokens_too)
}

/// Returns whether app-only tokens for this resource include `idtyp`; those for Graph always do.
pub(super) fn includes_idtyp(resource: &Application) -> bool {
    resource.client_id == GRAPH || optional_claims(resource, TokenKind::Access).contains("idtyp")
}

pub(super) async fn user_claims(
    request: &TokenRequest<'_>,
    application: &Application,
    kind: TokenKind,
    user: &User,
    oidc: &BTreeSet<String>,
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
        optional: optional_claims(application, kind),
        profile: oidc.contains("profile"),
        email: oidc.contains("email"),
        guest: user.profile.guest,
        groups,
        wids: wids(application, user),
        ip_address: None,
        password: expiring_password(request, user),
        front_channel: request.front_channel,
        opaque: Some(opaque_claims(&mut opaque)),
    })
}

/// Returns the user's password expiry if it is near enough to be included.
fn expiring_password(request: &TokenRequest<'_>, user: &User) -> Option<ExpiringPassword> {
    let at = user.password_expires_at(&request.tenant)?;
    let included = request.now < at && at - request.now <= lifetimes::PASSWORD_NOTIFICATION_WINDOW;
    let url = || format!("{}/{}/changepassword", request.origin, request.tenant.id);
    included.then(|| ExpiringPassword { at, url: url() })
}

/// Returns the opaque claims `aio` and `rh`, different in every token.
pub(super) fn opaque_claims(stream: &mut outlive_clock::Stream) -> (String, String) {
    let aio = STANDARD.encode(stream.bytes::<36>());
    (aio, format!("1.{}.", URL_SAFE_NO_PAD.encode(stream.bytes::<42>())))
}

/// Returns the `wids` of a user's access token: always included for Microsoft Graph, for the API
/// Hub, whose managed APIs belong to administrators, and for the flow service, where administrators
/// share flows that have lost their owner.
pub(super) fn access_token_wids(resource: &Application, user: &User) -> Vec<String> {
    if matches!(resource.client_id, GRAPH | API_HUB | FLOW_SERVICE) {
        wids_of_user(user)
    } else {
        wids(resource, user)
    }
}

/// Returns the `wids` of an app-only token: included for Microsoft Graph only.
pub(super) fn application_wids(resource: &Application) -> Vec<String> {
    if resource.client_id == GRAPH { wids_of_application() } else { Vec::new() }
}

/// Returns the user's `wids` if the application registered for them.
fn wids(application: &Application, user: &User) -> Vec<String> {
    match application.document.group_claims {
        GroupClaims::All | GroupClaims::DirectoryRole => wids_of_user(user),
        _ => Vec::new(),
    }
}

/// Returns what every token says about a user.
pub(super) fn user_facts(user: &User) -> UserFacts {
    UserFacts {
        id: user.id,
        name: user.display_name.clone(),
        upn: user.upn.clone(),
        given_name: user.profile.given_name.clone(),
        family_name: user.profile.surname.clone(),
        email: user.profile.mail.clone(),
    }
}
