//! `/directory/applications/{client id}`.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::directory::{DirectoryApplicationDetails, DirectoryFederatedCredential};
use outlive_wire::tenant::RedirectUriType;

use super::applications::kind_words;
use super::area::{AREAS, Area};
use super::consents::{GrantRow, grant_row};
use super::visit::{AskedQuery, Visit, or_return};
use crate::error::{self, ErrorPage};
use crate::frame::Frame;
use crate::number_words::number;
use crate::state::Console;
use crate::when::When;

#[derive(Template)]
#[template(path = "directory/application.html")]
struct ApplicationPage {
    frame: Frame,
    area: Area,
    title: String,
    client_id: String,
    name: String,
    facts: Vec<(&'static str, String)>,
    is_enabled: bool,
    requires_mfa: bool,
    /// Whether it can have credentials: registrations that are no public clients.
    has_credentials: bool,
    redirect_uris: Vec<(String, &'static str)>,
    permissions: Vec<PermissionRow>,
    credentials: Vec<CredentialRow>,
    federated: Vec<DirectoryFederatedCredential>,
    exposed: Vec<(&'static str, String)>,
    grants: Vec<GrantRow>,
    has_more_grants: bool,
}

/// A permission that the application asks for, or has.
struct PermissionRow {
    api: String,
    api_id: String,
    permission: String,
    kind: &'static str,
    status: String,
    style: &'static str,
    icon: &'static str,
}

/// A client secret or certificate, without its value.
struct CredentialRow {
    what: &'static str,
    name: String,
    id: String,
    starts: Option<When>,
    expires: When,
    state: &'static str,
    style: &'static str,
    icon: &'static str,
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(client): Path<String>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let read = visit.read::<DirectoryApplicationDetails>(&["applications", &client], "application").await?;
    let (frame, found) = or_return!(read);
    let page = view(frame, found);
    Ok(page.frame.respond(error::show(&page)))
}

fn view(frame: Frame, found: DirectoryApplicationDetails) -> ApplicationPage {
    let now = frame.now();
    let application = &found.application;
    let is_registration = !application.is_platform && application.managed_identity.is_none();
    let credentials = credentials(&found, now);
    let yes = |is_so: bool| if is_so { "Yes" } else { "No" }.to_owned();
    let mut facts = vec![
        ("Application (client) ID", application.client_id.clone()),
        ("Object ID of the service principal", application.service_principal_id.clone()),
    ];
    if is_registration {
        facts.push(("Object ID of the registration", application.object_id.clone()));
    }
    facts.push(("Client type", kind_words(application).to_owned()));
    facts.extend(application.managed_identity.clone().map(|resource| ("Azure resource", resource)));
    facts.push(("Enabled for users to sign in", yes(application.enabled)));
    facts.push(("Requires MFA", yes(found.require_mfa)));
    facts.push(("Assignment required", yes(found.assignment_required)));
    facts.push(("Allow public client flows", yes(found.allow_public_client)));
    facts.push(("Continuous access evaluation", yes(found.continuous_access_evaluation)));
    facts.extend(found.logout_url.clone().map(|url| ("Front-channel logout URL", url)));
    let redirect_uris = found.redirect_uris.iter().map(|redirect| {
        let kind = match redirect.r#type {
            RedirectUriType::Web => "Web",
            RedirectUriType::Spa => "Single-page application",
            RedirectUriType::PublicClient => "Mobile and desktop applications",
        };
        (redirect.uri.clone(), kind)
    });
    ApplicationPage {
        area: if is_registration { Area::Registrations } else { Area::Enterprise },
        title: title(&found, &credentials),
        client_id: application.client_id.clone(),
        name: application.name.clone(),
        is_enabled: application.enabled,
        requires_mfa: found.require_mfa,
        has_credentials: is_registration && !application.kind.is_public(),
        redirect_uris: redirect_uris.collect(),
        permissions: permissions(&found),
        exposed: exposed(&found),
        grants: found.grants.iter().map(grant_row).collect(),
        has_more_grants: found.has_more_grants,
        federated: found.federated_credentials.clone(),
        facts,
        credentials,
        frame,
    }
}

fn title(found: &DirectoryApplicationDetails, credentials: &[CredentialRow]) -> String {
    let name: String = found.application.name.chars().take(36).collect();
    if !found.application.enabled {
        return format!("{name} is disabled: sign-ins to it are rejected");
    }
    let kind = kind_words(&found.application);
    let article = if kind.starts_with("API") { "an" } else { "a" };
    let valid =
        credentials.iter().filter(|one| one.state == "Valid").count() + found.federated_credentials.len();
    match (valid, credentials.len()) {
        (0, 0) => format!("{name} is {article} {kind}"),
        (0, _) => format!("{name} has no valid credential"),
        (1, _) => format!("{name} has one valid credential"),
        (valid, _) => format!("{name} has {} valid credentials", number(valid)),
    }
}

fn credentials(found: &DirectoryApplicationDetails, now: Instant) -> Vec<CredentialRow> {
    let row = |what, name: String, id: &str, starts: Option<Instant>, expires: Instant| {
        let (state, style, icon) = match () {
            () if expires <= now => ("Expired", "is-expired", "i-expired"),
            () if starts.is_some_and(|starts| now < starts) => ("Not yet valid", "is-idle", "i-clock"),
            () => ("Valid", "is-alive", "i-alive"),
        };
        CredentialRow {
            what,
            name,
            id: id.to_owned(),
            starts: starts.map(|at| When::of(at, now)),
            expires: When::of(expires, now),
            state,
            style,
            icon,
        }
    };
    let secrets = found.secrets.iter().map(|secret| {
        let name = match (&secret.display_name, &secret.hint) {
            (Some(name), Some(hint)) => format!("{name}, begins with {hint}"),
            (Some(name), None) => name.clone(),
            (None, Some(hint)) => format!("begins with {hint}"),
            (None, None) => "without a description".to_owned(),
        };
        row("Client secret", name, &secret.key_id, secret.starts, secret.expires)
    });
    let certificates = found.certificates.iter().map(|certificate| {
        let name = format!("{}, thumbprint {}", certificate.subject, certificate.thumbprint);
        row("Certificate", name, &certificate.key_id, Some(certificate.starts), certificate.expires)
    });
    secrets.chain(certificates).collect()
}

fn permissions(found: &DirectoryApplicationDetails) -> Vec<PermissionRow> {
    let mut rows: Vec<PermissionRow> = Vec::new();
    for asked in &found.permissions {
        let api = asked.name.clone().unwrap_or_else(|| asked.client_id.clone());
        for scope in &asked.scopes {
            let of_api = || {
                found
                    .grants
                    .iter()
                    .filter(|grant| grant.resource_id == asked.client_id && grant.scopes.contains(scope))
            };
            let users = of_api().filter(|grant| grant.user_id.is_some()).count();
            let status = match (of_api().any(|grant| grant.user_id.is_none()), users) {
                (true, _) => "Granted for all users".to_owned(),
                (false, 0) if found.has_more_grants => {
                    "Not known: more was granted than is listed".to_owned()
                }
                (false, 0) => String::new(),
                (false, 1) => "Granted by one user".to_owned(),
                (false, users) => format!("Granted by {} users", number(users)),
            };
            rows.push(permission_row(&api, &asked.client_id, scope, "Delegated", status));
        }
        for role in &asked.roles {
            let has = found
                .role_assignments
                .iter()
                .any(|has| has.resource_id == asked.client_id && has.role == *role);
            let status = match (has, found.has_more_role_assignments) {
                (true, _) => "Granted by an administrator".to_owned(),
                (false, true) => "Not known: more was granted than is listed".to_owned(),
                (false, false) => String::new(),
            };
            rows.push(permission_row(&api, &asked.client_id, role, "Application", status));
        }
    }
    // What was granted without being asked for in the registration.
    for has in &found.role_assignments {
        let is_shown = |row: &PermissionRow| {
            row.kind == "Application" && row.api_id == has.resource_id && row.permission == has.role
        };
        if !rows.iter().any(is_shown) {
            let role = if has.role.is_empty() { "Default access" } else { &has.role };
            let status = "Granted by an administrator".to_owned();
            rows.push(permission_row(&has.resource, &has.resource_id, role, "Application", status));
        }
    }
    rows
}

fn permission_row(
    api: &str,
    api_id: &str,
    permission: &str,
    kind: &'static str,
    status: String,
) -> PermissionRow {
    let is_granted = status.starts_with("Granted");
    let (style, icon) = if is_granted { ("is-alive", "i-check") } else { ("is-idle", "i-idle") };
    PermissionRow {
        api: api.to_owned(),
        api_id: api_id.to_owned(),
        permission: permission.to_owned(),
        kind,
        status: if status.is_empty() { "Not granted".to_owned() } else { status },
        style,
        icon,
    }
}

fn exposed(found: &DirectoryApplicationDetails) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut add = |label, values: Vec<String>| {
        if !values.is_empty() {
            rows.push((label, values.join(", ")));
        }
    };
    add("Application ID URIs", found.identifier_uris.clone());
    add("Delegated permissions", found.scopes.clone());
    add("Application permissions", found.app_roles.clone());
    let authorized = found.preauthorized.iter().map(|client| {
        let name = client.name.clone().unwrap_or_else(|| client.client_id.clone());
        format!("{name} ({})", client.scopes.join(", "))
    });
    add("Authorized client applications", authorized.collect());
    rows
}
