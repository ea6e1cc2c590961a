//! A seed with an overlay: the users and applications of the overlay follow those of the seed.

mod mistake;
mod place;

use outlive_clock::{ClientId, ServicePrincipalId, UserId};
use outlive_rules::platform;
use outlive_wire::overlay::{
    Overlay, OverlayApplication, OverlayRedirect, OverlayRequirement, OverlayScope, OverlayUser,
};
use outlive_wire::tenant::{
    AppRoleSpec, ApplicationKind, GroupClaims, ImplicitGrants, RedirectUriSpec, RedirectUriType, ScopeSpec,
};
use serde_saphyr::{Location, Spanned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::mistake::OverlayMistake;
use super::application::{SeedApplication, SeedOptionalClaims, SeedRequirement};
use super::file::{SeedFile, SeedUser};
use super::read::Seed;

/// Maximum number of users and of applications.
const ITEMS_MAX: usize = 20;

/// What to do about a name that is taken.
const ANOTHER: &str = "choose another one";

impl Seed {
    /// Returns the seed with the users and applications of an overlay.
    ///
    /// # Errors
    /// Names that the seed has already, and permissions that it does not have. What the identity
    /// provider rejects is found when it creates the tenant.
    pub fn with_overlay(&self, overlay: &Overlay) -> Result<Self, Vec<OverlayMistake>> {
        let mut seed = self.clone();
        let mut wrong = Vec::new();
        for (what, count) in [("users", overlay.users.len()), ("applications", overlay.applications.len())] {
            if count > ITEMS_MAX {
                let message = format!("an overlay has at most {ITEMS_MAX} {what}");
                wrong.push(OverlayMistake::new(&[what], message, "write a seed file for more"));
            }
        }
        for user in &overlay.users {
            let is_same = |known: &SeedUser| known.role.value.eq_ignore_ascii_case(&user.role);
            if seed.file.users.iter().any(is_same) {
                let message = format!("there is a user with the role '{}' already", user.role.escape_debug());
                wrong.push(OverlayMistake::new(&["users", &user.role], message, ANOTHER));
            }
            seed.file.users.push(user_of(user));
        }
        let resource =
            self.file.applications.iter().find(|known| known.name.value == self.file.resource.value);
        for application in &overlay.applications {
            let name = application.name.as_str();
            let is_same = |known: &SeedApplication| known.name.value.eq_ignore_ascii_case(name);
            if seed.file.applications.iter().any(is_same) || platform::same_name(name).is_some() {
                let message =
                    format!("there is an application with the name '{}' already", name.escape_debug());
                wrong.push(OverlayMistake::new(&["applications", name], message, ANOTHER));
            }
            match application_of(application, resource) {
                Ok(application) => seed.file.applications.push(application),
                Err(mistakes) => wrong.extend(mistakes),
            }
        }
        for application in &overlay.applications {
            check_apis(application, &seed.file, &mut wrong);
        }
        if wrong.is_empty() { Ok(seed) } else { Err(wrong) }
    }
}

/// A name without a position in a file.
fn name(value: &str) -> Spanned<String> {
    Spanned { value: value.to_owned(), referenced: Location::UNKNOWN, defined: Location::UNKNOWN }
}

/// Returns an id from which those of each tenant are derived.
fn id(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new_with_prefix(b"outlive/overlay-id");
    for part in parts {
        hash.update([0]);
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn user_of(user: &OverlayUser) -> SeedUser {
    let user = user.clone();
    SeedUser {
        role: name(&user.role),
        id: UserId::from_uuid(id(&["user", &user.role])),
        display_name: user.display_name.unwrap_or(user.role),
        given_name: user.given_name,
        surname: user.surname,
        mail: user.mail,
        plan: None,
        guest: user.guest,
        password_never_expires: user.password_never_expires,
        authenticator_secret: None,
        require_mfa: user.require_mfa,
        directory_roles: user.directory_roles,
    }
}

fn application_of(
    application: &OverlayApplication,
    resource: Option<&SeedApplication>,
) -> Result<SeedApplication, Vec<OverlayMistake>> {
    let requires = requires_of(application, resource)?;
    let OverlayApplication { name: own, kind, .. } = application;
    let is_daemon = *kind == ApplicationKind::Daemon;
    let needs_secret = is_daemon || *kind == ApplicationKind::Confidential;
    let id = |part: &str, value: &str| id(&["application", own, part, value]);
    let redirect = |redirect: &OverlayRedirect| match redirect {
        OverlayRedirect::Uri(uri) => RedirectUriSpec { uri: uri.clone(), r#type: redirect_type(*kind) },
        OverlayRedirect::Typed(typed) => typed.clone(),
    };
    let scope = |scope: &OverlayScope| {
        let (value, description) = match scope {
            OverlayScope::Named(value) => (value, String::new()),
            OverlayScope::Described(described) => (&described.value, described.description.clone()),
        };
        ScopeSpec { id: id("scope", value), value: value.clone(), description }
    };
    let role = |value: &String| AppRoleSpec { id: id("role", value), value: value.clone() };
    Ok(SeedApplication {
        name: name(own),
        kind: *kind,
        client_id: ClientId::from_uuid(id("client", "")),
        object_id: id("object", ""),
        service_principal_id: ServicePrincipalId::from_uuid(id("service-principal", "")),
        first_party: false,
        redirect_uris: application.redirect_uris.iter().map(redirect).collect(),
        secret: application.secret.unwrap_or(needs_secret && application.certificates.is_empty()),
        certificates: application.certificates.clone(),
        federated_credentials: Vec::new(),
        allow_public_client: application.allow_public_client,
        identifier_uris: application.identifier_uris.clone(),
        scopes: application.scopes.iter().map(scope).collect(),
        preauthorized: Vec::new(),
        app_roles: application.app_roles.iter().map(role).collect(),
        token_version: application.token_version.unwrap_or(1),
        requires,
        admin_consented: application.admin_consented.unwrap_or(is_daemon),
        implicit: ImplicitGrants::default(),
        logout_url: application.logout_url.clone(),
        optional_claims: SeedOptionalClaims::default(),
        group_membership_claims: GroupClaims::None,
        require_mfa: application.require_mfa,
        continuous_access_evaluation: application.continuous_access_evaluation,
        event_stream: None,
    })
}

const fn redirect_type(kind: ApplicationKind) -> RedirectUriType {
    match kind {
        ApplicationKind::Public => RedirectUriType::PublicClient,
        ApplicationKind::Spa => RedirectUriType::Spa,
        ApplicationKind::Confidential | ApplicationKind::Daemon | ApplicationKind::Resource => {
            RedirectUriType::Web
        }
    }
}

/// Returns the required permissions, one entry for each API.
fn requires_of(
    application: &OverlayApplication,
    resource: Option<&SeedApplication>,
) -> Result<Vec<SeedRequirement>, Vec<OverlayMistake>> {
    let Some(requires) = &application.requires else {
        return Ok(match application.kind {
            ApplicationKind::Public | ApplicationKind::Spa | ApplicationKind::Confidential => {
                let scopes = vec!["User.Read".to_owned()];
                vec![SeedRequirement { api: name("Microsoft Graph"), scopes, roles: Vec::new() }]
            }
            ApplicationKind::Daemon | ApplicationKind::Resource => Vec::new(),
        });
    };
    let (mut all, mut wrong): (Vec<SeedRequirement>, _) = (Vec::new(), Vec::new());
    for (index, requirement) in requires.iter().enumerate() {
        let (api, scopes, roles) = match requirement {
            OverlayRequirement::OfApi(of) => (of.api.clone(), of.scopes.clone(), of.roles.clone()),
            OverlayRequirement::Permission(permission) => {
                let (scopes, roles) = match permission_of(permission, application, resource) {
                    Ok(permissions) => permissions,
                    Err((message, remedy)) => {
                        let place = ["applications", &application.name, "requires", &index.to_string()];
                        wrong.push(OverlayMistake::new(&place, message, remedy));
                        continue;
                    }
                };
                (resource.map(|api| api.name.value.clone()).unwrap_or_default(), scopes, roles)
            }
        };
        match all.iter_mut().find(|known| known.api.value == api) {
            Some(known) => {
                known.scopes.extend(scopes);
                known.roles.extend(roles);
            }
            None => all.push(SeedRequirement { api: name(&api), scopes, roles }),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}

/// Returns a permission of the seed's API as delegated or application permission.
fn permission_of(
    permission: &str,
    application: &OverlayApplication,
    resource: Option<&SeedApplication>,
) -> Result<(Vec<String>, Vec<String>), (String, String)> {
    let scopes: Vec<_> = resource.iter().flat_map(|api| &api.scopes).map(|scope| &scope.value).collect();
    let roles: Vec<_> = resource.iter().flat_map(|api| &api.app_roles).map(|role| &role.value).collect();
    let among = |offered: &[&String]| offered.iter().any(|known| known.eq_ignore_ascii_case(permission));
    let is_role = among(&roles) && (application.kind == ApplicationKind::Daemon || !among(&scopes));
    match (is_role, among(&scopes)) {
        (true, _) => Ok((Vec::new(), vec![permission.to_owned()])),
        (false, true) => Ok((vec![permission.to_owned()], Vec::new())),
        (false, false) => {
            let api = resource.map_or("the API of the seed", |api| api.name.value.as_str());
            let offered: Vec<_> = scopes.into_iter().chain(roles).map(String::as_str).collect();
            let message = format!("'{api}' offers no permission '{}'", permission.escape_debug());
            let remedy = format!(
                "use one of: {}; for another API, write {{\"api\": NAME, \"scopes\": […], \"roles\": […]}}",
                offered.join(", ")
            );
            Err((message, remedy))
        }
    }
}

/// Checks that the APIs whose permissions an application requires exist.
fn check_apis(application: &OverlayApplication, file: &SeedFile, wrong: &mut Vec<OverlayMistake>) {
    for (index, requirement) in application.requires.iter().flatten().enumerate() {
        let OverlayRequirement::OfApi(of) = requirement else { continue };
        let is_known = file.applications.iter().any(|known| known.name.value == of.api);
        if !is_known && platform::named(&of.api).is_none() {
            let names: Vec<_> = file.applications.iter().map(|known| known.name.value.as_str()).collect();
            let place = ["applications", &application.name, "requires", &index.to_string(), "api"];
            let message = format!("there is no application '{}'", of.api.escape_debug());
            let remedy = format!("use one of: Microsoft Graph, {}", names.join(", "));
            wrong.push(OverlayMistake::new(&place, message, remedy));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn overlaid(overlay: Value) -> Result<Seed, String> {
        let overlay: Overlay = serde_json::from_value(overlay).expect("the form is right");
        let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
        seed.with_overlay(&overlay)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn defaults_follow_from_the_kind() {
        let seed = overlaid(json!({"applications": {
            "Native": {"kind": "public", "redirect_uris": ["http://localhost:3000"]},
            "Page": {"kind": "spa", "redirect_uris": ["http://localhost:3000"], "requires": ["orders.read"]},
            "Site": {"kind": "confidential", "redirect_uris": ["http://localhost:3000"]},
            "Job": {"kind": "daemon", "requires": ["Orders.Read.All"]},
            "API": {"kind": "resource", "scopes": ["Files.Read"], "app_roles": ["Files.Read.All"]},
        }}))
        .expect("it fits");
        let added = &seed.file.applications[seed.file.applications.len() - 5..];
        let facts: Vec<_> = added
            .iter()
            .map(|app| {
                let redirect = app.redirect_uris.first().map(|redirect| redirect.r#type.name());
                let requires = app.requires.iter().map(|api| {
                    format!("{}: {}/{}", api.api.value, api.scopes.join(" "), api.roles.join(" "))
                });
                (
                    app.name.value.as_str(),
                    redirect,
                    app.secret,
                    app.admin_consented,
                    requires.collect::<String>(),
                )
            })
            .collect();
        let graph = || "Microsoft Graph: User.Read/".to_owned();
        assert_eq!(
            facts,
            [
                ("API", None, false, false, String::new()),
                ("Job", None, true, true, "Contoso Orders API: /Orders.Read.All".to_owned()),
                ("Native", Some("publicClient"), false, false, graph()),
                ("Page", Some("spa"), false, false, "Contoso Orders API: orders.read/".to_owned()),
                ("Site", Some("web"), true, false, graph()),
            ]
        );
    }

    #[test]
    fn what_does_not_fit_the_seed_is_named() {
        let many: serde_json::Map<_, _> = (0..=ITEMS_MAX).map(|n| (format!("u{n}"), json!({}))).collect();
        let app = |requires: Value| json!({"applications": {"A": {"kind": "spa", "requires": requires}}});
        for (overlay, message) in [
            (
                json!({"users": {"Owner": {}}}),
                "overlay.users.Owner: There is a user with the role 'Owner' already. Choose another one.",
            ),
            (
                json!({"users": [{"role": "x"}, {"role": "x"}]}),
                "overlay.users.x: There is a user with the role 'x'",
            ),
            (json!({"users": many}), "overlay.users: An overlay has at most 20 users"),
            (
                json!({"applications": {"Nightly Job": {"kind": "spa"}}}),
                "overlay.applications.Nightly Job: There is an application with the name 'Nightly Job'",
            ),
            (
                json!({"applications": {"microsoft graph": {"kind": "spa"}, "nightly job": {"kind": "spa"}}}),
                "overlay.applications.microsoft graph: There is an application with the name 'microsoft graph' \
                 already. Choose another one. overlay.applications.nightly job: There is an application",
            ),
            (
                app(json!(["Orders.Read", "Orders.Wirte"])),
                "overlay.applications.A.requires[1]: 'Contoso Orders API' offers no permission 'Orders.Wirte'. \
                 Use one of: Orders.Read, Orders.ReadWrite, Orders.Read.All, Orders.ReadWrite.All; for another",
            ),
            (
                app(json!([{"api": "Nothing"}])),
                "overlay.applications.A.requires[0].api: There is no application 'Nothing'.",
            ),
        ] {
            let mistake = overlaid(overlay).expect_err(message);
            assert!(mistake.starts_with(message), "{mistake}");
        }
    }
}
