//! The expected outcome of every cell, with its repair and its source: the same table as in the
//! reference, written down and not computed.
//!
//! `OK` keeps working; `now` breaks at the next run; `next` breaks when the connection needs a new
//! token; `back` recovers by itself. Numbers up to 599 are the HTTP status of the call, others are
//! AADSTS codes.

use super::columns::{COLUMNS, Client, Kind};
use super::rows::Row;
use super::source::*;
use super::step::Step;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    KeepsWorking,
    BreaksAtOnce,
    BreaksAtNextRefresh,
    Recovers,
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KeepsWorking => "keeps_working",
            Self::BreaksAtOnce => "breaks_at_once",
            Self::BreaksAtNextRefresh => "breaks_at_next_refresh",
            Self::Recovers => "recovers",
        }
    }
}

/// An expected cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    code: u32,
}

impl Expected {
    /// Whether it breaks because there is no refresh token.
    pub(super) fn is_without_refresh_token(self) -> bool {
        self == ANY
    }

    /// Returns the code as in JSON: `AADSTS50173`, `403`, or words.
    pub(super) fn code(self) -> Option<String> {
        match (self.outcome, self.code) {
            (Outcome::KeepsWorking, _) => None,
            (_, NO_REFRESH_TOKEN) => Some(MISSING_REFRESH_TOKEN.to_owned()),
            (_, status @ 1..=599) => Some(status.to_string()),
            (_, aadsts) => Some(format!("AADSTS{aadsts}")),
        }
    }
}

/// The hub's own words, which are the code of a connection without a refresh token.
pub(super) const MISSING_REFRESH_TOKEN: &str = "Missing refresh token";
const NO_REFRESH_TOKEN: u32 = 0;

const OK: Expected = Expected { outcome: Outcome::KeepsWorking, code: 0 };
/// Without `offline_access`: at the next refresh, whatever happens.
const ANY: Expected = Expected { outcome: Outcome::BreaksAtNextRefresh, code: NO_REFRESH_TOKEN };

const fn now(code: u32) -> Expected {
    Expected { outcome: Outcome::BreaksAtOnce, code }
}

const fn next(code: u32) -> Expected {
    Expected { outcome: Outcome::BreaksAtNextRefresh, code }
}

const fn back(code: u32) -> Expected {
    Expected { outcome: Outcome::Recovers, code }
}

/// A row of the table.
pub(super) struct ExpectedRow {
    pub(super) row: Row,
    pub(super) cells: [Expected; COLUMNS.len()],
    /// The steps of its repair. Each applies to the columns that it concerns.
    pub(super) repair: &'static [Step],
    pub(super) source: Source,
    /// Other sources of single columns.
    pub(super) others: &'static [(&'static str, Source)],
}

