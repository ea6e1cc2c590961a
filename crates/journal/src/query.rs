//! Journal queries.

use outlive_clock::{Instant, TenantId};

/// Maximum number of lines per query.
pub const LINES_MAX: u32 = 1_000;

/// A filter of one tenant's lines, oldest first.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The tenant.
    pub tenant: TenantId,
    /// Only lines after this sequence number.
    pub after: i64,
    /// Only this kind, or all kinds with this prefix if it ends in a dot (`"token."`).
    pub kind: Option<String>,
    /// Only this subject.
    pub subject: Option<String>,
    /// Only this trace.
    pub trace: Option<String>,
    /// Only lines about the credential with this id or fingerprint.
    pub about: Option<String>,
    /// Maximum number of lines, up to [`LINES_MAX`].
    pub limit: u32,
}

impl Filter {
    /// Selects all lines of a tenant.
    #[must_use]
    pub const fn of(tenant: TenantId) -> Self {
        Self { tenant, after: 0, kind: None, subject: None, trace: None, about: None, limit: LINES_MAX }
    }
}

/// A filter of a tenant's newest lines, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Newest<'a> {
    /// Only this subject.
    pub subject: Option<&'a str>,
    /// Only this trace.
    pub trace: Option<&'a str>,
    /// Only this kind, or all kinds with this prefix if it ends in a dot.
    pub kind: Option<&'a str>,
    /// Only notable lines.
    pub notable: bool,
    /// Only lines before this sequence number.
    pub before: i64,
    /// Maximum number of lines, up to [`LINES_MAX`].
    pub limit: u32,
}

/// A filter of a tenant's newest notable lines of some kinds, newest first.
#[derive(Debug, Clone, Copy)]
pub struct NewestOfKinds<'a> {
    /// The kinds.
    pub kinds: &'a [&'a str],
    /// Only lines before this instant (virtual time).
    pub before: Instant,
    /// Maximum number of lines of each kind, up to [`LINES_MAX`].
    pub limit: u32,
}

/// A filter of a tenant's newest lines about one credential, newest first.
#[derive(Debug, Clone, Copy)]
pub struct NewestAbout<'a> {
    /// Its id or fingerprint.
    pub name: &'a str,
    /// Only this kind, or all kinds with this prefix if it ends in a dot.
    pub kind: Option<&'a str>,
    /// Only lines before this instant (virtual time).
    pub before: Instant,
    /// Maximum number of lines, up to [`LINES_MAX`].
    pub limit: u32,
}

impl Newest<'_> {
    /// Selects the newest `limit` lines of all.
    #[must_use]
    pub const fn of_all(limit: u32) -> Self {
        Self { subject: None, trace: None, kind: None, notable: false, before: i64::MAX, limit }
    }
}
