//! Checks of the applications in a tenant specification.

use std::collections::{HashMap, HashSet};

use outlive_clock::ClientId;
use outlive_rules::platform;
use outlive_tokens::Certificate;

use super::Mistakes;
use crate::directory::limits::{self, FederatedFault, federated_fault};
use crate::directory::spec::{ApplicationSpec, TenantSpec};
use crate::directory::{PlainHttp, unregistrable};
use crate::sign_in::authorize::is_logout_url;

pub(super) fn check(spec: &TenantSpec, mistakes: &mut Mistakes) {
    let apis = Apis::of(&spec.applications);
    for (index, application) in spec.applications.iter().enumerate() {
        let mut checker = Checker { application, at: format!("/applications/{index}"), mistakes };
        checker.check();
        checker.required(&apis);
    }
    let all = || spec.applications.iter().enumerate();
    let at = |index: usize, property: &str| format!("/applications/{index}/{property}");
    mistakes.unique("the client id", all().map(|(index, app)| (at(index, "client_id"), app.client_id)));
    mistakes.unique("the object id", all().map(|(index, app)| (at(index, "object_id"), app.object_id)));
    mistakes.unique(
        "the service principal id",
        all().map(|(index, app)| (at(index, "service_principal_id"), app.service_principal_id)),
    );
    // The client id of an API is also an identifier.
    let uris = all().flat_map(|(index, app)| {
        let uris = app.identifier_uris.iter().enumerate();
        uris.map(move |(uri, name)| (format!("/applications/{index}/identifier_uris/{uri}"), name.clone()))
    });
    let clients: HashSet<_> = spec.applications.iter().map(|app| app.client_id.to_string()).collect();
    let names = clients.into_iter().map(|id| (String::new(), id)).chain(uris);
    mistakes.unique("the identifier URI", names);
    shared_names(&spec.applications, mistakes);
}

/// APIs are found by their names without regard to case and a slash at the end: no two applications
/// can share one, and none can have one of the platform's.
fn shared_names(applications: &[ApplicationSpec], mistakes: &mut Mistakes) {
    let mut owners: HashMap<String, (usize, &str)> = HashMap::new();
    for (index, application) in applications.iter().enumerate() {
        let own = application.client_id.to_string();
        let registered = platform::application(&own);
        if let Some(known) = registered.filter(|known| !known.may_be_registered()) {
            mistakes.add(
                format!("/applications/{index}/client_id"),
                format!("the client id {own} is that of '{}', which every tenant has", known.name),
                "write another client id, or remove the application",
            );
        }
        for (place, uri) in application.identifier_uris.iter().enumerate() {
            let at = format!("/applications/{index}/identifier_uris/{place}");
            if let Some(known) = platform::resource(uri).filter(|known| known.client_id != own) {
                mistakes.add(
                    at,
                    format!(
                        "the identifier URI '{}' is that of '{}', which every tenant has",
                        uri.escape_debug(),
                        known.name
                    ),
                    "write another one, for example api://orders",
                );
                continue;
            }
            let (owner, other) = *owners.entry(platform::identifier_key(uri)).or_insert((index, uri));
            if owner != index && other != uri {
                mistakes.add(
                    at,
                    format!(
                        "the identifier URI '{}' differs from '{}' of another application only in case or a slash",
                        uri.escape_debug(),
                        other.escape_debug()
                    ),
                    "write another one",
                );
            }
        }
    }
}

/// The permissions that each API of the tenant offers.
struct Apis(HashMap<ClientId, [HashSet<String>; 2]>);

impl Apis {
    fn of(applications: &[ApplicationSpec]) -> Self {
        let lower = |value: &str| value.to_ascii_lowercase();
        let platform = platform::APPLICATIONS.iter().filter_map(|known| {
            let offered = [known.delegated, known.application]
                .map(|all| all.iter().map(|permission| lower(permission.value)).collect());
            Some((known.client_id.parse().ok()?, offered))
        });
        let own = applications.iter().map(|application| {
            let scopes = application.scopes.iter().map(|scope| lower(&scope.value)).collect();
            let roles = application.app_roles.iter().map(|role| lower(&role.value)).collect();
            (application.client_id, [scopes, roles])
        });
        Self(platform.chain(own).collect())
    }
}

/// Checks one application.
struct Checker<'a> {
    application: &'a ApplicationSpec,
    at: String,
    mistakes: &'a mut Mistakes,
}

