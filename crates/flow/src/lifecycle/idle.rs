//! A flow of some plans that no trigger starts expires: after 90 days its owners get a mail, and
//! after another 30 it is turned off.

use outlive_clock::{Instant, Span};
use outlive_wire::Plan;

/// "After 90 days of inactivity, the flow creator and co-owners receive an email. If no action is
/// taken in next 30 days, the flow is systematically turned off": *Limits of automated, scheduled,
/// and instant flows*.
pub(crate) const IDLE_MAX: Span = Span::from_days(90);
const WARNED_MAX: Span = Span::from_days(30);

/// Whether flows of owners with this plan expire: "90 days for free, trial, community, and
/// Microsoft 365 Plans. No expiration limit for all others."
pub(crate) const fn expires(plan: Plan) -> bool {
    match plan {
        Plan::Free | Plan::Trial | Plan::Community | Plan::Microsoft365 => true,
        Plan::Premium | Plan::PerFlow => false,
    }
}

/// What happens to a flow that may be idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Nothing, until this instant.
    Wait(Instant),
    /// Its owners are warned. It is turned off at this instant unless it is triggered.
    Warn(Instant),
    TurnOff,
}

/// Decides at `now` about a flow that was turned on or last triggered at `active`, and about which
/// its owners were warned.
pub(crate) fn decide(active: Instant, warned: Option<Instant>, now: Instant) -> Idle {
    match warned.filter(|warned| active <= *warned) {
        Some(warned) if now >= warned + WARNED_MAX => Idle::TurnOff,
        Some(warned) => Idle::Wait(warned + WARNED_MAX),
        None if now >= active + IDLE_MAX => Idle::Warn(now + WARNED_MAX),
        None => Idle::Wait(active + IDLE_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_flow_is_announced_after_90_days_and_turned_off_after_another_30() {
        let day = |day: i64| Instant::from_seconds(1_767_603_600) + Span::from_days(day);
        // (what it shows, active on, warned on, today, what follows)
        for (what, active, warned, now, expected) in [
            ("used yesterday", 0, None, 1, Idle::Wait(day(90))),
            ("the last day", 0, None, 89, Idle::Wait(day(90))),
            ("90 days", 0, None, 90, Idle::Warn(day(120))),
            ("noticed late", 0, None, 200, Idle::Warn(day(230))),
            ("warned", 0, Some(90), 119, Idle::Wait(day(120))),
            ("120 days", 0, Some(90), 120, Idle::TurnOff),
            ("used after the warning", 100, Some(90), 120, Idle::Wait(day(190))),
            ("idle again", 100, Some(90), 190, Idle::Warn(day(220))),
        ] {
            assert_eq!(decide(day(active), warned.map(day), day(now)), expected, "{what}");
        }
    }

    #[test]
    fn flows_of_some_plans_expire() {
        for (plan, expected) in [
            (Plan::Free, true),
            (Plan::Trial, true),
            (Plan::Community, true),
            (Plan::Microsoft365, true),
            (Plan::Premium, false),
            (Plan::PerFlow, false),
        ] {
            assert_eq!(expires(plan), expected, "{plan:?}");
        }
    }
}
