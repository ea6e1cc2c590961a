//! Validation of directory objects, as pure functions: for single objects through Graph, and for a
//! whole tenant specification through [`spec_mistakes`].

mod applications;
mod identities;
mod mistakes;
mod policies;
mod users;

use outlive_chassis::SpecMistake;
use outlive_rules::new_password::BannedTerms;

use self::mistakes::Mistakes;
use crate::directory::limits;
use crate::directory::spec::TenantSpec;

/// Maximum password validity, in days.
const PASSWORD_DAYS_MAX: u32 = 3_650;

/// Returns everything in a tenant specification that cannot be registered.
pub(crate) fn spec_mistakes(spec: &TenantSpec) -> Vec<SpecMistake> {
    let mut mistakes = Mistakes::default();
    tenant(spec, &mut mistakes);
    users::check(spec, &mut mistakes);
    policies::check(spec, &mut mistakes);
    applications::check(spec, &mut mistakes);
    identities::check(spec, &mut mistakes);
    mistakes.0
}

fn tenant(spec: &TenantSpec, mistakes: &mut Mistakes) {
    let domain = &spec.domain;
    if !limits::is_domain(domain) {
        mistakes.add(
            "/domain",
            format!("'{}' is not a domain", domain.escape_debug()),
            format!(
                "write letters, digits and hyphens with a dot between them, like contoso.example, in at most \
                 {} characters",
                limits::DOMAIN_CHARS_MAX
            ),
        );
    }
    mistakes.name("/display_name", "the display name", &spec.display_name);
    if let Err(error) = BannedTerms::with(spec.banned_passwords.iter().map(String::as_str)) {
        mistakes.add("/banned_passwords", error.to_string(), "correct the list of banned passwords");
    }
    if spec.password_validity_days.is_some_and(|days| !(1..=PASSWORD_DAYS_MAX).contains(&days)) {
        mistakes.add(
            "/password_validity_days",
            format!("password_validity_days is 1 to {PASSWORD_DAYS_MAX}"),
            "leave it out if passwords do not expire",
        );
    }
}

#[cfg(test)]
mod tests;
