//! The scenarios that reproduce reported cases.

/// The files of `scenarios/reported`, by name.
const SCENARIOS: [(&str, &str); 23] = [
    (
        "bad-key-authorization-token",
        include_str!("../../../../scenarios/reported/bad-key-authorization-token.yaml"),
    ),
    (
        "connection-does-not-contain-an-access-token",
        include_str!("../../../../scenarios/reported/connection-does-not-contain-an-access-token.yaml"),
    ),
    (
        "connection-error-aadsts50173",
        include_str!("../../../../scenarios/reported/connection-error-aadsts50173.yaml"),
    ),
    (
        "connection-is-disabled-so-it-cannot-be-used",
        include_str!("../../../../scenarios/reported/connection-is-disabled-so-it-cannot-be-used.yaml"),
    ),
    (
        "connection-key-expires-after-seven-days",
        include_str!("../../../../scenarios/reported/connection-key-expires-after-seven-days.yaml"),
    ),
    (
        "connection-unused-for-90-days-aadsts700082",
        include_str!("../../../../scenarios/reported/connection-unused-for-90-days-aadsts700082.yaml"),
    ),
    (
        "connector-secret-is-wrong-aadsts7000215",
        include_str!("../../../../scenarios/reported/connector-secret-is-wrong-aadsts7000215.yaml"),
    ),
    (
        "connectors-must-be-signed-in-again-because-of-mfa",
        include_str!("../../../../scenarios/reported/connectors-must-be-signed-in-again-because-of-mfa.yaml"),
    ),
    (
        "fix-connection-changes-nothing",
        include_str!("../../../../scenarios/reported/fix-connection-changes-nothing.yaml"),
    ),
    (
        "flow-fails-connection-needs-to-be-signed-in-again",
        include_str!("../../../../scenarios/reported/flow-fails-connection-needs-to-be-signed-in-again.yaml"),
    ),
    (
        "flow-is-not-allowed-to-access-connection",
        include_str!("../../../../scenarios/reported/flow-is-not-allowed-to-access-connection.yaml"),
    ),
    (
        "flow-still-works-after-several-password-changes",
        include_str!("../../../../scenarios/reported/flow-still-works-after-several-password-changes.yaml"),
    ),
    (
        "flows-fail-after-owner-left",
        include_str!("../../../../scenarios/reported/flows-fail-after-owner-left.yaml"),
    ),
    ("missing-connection-acl", include_str!("../../../../scenarios/reported/missing-connection-acl.yaml")),
    (
        "no-bulk-repair-of-broken-connections",
        include_str!("../../../../scenarios/reported/no-bulk-repair-of-broken-connections.yaml"),
    ),
    (
        "nothing-runs-but-all-connections-are-connected",
        include_str!("../../../../scenarios/reported/nothing-runs-but-all-connections-are-connected.yaml"),
    ),
    (
        "password-of-service-account-expires",
        include_str!("../../../../scenarios/reported/password-of-service-account-expires.yaml"),
    ),
    (
        "password-reset-or-login-disabled-or-permission-removed",
        include_str!(
            "../../../../scenarios/reported/password-reset-or-login-disabled-or-permission-removed.yaml"
        ),
    ),
    (
        "redirect-uri-does-not-match",
        include_str!("../../../../scenarios/reported/redirect-uri-does-not-match.yaml"),
    ),
    (
        "resource-is-disabled-aadsts500014",
        include_str!("../../../../scenarios/reported/resource-is-disabled-aadsts500014.yaml"),
    ),
    (
        "sign-in-required-aadsts70043-or-50173",
        include_str!("../../../../scenarios/reported/sign-in-required-aadsts70043-or-50173.yaml"),
    ),
    (
        "still-connected-after-password-change",
        include_str!("../../../../scenarios/reported/still-connected-after-password-change.yaml"),
    ),
    (
        "which-connections-break-when-a-service-account-changes-its-password",
        include_str!(
            "../../../../scenarios/reported/which-connections-break-when-a-service-account-changes-its-password.yaml"
        ),
    ),
];

/// Returns the scenario file of this name, without its extension.
pub fn reproduction(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_reported_scenario_is_there() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/reported");
        let mut files = 0;
        for entry in std::fs::read_dir(directory).expect("the directory exists") {
            let path = entry.expect("readable").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("UTF-8");
            assert_eq!(reproduction(name), std::fs::read_to_string(&path).ok().as_deref(), "{name}");
            files += 1;
        }
        assert_eq!(files, SCENARIOS.len());
    }
}
