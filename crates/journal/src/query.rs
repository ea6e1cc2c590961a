//! Which lines somebody wants.

use outlive_clock::TenantId;

/// The most lines one query answers.
pub const LINES_MAX: u32 = 1_000;

/// A selection of one tenant's lines, oldest first.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Whose lines.
    pub tenant: TenantId,
    /// Only lines after this place.
    pub after: i64,
    /// Only this kind; all kinds that begin so, if it ends in a dot (`"token."`).
    pub kind: Option<String>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only of this trace.
    pub trace: Option<String>,
    /// Only lines that speak of the credential of this id or fingerprint.
    pub about: Option<String>,
    /// At most so many, up to [`LINES_MAX`].
    pub limit: u32,
}

impl Filter {
    /// All lines of a tenant, from the first.
    #[must_use]
    pub const fn of(tenant: TenantId) -> Self {
        Self { tenant, after: 0, kind: None, subject: None, trace: None, about: None, limit: LINES_MAX }
    }
}

/// Which of a tenant's newest lines are wanted, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Newest<'a> {
    /// Only about this subject.
    pub subject: Option<&'a str>,
    /// Only what is more than routine: changes and refusals. Of all subjects.
    pub notable: bool,
    /// Only lines before this place.
    pub before: i64,
    /// At most so many, up to [`LINES_MAX`].
    pub limit: u32,
}