impl Checker<'_> {
    fn wrong(&mut self, property: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.mistakes.add(format!("{}/{property}", self.at), message, remedy);
    }

    /// Checks the number of values of a property.
    fn at_most(&mut self, (property, count): (&str, usize), (max, what): (usize, &str)) {
        if count > max {
            self.wrong(property, what.replace("{}", &max.to_string()), "remove some");
        }
    }

    fn check(&mut self) {
        let (application, name) = (self.application, self.application.name.escape_debug());
        self.mistakes.name(format!("{}/name", self.at), "the name of an application", &application.name);
        let own = application.client_id.to_string();
        if let Some(known) = limits::platform_name(&application.name, &own) {
            let message = format!("every tenant has an application with the name '{known}'");
            self.wrong("name", message, "write another name");
        }
        let version = application.token_version.unwrap_or(1);
        if !matches!(version, 1 | 2) {
            let message = format!("token_version of '{name}' is {version}");
            self.wrong("token_version", message, "write 1 or 2");
        }
        if application.logout_url.as_deref().is_some_and(|url| !is_logout_url(url)) {
            self.wrong(
                "logout_url",
                format!("the logout_url of '{name}' cannot be registered"),
                "write an https address, or an http address on localhost, of at most 255 characters, without user \
                 information and fragment",
            );
        }
        for (index, why) in unregistrable(&application.redirect_uris, PlainHttp::Anywhere) {
            let uri = &application.redirect_uris[index].uri;
            self.wrong(
                &format!("redirect_uris/{index}"),
                format!("the redirect URI '{}' of '{name}' cannot be registered: {why}", uri.escape_debug()),
                "write another URI, or remove it",
            );
        }
        self.identifier_uris();
        self.permissions();
        self.credentials();
        for (kind, claims) in [
            ("id_token", &application.optional_claims.id_token),
            ("access_token", &application.optional_claims.access_token),
        ] {
            let most = (limits::OPTIONAL_CLAIMS_MAX, "an application has at most {} optional claims");
            self.at_most((&format!("optional_claims/{kind}"), claims.len()), most);
        }
        if let Some((property, message)) =
            application.event_stream.as_ref().and_then(crate::directory::event_stream::fault)
        {
            self.wrong(&format!("event_stream/{property}"), message, "correct the value");
        }
    }

    fn identifier_uris(&mut self) {
        let uris = &self.application.identifier_uris;
        let own = self.application.client_id.to_string();
        let most = (limits::IDENTIFIER_URIS_MAX, "an application has at most {} identifier URIs");
        self.at_most(("identifier_uris", uris.len()), most);
        for (index, uri) in uris.iter().enumerate() {
            if !limits::is_identifier_uri(uri, &own) {
                self.wrong(
                    &format!("identifier_uris/{index}"),
                    format!("'{}' cannot be an identifier URI", uri.escape_debug()),
                    "write a URI with a scheme, for example api://orders, of at most 256 characters",
                );
            }
        }
    }

    fn permissions(&mut self) {
        let scopes: Vec<_> = self.application.scopes.iter().map(|s| (s.id, s.value.as_str())).collect();
        let roles: Vec<_> = self.application.app_roles.iter().map(|r| (r.id, r.value.as_str())).collect();
        for (property, permissions) in [("scopes", scopes), ("app_roles", roles)] {
            let most = format!("an application offers at most {{}} {property}");
            self.at_most((property, permissions.len()), (limits::PERMISSIONS_MAX, &most));
            for (index, (_, value)) in permissions.iter().enumerate() {
                if !limits::is_permission_name(value) {
                    self.wrong(
                        &format!("{property}/{index}/value"),
                        format!("'{}' cannot be the name of a permission", value.escape_debug()),
                        "write 1 to 120 printable ASCII characters without blanks, quotes, \\ and /, the first not a dot",
                    );
                }
            }
            let at = |index: usize, member: &str| format!("{}/{property}/{index}/{member}", self.at);
            let all = || permissions.iter().enumerate();
            let ids: Vec<_> = all().map(|(index, (id, _))| (at(index, "id"), *id)).collect();
            let values: Vec<_> = all().map(|(index, (_, value))| (at(index, "value"), *value)).collect();
            self.mistakes.unique("the id of a permission", ids);
            self.mistakes.unique("the permission", values);
        }
        let most = (limits::APIS_MAX, "an application pre-authorizes at most {} clients");
        self.at_most(("preauthorized", self.application.preauthorized.len()), most);
        for (index, preauthorized) in self.application.preauthorized.iter().enumerate() {
            for scope in &preauthorized.scopes {
                if !self.application.scopes.iter().any(|offered| offered.value == *scope) {
                    self.wrong(
                        &format!("preauthorized/{index}/scopes"),
                        format!("the application does not offer the permission '{}'", scope.escape_debug()),
                        "add it to scopes of the application, or remove it here",
                    );
                }
            }
        }
    }

    fn credentials(&mut self) {
        let application = self.application;
        let name = application.name.escape_debug().to_string();
        let is_public = application.kind.is_public();
        for (property, what, is_given) in [
            ("secrets", "a secret", !application.secrets.is_empty()),
            ("certificates", "a certificate", !application.certificates.is_empty()),
            (
                "federated_credentials",
                "a federated credential",
                !application.federated_credentials.is_empty(),
            ),
        ] {
            if is_public && is_given {
                self.wrong(
                    property,
                    format!("the application '{name}' is a public client and has {what}"),
                    "remove it, or make the application confidential: a public client cannot keep a credential",
                );
            }
        }
        let most = (limits::CERTIFICATES_MAX, "an application has at most {} certificates");
        self.at_most(("certificates", application.certificates.len()), most);
        for (index, pem) in application.certificates.iter().enumerate() {
            if let Err(refusal) = Certificate::from_pem(pem) {
                self.wrong(
                    &format!("certificates/{index}"),
                    format!(
                        "certificate {} of the application '{name}' cannot be used: {refusal}",
                        index + 1
                    ),
                    "write an RSA certificate in PEM form, with its BEGIN and END lines",
                );
            }
        }
        let federated = &application.federated_credentials;
        let most = (limits::FEDERATED_CREDENTIALS_MAX, "an application has at most {} federated credentials");
        self.at_most(("federated_credentials", federated.len()), most);
        for (index, credential) in federated.iter().enumerate() {
            let Some(fault) = federated_fault(credential, &federated[..index]) else { continue };
            let (property, why) = match fault {
                FederatedFault::Property(property) => (property, federated_rule(property)),
                FederatedFault::SameName => ("name", "an earlier one has the same name"),
                FederatedFault::SameIssuerAndSubject => {
                    ("subject", "an earlier one has the same issuer and subject")
                }
            };
            self.wrong(
                &format!("federated_credentials/{index}/{property}"),
                format!(
                    "the federated credential '{}' of '{name}' cannot be registered: {why}",
                    credential.name.escape_debug()
                ),
                "correct the value",
            );
        }
    }

    /// Checks that the required permissions exist and that each API is listed once.
    fn required(&mut self, apis: &Apis) {
        let required = &self.application.required;
        let most = (limits::APIS_MAX, "an application requires permissions of at most {} APIs");
        self.at_most(("required", required.len()), most);
        let at = self.at.clone();
        let resources =
            required.iter().enumerate().map(|(index, api)| (format!("{at}/required/{index}"), api.resource));
        self.mistakes.unique("the required API", resources);
        for (index, api) in required.iter().enumerate() {
            let Some(offered) = apis.0.get(&api.resource) else {
                let message = format!("there is no API {}", api.resource);
                self.wrong(
                    &format!("required/{index}/resource"),
                    message,
                    "name an application of the tenant",
                );
                continue;
            };
            for (kind, what, values, offered) in [
                ("scopes", "delegated permission", &api.scopes, &offered[0]),
                ("roles", "application permission", &api.roles, &offered[1]),
            ] {
                for (value_index, value) in values.iter().enumerate() {
                    if !offered.contains(&value.to_ascii_lowercase()) {
                        self.wrong(
                            &format!("required/{index}/{kind}/{value_index}"),
                            format!("the API offers no {what} '{}'", value.escape_debug()),
                            "check the name, or add the permission to the API",
                        );
                    }
                }
                let values = values.iter().enumerate();
                let at = &self.at;
                let places: Vec<_> = values
                    .map(|(n, value)| {
                        (format!("{at}/required/{index}/{kind}/{n}"), value.to_ascii_lowercase())
                    })
                    .collect();
                self.mistakes.unique("the permission", places);
            }
        }
    }
}

/// Returns the rule for a property of a federated credential.
fn federated_rule(property: &str) -> &'static str {
    match property {
        "name" => "its name has to have 3 to 120 letters, digits, - and _",
        "issuer" => "its issuer has to be an http or https address of at most 600 characters",
        "subject" => "its subject has to have 1 to 600 characters",
        _ => "it has to have exactly one audience, of 1 to 600 characters",
    }
}