#[rustfmt::skip]
pub(super) static EXPECTED: [ExpectedRow; 27] = {
    use Row::*;
    use Step::*;
    const P: [(&str, Source); 1] = [("basic", BACK_END)];
    const H: [(&str, Source); 1] = [("http_entra", EACH_CALL)];
    const B: [(&str, Source); 1] = [("basic", ROPC)];
    const HB: [(&str, Source); 2] = [("http_entra", EACH_CALL), ("basic", ROPC)];
    const D: [(&str, Source); 2] = [("http_entra", EACH_CALL), ("on_behalf_of", BROKEN)];
    const G: [(&str, Source); 1] = [("generic", NO_CAPABILITY)];
    const fn row(
        row: Row, cells: [Expected; COLUMNS.len()], repair: &'static [Step], source: Source,
        others: &'static [(&'static str, Source)],
    ) -> ExpectedRow {
        ExpectedRow { row, cells, repair, source, others }
    }
    [
        //                          secret         certificate    behalf        generic        short  public         passkey        spa            principal      http          identity basic        key
        row(PasswordChangedByUser,      [OK,           OK,            OK,            OK,            ANY,   next(50173),   OK,            next(50173),   OK,            OK,           OK,      now(50126),  OK],
            &[SignIn, SignInToPortal, EnterPassword], TABLE, &P),
        row(Sspr,                       [OK,           OK,            OK,            OK,            ANY,   next(50173),   OK,            next(50173),   OK,            OK,           OK,      now(50126),  OK],
            &[SignIn, SignInToPortal, EnterPassword], TABLE, &P),
        row(AdminResetAzurePortal,      [OK,           OK,            OK,            OK,            ANY,   next(50173),   OK,            next(50173),   OK,            OK,           OK,      now(50126),  OK],
            &[SignIn, SignInToPortal, EnterPassword], TABLE, &P),
        row(AdminResetEntraAdminCenter, [next(50173),  next(50173),   now(50173),    next(50173),   ANY,   next(50173),   next(50173),   next(50173),   OK,            OK,           OK,      now(50126),  OK],
            &[SignIn, SignInToPortal, EnterPassword], TABLE, &P),
        row(AdminResetM365AdminCenter,  [next(50173),  next(50173),   now(50173),    next(50173),   ANY,   next(50173),   next(50173),   next(50173),   OK,            OK,           OK,      now(50126),  OK],
            &[SignIn, SignInToPortal, EnterPassword], TABLE, &P),
        row(PasswordExpires,            [OK,           OK,            OK,            OK,            ANY,   OK,            OK,            OK,            OK,            OK,           OK,      now(50055),  OK],
            &[ChangePassword, SignIn, EnterPassword], TABLE, &P),
        row(UserRevokes,                [next(50173),  next(50173),   now(50173),    next(50173),   ANY,   next(50173),   next(50173),   next(50173),   OK,            OK,           OK,      OK,          OK],
            &[SignIn, SignInToPortal], TABLE, &[]),
        row(AdminRevokes,               [next(50173),  next(50173),   now(50173),    next(50173),   ANY,   next(50173),   next(50173),   next(50173),   OK,            OK,           OK,      OK,          OK],
            &[SignIn, SignInToPortal], TABLE, &[]),
        row(SingleSignOut,              [OK,           OK,            OK,            OK,            ANY,   OK,            OK,            OK,            OK,            OK,           OK,      OK,          OK],
            &[SignIn, SignInToPortal], TABLE, &[]),
        row(UserDisabled,               [next(50057),  next(50057),   now(50057),    next(50057),   ANY,   next(50057),   next(50057),   next(50057),   OK,            OK,           OK,      now(50057),  OK],
            &[EnableUser], BROKEN, &P),
        row(UserDeleted,                [next(500341), next(500341),  now(500341),   next(500341),  ANY,   next(500341),  next(500341),  next(500341),  OK,            OK,           OK,      now(50034),  OK],
            &[AddCoOwner, TakeOver, UseOwnConnection], BROKEN, &P),
        row(ConsentWithdrawn,           [next(65001),  next(65001),   now(65001),    next(65001),   ANY,   next(65001),   next(65001),   next(65001),   OK,            OK,           OK,      OK,          OK],
            &[SignIn, GrantConsent], CONSENT, &[]),
        row(SecretExpires,              [next(7000222), OK,           now(7000222),  next(7000222), ANY,   OK,            OK,            OK,            next(7000222), now(7000222), OK,      OK,          OK],
            &[AddSecret, ReplaceSecret], CREDENTIALS, &H),
        row(SecretRotated,              [next(7000215), OK,           now(7000215),  next(7000215), ANY,   OK,            OK,            OK,            next(7000215), now(7000215), OK,      OK,          OK],
            &[ReplaceSecret], CREDENTIALS, &H),
        row(CertificateExpires,         [OK,           next(700027),  OK,            OK,            ANY,   OK,            OK,            OK,            OK,            OK,           OK,      OK,          OK],
            &[RenewCertificate], CERTIFICATE, &[]),
        row(ApplicationDisabled,        [next(7000112), next(7000112), now(500014),   next(7000112), ANY,  next(7000112), next(7000112), next(7000112), next(7000112), now(7000112), OK,      OK,          OK],
            &[EnableApplication], APPLICATION, &D),
        row(RedirectUriRemoved,         [OK,           OK,            OK,            OK,            ANY,   OK,            OK,            next(9002326),   OK,            OK,           OK,      OK,          OK],
            &[RegisterRedirectUri], PAGE, &[]),
        row(MfaRequired,                [next(50076),  next(50076),   now(50076),    next(50076),   ANY,   next(50076),   OK,            next(50076),   OK,            OK,           OK,      now(50076),  OK],
            &[SignInWithMfa, SignInToPortalWithMfa, NoMfaForPasswords], MFA, &B),
        row(SignInFrequency,            [OK,           OK,            OK,            OK,            ANY,   next(70043),   next(70043),   next(70043),   OK,            OK,           OK,      OK,          OK],
            &[SignIn], FREQUENCY, &[]),
        row(ConditionalAccessBlock,     [next(53003),  next(53003),   now(53003),    next(53003),   ANY,   next(53003),   next(53003),   next(53003),   OK,            OK,           OK,      now(53003),  OK],
            &[DeletePolicy], BROKEN, &B),
        row(IdleFor90Days,              [next(700082), next(700082),  OK,            next(700082),  ANY,   next(700082),  next(700082),  next(700084),  OK,            OK,           OK,      OK,          OK],
            &[SignIn, SignInToPortal], TABLE, &[]),
        row(IssuerDown,                 [back(502),    back(502),     back(502),     back(502),     ANY,   back(502),     back(502),     back(502),     back(502),     back(90033),  OK,      back(503),   OK],
            &[SignIn], OUTAGE, &HB),
        row(TokenEndpointThrottled,     [back(502),    back(502),     back(502),     back(502),     ANY,   back(502),     back(502),     back(502),     back(502),     back(90055),  OK,      back(503),   OK],
            &[SignIn], OUTAGE, &HB),
        row(SigningKeyRotated,          [OK,           OK,            OK,            OK,            ANY,   OK,            OK,            OK,            OK,            OK,           OK,      OK,          OK],
            &[SignIn], KEYS, &[]),
        row(ResourceEvaluates,          [now(50173),   now(50173),    now(50173),    next(50173),   ANY,   now(50173),    now(50173),    now(50173),    OK,            OK,           OK,      OK,          OK],
            &[SignIn, SignInToPortal], CAE, &G),
        row(AccessRemoved,              [now(403),     now(403),      OK,            now(403),      now(403), now(403),   now(403),      now(403),      now(403),      OK,           OK,      now(403),    now(403)],
            &[RestoreAccess], ACL, &[]),
        row(OwnerLeaves,                [next(50057),  next(50057),   now(50057),    next(50057),   ANY,   next(50057),   next(50057),   next(50057),   OK,            OK,           OK,      now(50057),  OK],
            &[AddCoOwner, TakeOver, UseOwnConnection], LEAVER, &P),
    ]
};

