//! The second factor: six digits of an authenticator application (TOTP, RFC 6238), by the tenant's clock.

mod authenticator;
mod check;
mod page;

pub(crate) use authenticator::{Authenticator, SecondFactor};
pub(crate) use page::second_factor;

use outlive_rules::SecondFactorFacts;
use outlive_rules::second_factor::AMR;

use crate::directory::{Application, Tenant, User};
use crate::refusal::Refusal;

/// What the rules want to know: of a user who was signed in by the methods `amr`, for an application if it is for one.
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

/// The refusal where nobody can be asked. `resource` is what the token would be for; the client sends the `claims` of the answer
/// along when it asks the person to sign in.
pub(crate) fn told(refusal: Refusal, tenant: &Tenant, resource: &str) -> Refusal {
    refusal.with("resource", resource).with("policy", tenant.id)
}
