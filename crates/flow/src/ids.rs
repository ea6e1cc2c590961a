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

/// The number of ticks in a millisecond, and of names in their places.
const TICKS_PER_MILLISECOND: i64 = 10_000;

/// Returns a run name in the platform's form (`08584…CU07`): it decreases with time (to the
/// millisecond), so that sorting by name lists the newest run first; the last digits are random.
pub(crate) fn run_name(started: Instant, draw: &mut Stream) -> String {
    let down = highest_number(started).saturating_sub(draw.between(0, TICKS_PER_MILLISECOND - 1));
    format!("{down:020}CU{:02}", draw.between(0, 99))
}

/// Returns the lowest and the highest name that runs can have which start in a range, whose last
/// instant is `last`.
pub(crate) fn run_names(first: Instant, last: Instant) -> (String, String) {
    let lowest = highest_number(last).saturating_sub(TICKS_PER_MILLISECOND - 1).max(0);
    (format!("{lowest:020}CU00"), format!("{:020}CU99", highest_number(first).max(0)))
}

/// The highest number in the name of a run that starts in the millisecond of an instant.
fn highest_number(started: Instant) -> i64 {
    let milliseconds = started.as_micros().div_euclid(1_000);
    let ticks = milliseconds.saturating_mul(TICKS_PER_MILLISECOND).saturating_add(TICKS_AT_EPOCH);
    i64::MAX.saturating_sub(ticks)
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
    fn the_names_of_a_range_are_those_of_its_runs() {
        let mut draw = Randomness::from_seed(1).stream("run-name");
        let first: Instant = "2026-01-05T09:00:00.0005Z".parse().expect("instant");
        let millisecond = outlive_clock::Span::from_millis(1);
        for last in [first, first + millisecond * 7] {
            let (lowest, highest) = run_names(first, last);
            assert_eq!((lowest.len(), highest.len()), (24, 24));
            for _ in 0..1_000 {
                for started in [first, last] {
                    let name = run_name(started, &mut draw);
                    assert!(lowest <= name && name <= highest, "{name} in {lowest}..={highest}");
                }
                assert!(run_name(first - millisecond, &mut draw) > highest);
                assert!(run_name(last + millisecond, &mut draw) < lowest);
            }
        }
        let (lowest, highest) = run_names(Instant::EPOCH, Instant::MAX);
        let name = run_name(first, &mut draw);
        assert!(lowest < name && name < highest, "{name} in {lowest}..={highest}");
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
