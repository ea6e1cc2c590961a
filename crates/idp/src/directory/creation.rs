//! A new tenant's directory, as statements.

use std::collections::BTreeSet;
use std::sync::Arc;

use outlive_chassis::Problem;
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_rules::RevocationEvents;
use outlive_rules::new_password::BannedTerms;
use outlive_rules::smart_lockout::Lockout;
use outlive_store::{Change, sql};
use outlive_tokens::{Certificate, Sealer};
use url::Url;

use super::platform;
use super::{
    ALL_PRINCIPALS, AppRoleAssignment, Application, ApplicationDocument, ClientSecrets, FederatedCredential,
    Group, GroupDocument, KeyCredential, PASSWORD_NEVER_EXPIRES, PlainHttp, PrincipalType,
    REDIRECT_URI_CHARS_MAX, User, UserProfile, first_unregistrable, grant_scopes,
};
use crate::authorize::is_logout_url;
use crate::passwords::{self, HashedPassword};
use crate::second_factor::{Authenticator, SecondFactor};
use crate::spec::{ApplicationKind, ApplicationSpec, FederatedCredentialSpec, OptionalClaimSpec, TenantSpec};

/// Longest time after which passwords may expire, in days.
const MOST_DAYS: u32 = 3_650;

/// How long a client secret lives by default ("application: addPassword": start plus two years).
pub(crate) const SECRET_LIFETIME: Span = Span::from_days(730);

/// The longest name of an issuer ("federatedIdentityCredential resource type"), in characters.
const ISSUER_CHARS_MAX: usize = 600;

/// The statements that make a tenant's directory at virtual instant `now`.
///
/// # Errors
/// A description that contradicts itself.
pub(crate) async fn create(
    tenant: TenantId,
    spec: TenantSpec,
    now: Instant,
    random: &Randomness,
    secrets: &ClientSecrets,
    sealer: &Sealer,
    signing_key: i64,
) -> Result<Change, Problem> {
    let domain = spec.domain.to_ascii_lowercase();
    if domain.is_empty()
        || domain.len() > 253
        || !domain.contains('.')
        || domain.contains(['/', '@', ' ', ':'])
    {
        return Err(Problem::bad_request(format!(
            "'{domain}' is not a domain; write it like contoso.example."
        )));
    }
    BannedTerms::with(spec.banned_passwords.iter().map(String::as_str))
        .map_err(|error| Problem::bad_request(format!("banned_passwords: {error}.")))?;
    if spec.password_validity_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return Err(Problem::bad_request(format!(
            "password_validity_days is 1 to {MOST_DAYS}; leave it out if passwords do not expire."
        )));
    }
    let mut change = Change::new();
    change.add(sql!(
        "INSERT INTO tenants (tenant, domain, display_name, rules, signing_key, banned_passwords, password_validity_days, \
         require_mfa) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        domain,
        &spec.display_name,
        spec.edition.to_string(),
        signing_key,
        serde_json::json!(spec.banned_passwords),
        spec.password_validity_days,
        spec.require_mfa
    ));
    for user in spec.users {
        let mut second_factor = SecondFactor::default();
        second_factor.required = user.require_mfa;
        if let Some(secret) = &user.authenticator_secret {
            let authenticator = Authenticator::of_base32(secret.expose()).ok_or_else(|| {
                Problem::bad_request(format!(
                    "authenticator_secret of '{}' is not base32 of at least 128 bits.",
                    user.upn
                ))
            })?;
            second_factor.register(&authenticator, sealer, &mut random.stream("authenticator-secret-nonce"));
        }
        let HashedPassword(password_hash) =
            passwords::hash(tenant, user.password, random.stream("password-salt").bytes()).await?;
        let user = User {
            tenant,
            id: user.id,
            upn: user.upn,
            display_name: user.display_name,
            role: user.role,
            directory_roles: user.directory_roles,
            password_hash,
            password_changed_at: now,
            password_expired: false,
            must_change_password: false,
            enabled: true,
            deleted_at: None,
            revocations: RevocationEvents::none(),
            sessions_valid_from: now,
            lockout: Lockout::default(),
            profile: UserProfile {
                given_name: user.given_name,
                surname: user.surname,
                mail: user.mail,
                guest: user.guest,
                created_at: Some(now),
                password_policies: user.password_never_expires.then(|| PASSWORD_NEVER_EXPIRES.to_owned()),
                ..UserProfile::default()
            },
            second_factor,
            revision: 0,
        };
        change.add(user.insertion());
    }
    for spec in spec.groups {
        let document = GroupDocument { created_at: Some(now), ..GroupDocument::default() };
        let group = Group { id: spec.id, display_name: spec.display_name, document, revision: 0 };
        for statement in group.insertion(tenant, &spec.members) {
            change.add(statement);
        }
    }
    platform::insert(&mut change, tenant, &spec.applications);
    for application in spec.applications {
        add_application(&mut change, tenant, application, now, random, secrets)?;
    }
    Ok(change)
}

