//! Whether multifactor authentication is required and done, and the errors where it is missing.

use outlive_rules::conditional_access::{GrantControl, Policy, PolicyState};
use outlive_rules::second_factor::AMR;
use outlive_rules::{SecondFactorFacts, aadsts};
use outlive_store::StoreError;
use uuid::Uuid;

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
/// identifier the request has. The client includes the `claims` of the response when it prompts the
/// user.
pub(crate) async fn complete(
    refusal: Refusal,
    directory: &Directory,
    tenant: &Tenant,
    resource: &str,
) -> Result<Refusal, StoreError> {
    if refusal.error == aadsts::BLOCKED_BY_POLICY {
        let facts = refusal.decision.as_ref().map(|decision| &decision.verdict.facts);
        let name = facts.and_then(|facts| facts.iter().find(|fact| fact.name == "policy"));
        let is_named = |policy: &Policy| name.is_some_and(|name| name.value == policy.display_name);
        let policy = policy_in_force(tenant, GrantControl::Block, is_named);
        return Ok(refusal.with("policy", policy.unwrap_or_else(|| tenant.id.uuid())));
    }
    if ![aadsts::MFA_REQUIRED, aadsts::MFA_NOT_REGISTERED].contains(&refusal.error) {
        return Ok(refusal);
    }
    let application = directory.resource(tenant.id, resource).await?;
    let name = application.map_or_else(|| resource.to_owned(), |api| api.client_id.to_string());
    // Without a policy that asks for it, the tenant, the user or the application requires it.
    let policy = policy_in_force(tenant, GrantControl::Mfa, |_| true).unwrap_or_else(|| tenant.id.uuid());
    Ok(refusal.with("resource", name).with("policy", policy))
}

/// The id of the first policy in force that has a control. Display names are not unique.
fn policy_in_force(tenant: &Tenant, control: GrantControl, fits: impl Fn(&Policy) -> bool) -> Option<Uuid> {
    let has_control = |policy: &Policy| {
        policy.grant_controls.as_ref().is_some_and(|grant| grant.built_in_controls.contains(&control))
    };
    let mut policies = tenant.policies.conditional_access.iter();
    let found = policies
        .find(|kept| kept.says.state == PolicyState::Enabled && has_control(&kept.says) && fits(&kept.says));
    found.map(|kept| kept.id)
}
