//! Names of flows, environments and runs.

pub(crate) use outlive_clock::FlowId;
use outlive_clock::{Instant, Stream, TenantId};

/// Returns the name of a tenant's only environment.
pub(crate) fn environment_name(tenant: TenantId) -> String {
    format!("Default-{tenant}")
}

pub(crate) fn tenant_of_environment(name: &str) -> Option<TenantId> {
    let (prefix, tenant) = name.split_at_checked("Default-".len())?;
    prefix.eq_ignore_ascii_case("Default-").then(|| tenant.parse().ok()).flatten()
}

/// .NET ticks (100 ns since year 1) at 1970-01-01.
const TICKS_AT_EPOCH: i64 = 621_355_968_000_000_000;

/// Returns a run name in the platform's form (`08584…CU07`): it decreases with time (to the
/// millisecond), so that sorting by name lists the newest run first; the last digits are random.
pub(crate) fn run_name(started: Instant, draw: &mut Stream) -> String {
    let milliseconds = started.as_micros().div_euclid(1_000);
    let ticks = milliseconds.saturating_mul(10_000).saturating_add(TICKS_AT_EPOCH);
    let down = i64::MAX.saturating_sub(ticks).saturating_sub(draw.between(0, 9_999));
    format!("{down:020}CU{:02}", draw.between(0, 99))
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Randomness;

    #[test]
    fn run_names_have_the_platforms_shape_and_count_down() {
        let mut draw = Randomness::from_seed(1).stream("run-name");
        let now: Instant = "2026-01-05T09:00:00Z".parse().expect("instant");
        let name = run_name(now, &mut draw);
        assert!(name.starts_with("0858") && name.len() == 24 && &name[20..22] == "CU", "{name}");
        let later = run_name(now + outlive_clock::Span::from_millis(1), &mut draw);
        assert!(later < name, "{later} {name}");
    }

    #[test]
    fn environment_names_contain_their_tenant() {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().expect("uuid");
        assert_eq!(tenant_of_environment(&environment_name(tenant)), Some(tenant));
        for other in ["", "Default-", "11111111-2222-3333-4444-555555555555", "Default-x", "Défault-x"] {
            assert_eq!(tenant_of_environment(other), None, "{other}");
        }
    }
}