fn add_application(
    change: &mut Change,
    tenant: TenantId,
    spec: ApplicationSpec,
    now: Instant,
    random: &Randomness,
    secrets: &ClientSecrets,
) -> Result<(), Problem> {
    if spec.kind.is_public() && !spec.secrets.is_empty() {
        return Err(Problem::bad_request(format!(
            "The application '{}' is public and has a secret; a public client cannot keep one.",
            spec.name
        )));
    }
    let key_credentials = key_credentials(&spec, random)?;
    let federated_credentials = federated_credentials(&spec, random)?;
    let version = spec.token_version.unwrap_or(1);
    if !matches!(version, 1 | 2) {
        return Err(Problem::bad_request(format!(
            "token_version of '{}' is {version}; it can be 1 or 2.",
            spec.name
        )));
    }
    if spec.logout_url.as_deref().is_some_and(|url| !is_logout_url(url)) {
        return Err(Problem::bad_request(format!(
            "logout_url of '{}' has to be an https address, or one on this machine.",
            spec.name
        )));
    }
    if let Some(redirect) = first_unregistrable(&spec.redirect_uris, PlainHttp::Anywhere) {
        let uri = &redirect.uri;
        return Err(Problem::bad_request(format!(
            "The redirect URI '{}' of '{}' cannot be registered: it has to be an absolute URI of at most \
             {REDIRECT_URI_CHARS_MAX} characters, each once, with https, http or a native application's scheme, without \
             user information, fragment, wildcard or any of the characters \\ ! $ ' ( ) , ; and blank.",
            uri.escape_debug(),
            spec.name
        )));
    }
    let mut optional_claims = spec.optional_claims;
    if spec.continuous_access_evaluation && !optional_claims.access_token.iter().any(|c| c.name == "xms_cc") {
        // Nothing can be evaluated in a token that does not say whether its client can be challenged.
        optional_claims.access_token.push(OptionalClaimSpec::named("xms_cc"));
    }
    let application = Application {
        client_id: spec.client_id,
        service_principal_id: spec.service_principal_id,
        name: spec.name,
        enabled: true,
        revision: 0,
        document: Arc::new(ApplicationDocument {
            platform: false,
            redirect_uris: spec.redirect_uris,
            identifier_uris: spec.identifier_uris,
            scopes: spec.scopes,
            app_roles: spec.app_roles,
            token_version: version,
            required: spec.required,
            require_mfa: spec.require_mfa,
            assignment_required: false,
            allow_public_client: spec.allow_public_client.unwrap_or(spec.kind == ApplicationKind::Public),
            key_credentials,
            federated_credentials,
            object_id: spec.object_id,
            kind: spec.kind,
            optional_claims,
            group_claims: spec.group_membership_claims,
            continuous_access_evaluation: spec.continuous_access_evaluation,
            implicit: spec.implicit,
            logout_url: spec.logout_url,
        }),
    };
    for statement in application.insertion(tenant) {
        change.add(statement);
    }
    if let Some(stream) = &spec.event_stream {
        change.add(stream.insertion(tenant, application.client_id)?);
    }
    for secret in &spec.secrets {
        let key_id = random.stream("client-secret-key-id").uuid();
        change.add(secrets.insertion(tenant, application.client_id, key_id, secret, now + SECRET_LIFETIME));
    }
    if spec.admin_consented {
        for required in &application.document.required {
            let scopes: BTreeSet<String> = required.scopes.iter().cloned().collect();
            if !scopes.is_empty() {
                for statement in
                    grant_scopes(tenant, application.client_id, required.resource, ALL_PRINCIPALS, &scopes)
                {
                    change.add(statement);
                }
            }
            for role in &required.roles {
                let assignment = AppRoleAssignment {
                    principal: application.service_principal_id.uuid(),
                    principal_type: PrincipalType::ServicePrincipal,
                    resource: required.resource,
                    role: role.clone(),
                    created_at: now,
                };
                change.add(assignment.insertion(tenant));
            }
        }
    }
    Ok(())
}

/// The certificates of an application, read once.
fn key_credentials(spec: &ApplicationSpec, random: &Randomness) -> Result<Vec<KeyCredential>, Problem> {
    if spec.kind.is_public() && !spec.certificates.is_empty() {
        return Err(Problem::bad_request(format!(
            "The application '{}' is public and has a certificate; a public client cannot keep its key.",
            spec.name
        )));
    }
    let read = |(index, pem): (usize, &String)| {
        let certificate = Certificate::from_pem(pem).map_err(|refusal| {
            Problem::bad_request(format!(
                "Certificate {} of the application '{}' cannot be used: {refusal}.",
                index + 1,
                spec.name
            ))
        })?;
        Ok(KeyCredential::new(random.stream("key-credential-id").uuid(), &certificate))
    };
    spec.certificates.iter().enumerate().map(read).collect()
}

/// The other issuers of an application: web addresses, because that is where their keys are fetched.
fn federated_credentials(
    spec: &ApplicationSpec,
    random: &Randomness,
) -> Result<Vec<FederatedCredential>, Problem> {
    let read = |registered: &FederatedCredentialSpec| {
        let is_address = Url::parse(&registered.issuer)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if spec.kind.is_public() || !is_address || registered.issuer.len() > ISSUER_CHARS_MAX {
            return Err(Problem::bad_request(format!(
                "The federated credential '{}' of the application '{}' cannot be: its issuer has to be an http or https \
                 address, and the application not a public client.",
                registered.name, spec.name
            )));
        }
        let id = random.stream("federated-credential-id").uuid();
        Ok(FederatedCredential { id, registered: registered.clone(), description: None })
    };
    spec.federated_credentials.iter().map(read).collect()
}
