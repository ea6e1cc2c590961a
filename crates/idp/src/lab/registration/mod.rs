//! Validation of directory objects, as pure functions: for single objects through Graph, and for a
//! whole tenant specification through [`spec_mistakes`].

mod applications;
mod users;

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use outlive_chassis::SpecMistake;
use outlive_rules::new_password::BannedTerms;

use crate::directory::limits;
use crate::directory::spec::TenantSpec;

/// Maximum password validity, in days.
const PASSWORD_DAYS_MAX: u32 = 3_650;

/// Returns everything in a tenant specification that cannot be registered.
pub(crate) fn spec_mistakes(spec: &TenantSpec) -> Vec<SpecMistake> {
    let mut mistakes = Mistakes::default();
    tenant(spec, &mut mistakes);
    users::check(spec, &mut mistakes);
    applications::check(spec, &mut mistakes);
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

/// The problems found so far.
#[derive(Debug, Default)]
struct Mistakes(Vec<SpecMistake>);

impl Mistakes {
    fn add(&mut self, at: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(SpecMistake::new(at, message, remedy));
    }

    /// Checks a display name.
    fn name(&mut self, at: impl Into<String>, what: &str, name: &str) {
        if !limits::is_name(name) {
            self.add(
                at,
                format!("{what} has to have 1 to {} characters", limits::NAME_CHARS_MAX),
                "write another one",
            );
        }
    }

    /// Checks that values are unique; `of` are the values with their locations.
    fn unique<T: Hash + Eq + Display>(&mut self, what: &str, of: impl IntoIterator<Item = (String, T)>) {
        let mut seen = HashSet::new();
        for (at, value) in of {
            let shown = value.to_string();
            if !seen.insert(value) {
                self.add(
                    at,
                    format!("{what} '{}' is given twice", shown.escape_debug()),
                    "give every one a value of its own",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
