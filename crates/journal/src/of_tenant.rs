//! Lines of one tenant, in the order of their numbers.
//!
//! PostgreSQL may read the lines of all tenants by their numbers and filter out those of others,
//! expecting few. So lines are ordered by their tenant there, too: only the index of tenants has
//! that order. And it plans each statement again, since the plan for few lines differs from that
//! for many.

use outlive_clock::TenantId;
use outlive_store::{Statement, Value, sql};

/// Selects lines with everything that people see of them.
macro_rules! lines_where {
    ($which:literal) => {
        concat!("SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal WHERE ", $which)
    };
}

fn select(on_sqlite: &'static str, on_postgres: &'static str, values: [Value; 3]) -> Statement {
    Statement::new(on_sqlite, Vec::from(values)).on_postgres(on_postgres).replanned()
}

/// Selects lines after a number, the oldest first.
pub(crate) fn oldest_after(tenant: TenantId, after: i64, limit: u32) -> Statement {
    select(
        lines_where!("tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
        lines_where!(
            "(tenant, seq) > ($1, $2) AND (tenant, seq) <= ($1, 9223372036854775807) \
             ORDER BY tenant, seq LIMIT $3"
        ),
        [tenant.into(), after.into(), limit.into()],
    )
}

/// Selects lines before a number, the newest first.
pub(crate) fn newest_before(tenant: TenantId, before: i64, limit: u32) -> Statement {
    select(
        lines_where!("tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"),
        lines_where!(
            "(tenant, seq) < ($1, $2) AND (tenant, seq) >= ($1, 0) \
             ORDER BY tenant DESC, seq DESC LIMIT $3"
        ),
        [tenant.into(), before.into(), limit.into()],
    )
}

/// Selects notable lines before a number, the newest first. On PostgreSQL, only their own index has
/// the order.
pub(crate) fn newest_notable_before(tenant: TenantId, before: i64, limit: u32) -> Statement {
    select(
        lines_where!("tenant = $1 AND notable = 1 AND seq < $2 ORDER BY seq DESC LIMIT $3"),
        lines_where!(
            "tenant = $1 AND (notable, seq) < (1, $2) AND (notable, seq) >= (1, 0) \
             AND notable IS NOT NULL ORDER BY notable DESC, seq DESC LIMIT $3"
        ),
        [tenant.into(), before.into(), limit.into()],
    )
}

/// Returns the query for the number of a tenant's last line, which is 0 if there are no lines.
#[must_use]
pub fn last_number_query(tenant: TenantId) -> Statement {
    sql!("SELECT COALESCE(MAX(seq), 0) AS last FROM journal WHERE tenant = $1", tenant)
        .on_postgres(
            "SELECT COALESCE((SELECT seq FROM journal WHERE (tenant, seq) >= ($1, 0) \
         AND (tenant, seq) <= ($1, 9223372036854775807) ORDER BY tenant DESC, seq DESC LIMIT 1), 0) AS last",
        )
        .replanned()
}

/// Returns the query for all lines of a tenant with everything that a copy has of them, oldest
/// first.
#[must_use]
pub fn copy_query(tenant: TenantId) -> Statement {
    sql!(
        "SELECT at_us, wall_us, kind, subject, trace, data, notable, names FROM journal \
         WHERE tenant = $1 ORDER BY seq",
        tenant
    )
    .on_postgres(
        "SELECT at_us, wall_us, kind, subject, trace, data, notable, names FROM journal \
         WHERE (tenant, seq) >= ($1, 0) AND (tenant, seq) <= ($1, 9223372036854775807) ORDER BY tenant, seq",
    )
    .replanned()
}

/// Counts, for each segment of the index, the lines of a tenant that it has, as lines that are
/// deleted.
pub(crate) fn count_gaps(tenant: TenantId) -> Statement {
    sql!(
        "UPDATE journal_segments SET gaps = gaps + (SELECT COUNT(*) FROM journal \
         WHERE tenant = $1 AND seq > after_seq AND seq <= through_seq)",
        tenant
    )
    .on_postgres(
        "UPDATE journal_segments SET gaps = gaps + (SELECT COUNT(*) FROM journal \
         WHERE (tenant, seq) > ($1, after_seq) AND (tenant, seq) <= ($1, through_seq))",
    )
    .replanned()
}
