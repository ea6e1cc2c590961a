//! Creation of a tenant's directory.

use std::collections::BTreeSet;
use std::sync::Arc;

use outlive_chassis::Problem;
use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_store::{Change, sql};
use outlive_tokens::{Certificate, Sealer};
use serde_json::json;

use super::managed_identity;
use super::platform_applications;
use super::tenant_keys;
use super::{
    ALL_PRINCIPALS, AppRoleAssignment, Application, ApplicationDocument, ClientSecrets, FederatedCredential,
    Group, GroupDocument, IdentityEndpoint, KeyCredential, PASSWORD_NEVER_EXPIRES, Policies, PrincipalType,
    User, UserProfile, grant_scopes,
};
use crate::directory::passwords::{self, HashedPassword};
use crate::directory::spec::{
    ApplicationKind, ApplicationSpec, FederatedCredentialSpec, OptionalClaimSpec, TenantSpec,
};
use crate::directory::{Authenticator, SecondFactor};

/// Default lifetime of a client secret ("application: addPassword": start plus two years).
pub(crate) const SECRET_LIFETIME: Span = Span::from_days(730);
/// The same for the platform's own applications: longer than a lab runs, as the platform renews
/// them and no user notices.
const PLATFORM_SECRET_LIFETIME: Span = Span::from_days(36_500);

/// Returns the statements that create a tenant's directory at virtual instant `now`.
///
/// # Errors
/// A specification that `registration` rejects.
pub(crate) fn create(
    tenant: TenantId,
    spec: TenantSpec,
    now: Instant,
    random: &Randomness,
    installation: &Sealer,
    signing_key: i64,
) -> Result<Change, Problem> {
    let (secret, nonce) = (&mut random.stream("tenant-keys"), &mut random.stream("tenant-keys-nonce"));
    let (keys, keys_sealed) = tenant_keys::draw(tenant, installation, secret, nonce);
    let (sealer, secrets) = (keys.sealer(), keys.secrets());
    let domain = spec.domain.to_ascii_lowercase();
    let mut change = Change::new();
    change.add(sql!(
        "INSERT INTO tenants (tenant, domain, display_name, rules, signing_key, banned_passwords, password_validity_days, \
         require_mfa, keys_sealed, policies) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        domain,
        &spec.display_name,
        spec.edition.to_string(),
        signing_key,
        json!(spec.banned_passwords),
        spec.password_validity_days,
        spec.require_mfa,
        keys_sealed,
        json!(Policies::created(spec.policies, now))
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
        let mut nonce = random.stream("password-nonce");
        let HashedPassword(password_hash) =
            passwords::seal(tenant, user.id, &user.password, sealer, &mut nonce);
        let user = User {
            upn: user.upn,
            display_name: user.display_name,
            role: user.role,
            directory_roles: user.directory_roles,
            password_hash,
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
            ..User::new(tenant, user.id, now)
        };
        change.add(user.insert());
    }
    for spec in spec.groups {
        let document = GroupDocument { created_at: Some(now), ..GroupDocument::default() };
        let group = Group { id: spec.id, display_name: spec.display_name, document, revision: 0 };
        change.append(group.insert(tenant, &spec.members));
    }
    platform_applications::insert(&mut change, tenant, &spec.applications);
    for application in spec.applications {
        add_application(&mut change, tenant, application, now, random, secrets)?;
    }
    for identity in &spec.managed_identities {
        change.append(managed_identity::insert_seeded(tenant, identity, now));
    }
    for endpoint in spec.identity_endpoints {
        change.add(IdentityEndpoint::of_spec(endpoint, secrets).upsert(tenant));
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
    let key_credentials = key_credentials(&spec, random)?;
    let federated_credentials = federated_credentials(&spec, random);
    let version = spec.token_version.unwrap_or(1);
    let mut optional_claims = spec.optional_claims;
    if spec.continuous_access_evaluation && !optional_claims.access_token.iter().any(|c| c.name == "xms_cc") {
        // Tokens for a CAE-enabled API need `xms_cc` to show whether the client is CAE-capable.
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
            preauthorized: spec.preauthorized,
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
            managed_identity: None,
        }),
    };
    change.append(application.insert(tenant));
    if let Some(stream) = &spec.event_stream {
        change.add(crate::directory::event_stream::insert(stream, tenant, application.client_id)?);
    }
    let lifetime = if spec.first_party { PLATFORM_SECRET_LIFETIME } else { SECRET_LIFETIME };
    for secret in &spec.secrets {
        let key_id = random.stream("client-secret-key-id").uuid();
        change.add(secrets.insert(tenant, application.client_id, key_id, secret, now + lifetime));
    }
    if spec.admin_consented {
        for required in &application.document.required {
            let scopes: BTreeSet<String> = required.scopes.iter().cloned().collect();
            if !scopes.is_empty() {
                let client = application.client_id;
                change.append(grant_scopes(tenant, client, required.resource, ALL_PRINCIPALS, &scopes));
            }
            for role in &required.roles {
                let assignment = AppRoleAssignment {
                    principal: application.service_principal_id.uuid(),
                    principal_type: PrincipalType::ServicePrincipal,
                    resource: required.resource,
                    role: role.clone(),
                    created_at: now,
                };
                change.add(assignment.insert(tenant));
            }
        }
    }
    Ok(())
}

fn key_credentials(spec: &ApplicationSpec, random: &Randomness) -> Result<Vec<KeyCredential>, Problem> {
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

fn federated_credentials(spec: &ApplicationSpec, random: &Randomness) -> Vec<FederatedCredential> {
    let read = |registered: &FederatedCredentialSpec| {
        let id = random.stream("federated-credential-id").uuid();
        FederatedCredential { id, registered: registered.clone(), description: None }
    };
    spec.federated_credentials.iter().map(read).collect()
}