/// Returns the steps that repair a column's cell.
pub(super) fn steps(row: &ExpectedRow, kind: Kind) -> Vec<Step> {
    let mut steps: Vec<_> = row.repair.iter().copied().filter(|step| step.concerns(kind)).collect();
    // The token has expired meanwhile, and there is no other one.
    let short = matches!(kind, Kind::Delegated(Client::Generic { offline_access: false }));
    if short && !steps.iter().any(|step| step.signs_in()) {
        steps.push(Step::SignIn);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_there_once() {
        let mut names: Vec<_> = EXPECTED.iter().map(|row| row.row.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EXPECTED.len());
    }

    #[test]
    fn every_code_is_one_of_the_catalogue() {
        for cell in EXPECTED.iter().flat_map(|row| &row.cells) {
            let known = cell.code <= 599 || outlive_rules::Aadsts::from_number(cell.code).is_some();
            assert!(known, "{cell:?}");
        }
    }

    #[test]
    fn every_broken_cell_has_a_repair() {
        for row in &EXPECTED {
            for (cell, column) in row.cells.iter().zip(&COLUMNS) {
                let broken = matches!(cell.outcome, Outcome::BreaksAtOnce | Outcome::BreaksAtNextRefresh);
                let steps = steps(row, column.kind);
                assert!(!broken || !steps.is_empty(), "{} {}", row.row.name(), column.name);
            }
        }
    }
}
