//! Checks of values that no service sends or accepts.

use outlive_rules::new_password::{self, BannedTerms, PasswordOwner};
use serde_saphyr::Spanned;

use super::checker::Checker;
use crate::diagnostic::Position;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Checker<'_> {
    pub(in crate::scenario) fn method(&mut self, method: &Spanned<String>) {
        if !METHODS.contains(&method.value.as_str()) {
            let message = format!("'{}' is not an HTTP method", method.value);
            self.wrong_at(Position::of(method), message, format!("use one of: {}", METHODS.join(", ")));
        }
    }

    /// Checks a path and query.
    pub(in crate::scenario) fn path(&mut self, path: &Spanned<String>, example: &str) {
        let at = Position::of(path);
        self.text(at, &path.value);
        if !path.value.starts_with('/') {
            let message = format!("'{}' is not an absolute path", path.value);
            self.wrong_at(at, message, format!("begin it with /, for example {example}"));
        } else if path.value.contains(|c: char| c.is_control() || c == '#') {
            let message = format!("'{}' contains characters that are not valid in a path", path.value);
            self.wrong_at(at, message, "write them percent-encoded, or leave them out");
        }
    }

    pub(in crate::scenario) fn http_status(&mut self, status: &Spanned<u16>) {
        if !(200..=599).contains(&status.value) {
            let message = format!("no service answers with status {}", status.value);
            self.wrong_at(Position::of(status), message, "write an HTTP status from 200 to 599");
        }
    }

    /// Checks a new password of a user of the seed.
    pub(in crate::scenario) fn new_password(&mut self, role: &str, password: &Spanned<String>) {
        let Some(seed) = self.seed else { return };
        let Some(user) = seed.file.users.iter().find(|user| user.role.value == role) else { return };
        let tenant = &seed.file.tenant;
        let Ok(banned) = BannedTerms::with(tenant.banned_passwords.iter().map(String::as_str)) else {
            return;
        };
        let upn = format!("{role}@{}", tenant.domain);
        // The name of the tenant is that of the scenario, so only rules that do not depend on it
        // apply.
        let owner = PasswordOwner { upn: &upn, display_name: &user.display_name, tenant_name: "" };
        if let Err(weak) = new_password::check(&password.value, &owner, &banned) {
            let remedy = "write another one, or omit it to have one generated";
            self.wrong_at(Position::of(password), weak.to_string(), remedy);
        }
    }
}
