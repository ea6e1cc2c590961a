//! Which source explains the expected outcome of a cell.

use super::columns::{Client, Column, Kind};
use super::expected::{ExpectedRow, Outcome};
use super::rows::Row;
use super::source::*;

/// Returns the source of a row's cell.
pub(super) fn source(row: &ExpectedRow, at: usize, column: &Column) -> Source {
    if let Some((_, other)) = row.others.iter().find(|(name, _)| *name == column.name) {
        return *other;
    }
    let cell = row.cells[at];
    if cell.outcome == Outcome::KeepsWorking {
        return independence(row.row, column.kind).unwrap_or(row.source);
    }
    match column.kind {
        Kind::Delegated(Client::Generic { offline_access: false }) if cell.is_without_refresh_token() => {
            NO_OFFLINE_ACCESS
        }
        // Ours already, and more exact.
        Kind::OnBehalfOf if !matches!(row.source, Source::Choice(_)) => EXCHANGED,
        _ => row.source,
    }
}

/// Returns why an event does not concern a credential, unless the source of the row says it.
fn independence(row: Row, kind: Kind) -> Option<Source> {
    Some(match (row, kind) {
        (Row::AccessRemoved, Kind::Http | Kind::ManagedIdentity) => NO_CONNECTION,
        (Row::AccessRemoved, Kind::OnBehalfOf) => OWN_CONNECTION,
        (Row::IdleFor90Days, Kind::OnBehalfOf) => NOTHING_STORED,
        (_, Kind::ManagedIdentity) => OF_PLATFORM,
        (_, Kind::ApiKey) => NO_TOKEN,
        (_, Kind::Password) => NO_TOKEN_OF_HUB,
        (Row::SecretExpires | Row::SecretRotated, Kind::Delegated(_)) => NO_SECRET,
        (Row::CertificateExpires, _) => NO_CERTIFICATE,
        (Row::RedirectUriRemoved, _) => NO_REDIRECT,
        (Row::MfaRequired, Kind::Delegated(Client::Public { passkey: true })) => PASSKEY,
        (Row::SignInFrequency, Kind::Delegated(_) | Kind::OnBehalfOf) => SESSION,
        (Row::SigningKeyRotated, _) => return None,
        (_, Kind::OnBehalfOf) => AS_CONFIDENTIAL,
        (_, Kind::ServicePrincipal | Kind::Http) => NO_USER,
        (_, Kind::Delegated(_)) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::connections::columns::COLUMNS;
    use crate::matrix::connections::expected::EXPECTED;

    /// Sources that tell how something fails.
    const OF_FAILURES: [Source; 14] = [
        BROKEN,
        MFA,
        CREDENTIALS,
        ACL,
        LEAVER,
        FREQUENCY,
        NO_OFFLINE_ACCESS,
        CONSENT,
        CERTIFICATE,
        APPLICATION,
        EACH_CALL,
        ROPC,
        BACK_END,
        EXCHANGED,
    ];

    #[test]
    fn a_working_cell_has_no_source_that_tells_of_failures_and_no_other_is_independent() {
        for row in &EXPECTED {
            for (at, column) in COLUMNS.iter().enumerate() {
                let source = source(row, at, column);
                let cell = format!("{} {}: {source:?}", row.row.name(), column.name);
                if row.cells[at].outcome == Outcome::KeepsWorking {
                    assert!(!OF_FAILURES.contains(&source), "{cell}");
                } else {
                    assert!(!matches!(source, Source::Independent(_)), "{cell}");
                }
            }
        }
    }

    #[test]
    fn a_code_that_the_orders_api_tells_of_a_password_is_our_choice() {
        let at = COLUMNS.iter().position(|column| column.kind == Kind::Password).expect("a column");
        for row in &EXPECTED {
            let is_code = row.cells[at].code().is_some_and(|code| code.starts_with("AADSTS"));
            let source = source(row, at, &COLUMNS[at]);
            assert!(!is_code || matches!(source, Source::Choice(_)), "{} {source:?}", row.row.name());
        }
    }
}
