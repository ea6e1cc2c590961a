//! Whether multifactor authentication is required and done, and the errors where it is missing.

use outlive_rules::second_factor::AMR;
use outlive_rules::{SecondFactorFacts, aadsts};
use outlive_store::StoreError;
use uuid::Uuid;

use super::conditional_access::RefusingPolicies;
use crate::directory::{Application, Directory, Tenant, User};
use crate::protocol::refusal::Refusal;

/// Returns the MFA facts of a user who signed in by the methods `amr`, optionally for an
/// application.
pub(crate) fn facts(
    tenant: &Tenant,
    user: &User,
    application: Option<&Application>,
    amr: &[String],
) -> SecondFactorFacts {
    let by_application = application.is_some_and(|application| application.document.require_mfa);
    SecondFactorFacts {
        required: tenant.require_mfa || user.second_factor.required || by_application,
        done: amr.iter().any(|method| method == AMR),
        registered: user.second_factor.is_registered(),
    }
}

/// Completes a refusal that requires MFA where no page can be shown, or that a policy causes.
///
/// For required MFA, the message contains the application ID of the requested API, whatever
/// identifier the request has. The client includes the `claims` of the response, which name the
/// policy, when it prompts the user.
pub(crate) async fn complete(
    refusal: Refusal,
    directory: &Directory,
    tenant: &Tenant,
    resource: &str,
    policies: RefusingPolicies,
) -> Result<Refusal, StoreError> {
    // Without a policy that asks for it, the tenant, the user or the application requires MFA.
    let named = |policy: Option<Uuid>| policy.unwrap_or_else(|| tenant.id.uuid());
    if refusal.error == aadsts::BLOCKED_BY_POLICY {
        return Ok(refusal.with("policy", named(policies.block)));
    }
    if ![aadsts::MFA_REQUIRED, aadsts::MFA_NOT_REGISTERED].contains(&refusal.error) {
        return Ok(refusal);
    }
    let application = directory.resource(tenant.id, resource).await?;
    let name = application.map_or_else(|| resource.to_owned(), |api| api.client_id.to_string());
    Ok(refusal.with("resource", name).with("policy", named(policies.second_factor)))
}
