//! What happened to a password or key that a connection stores. No rule concerns it; the API checks
//! it at each call. After a change of the password it is wrong until it is given again.

use outlive_clock::Instant;
use outlive_rules::{Event, Ruleset};
use outlive_wire::timeline::{MarkKind, TimelineGrant, TimelineMark};

use crate::past::{Happened, Order};

/// Returns the grants and marks of what was `given` at these places among the events, in order.
pub(super) fn stored(
    given: &[Order],
    happened: &[Happened],
    is_password: bool,
    rules: Option<&Ruleset>,
) -> (Vec<TimelineGrant>, Vec<TimelineMark>) {
    let mark = |at, kind, event: Option<Event>, explanation: &str| TimelineMark {
        at,
        kind,
        name: None,
        row: event.and_then(|event| Some(rules?.row(event).title.to_owned())),
        explanation: explanation.to_owned(),
        would_end_it: Vec::new(),
    };
    let (mut grants, mut marks) = (Vec::new(), Vec::new());
    for (place, from) in given.iter().copied().enumerate() {
        let next = given.get(place + 1).copied().unwrap_or((Instant::MAX, None));
        let within = happened.iter().filter(|one| from < one.order() && one.order() < next);
        let ended = within.clone().find(|one| is_password && replaces_password(one.event));
        let words = match place {
            0 => "The hub stores it with the connection.",
            _ => "It was given again; the hub stores it in place of the earlier one.",
        };
        marks.push(mark(from.0, MarkKind::Obtained, None, words));
        let until = ended.map_or(next, Happened::order);
        // What does not replace the password leaves it as it is: it is no token.
        for one in within.filter(|one| one.order() < until) {
            let words = "It is no token: the row does not concern it, and the API still accepts it.";
            marks.push(mark(one.at, MarkKind::Survived, Some(one.event), words));
        }
        if let Some(one) = ended {
            let words = "The API rejects the stored password at the next call: it is no longer the user’s.";
            marks.push(mark(one.at, MarkKind::Revoked, Some(one.event), words));
        }
        grants.push(TimelineGrant { name: None, from: from.0, until: until.0, access_until: None });
    }
    (grants, marks)
}

/// Whether the user has another password after it.
const fn replaces_password(event: Event) -> bool {
    match event {
        Event::PasswordChangedByUser
        | Event::Sspr
        | Event::AdminReset
        | Event::AdminResetAzurePortal
        | Event::AdminResetEntraAdminCenter
        | Event::AdminResetM365AdminCenter => true,
        Event::PasswordExpires | Event::UserRevokes | Event::AdminRevokes | Event::SingleSignOut => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(count: i64) -> Instant {
        Instant::from_seconds(count)
    }

    #[test]
    fn a_stored_password_is_wrong_until_it_is_given_again() {
        use Event::{AdminReset, PasswordChangedByUser, UserRevokes};
        use MarkKind::{Obtained, Revoked, Survived};
        let happened: Vec<_> =
            [(5, UserRevokes), (10, PasswordChangedByUser), (12, AdminReset), (30, AdminReset)]
                .map(|(at, event)| Happened { event, at: second(at), wall: None })
                .into();
        let forever = i64::MAX;
        for (given, is_password, marks, grants) in [
            (vec![0], true, vec![(0, Obtained), (5, Survived), (10, Revoked)], vec![(0, 10)]),
            (
                vec![0, 20],
                true,
                vec![(0, Obtained), (5, Survived), (10, Revoked), (20, Obtained), (30, Revoked)],
                vec![(0, 10), (20, 30)],
            ),
            // Given again while it was right.
            (
                vec![0, 7, 40],
                true,
                vec![(0, Obtained), (5, Survived), (7, Obtained), (10, Revoked), (40, Obtained)],
                vec![(0, 7), (7, 10), (40, forever)],
            ),
            (
                vec![0, 20],
                false,
                vec![
                    (0, Obtained),
                    (5, Survived),
                    (10, Survived),
                    (12, Survived),
                    (20, Obtained),
                    (30, Survived),
                ],
                vec![(0, 20), (20, forever)],
            ),
        ] {
            let given: Vec<_> = given.into_iter().map(|at| (second(at), None)).collect();
            let (found_grants, found) = stored(&given, &happened, is_password, None);
            let found: Vec<_> = found.iter().map(|mark| (mark.at, mark.kind)).collect();
            let marks: Vec<_> = marks.into_iter().map(|(at, kind)| (second(at), kind)).collect();
            assert_eq!(found, marks);
            let end = |at: i64| if at == forever { Instant::MAX } else { second(at) };
            let found: Vec<_> = found_grants.iter().map(|grant| (grant.from, grant.until)).collect();
            let grants: Vec<_> = grants.into_iter().map(|(from, until)| (second(from), end(until))).collect();
            assert_eq!(found, grants);
        }
    }

    /// While the clock stands still, the password is changed and given again at one instant.
    #[test]
    fn events_of_one_instant_count_in_their_order() {
        use Event::PasswordChangedByUser;
        let changed =
            |wall| Happened { event: PasswordChangedByUser, at: second(10), wall: Some(second(wall)) };
        let created = (second(0), None);
        for (given, happened, alive_at_the_end) in [
            (vec![created, (second(10), Some(second(102)))], vec![changed(101)], true),
            (vec![created, (second(10), Some(second(102)))], vec![changed(103)], false),
            (vec![created, (second(10), Some(second(102)))], vec![changed(101), changed(103)], false),
            (vec![(second(10), Some(second(102)))], vec![changed(101)], true),
            (vec![(second(10), Some(second(102)))], vec![changed(103)], false),
        ] {
            let (grants, _) = stored(&given, &happened, true, None);
            let last = grants.last().expect("a grant");
            assert_eq!(last.until == Instant::MAX, alive_at_the_end, "{given:?} {happened:?}");
        }
    }
}
