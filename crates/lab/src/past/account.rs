//! The state of a user's account at an earlier instant.

use outlive_clock::Instant;
use outlive_rules::{RevocationEvents, UserFacts};
use outlive_wire::JournalEvent;

use super::happened::{Happened, Order};
use crate::why::lines::Line;

/// What happened to an account, in order: when, and whether it was so from then on.
#[derive(Debug, Default)]
pub(crate) struct Account {
    disabled: Vec<(Order, bool)>,
    deleted: Vec<(Order, bool)>,
    /// When it was disabled or deleted, in order.
    ended: Vec<Order>,
}

impl Account {
    #[cfg(test)]
    pub(super) fn disabled_at(disabled: &[(Instant, bool)]) -> Self {
        let disabled: Vec<(Order, bool)> = disabled.iter().map(|(at, is_so)| ((*at, None), *is_so)).collect();
        let ended = disabled.iter().filter(|(_, is_so)| *is_so).map(|(order, _)| *order).collect();
        Self { disabled, deleted: Vec::new(), ended }
    }

    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        let mut account = Self::default();
        for line in lines {
            let at = (line.line.at, Some(line.line.wall));
            match &line.event {
                JournalEvent::UserDisabled(_) => account.disabled.push((at, true)),
                JournalEvent::UserEnabled(_) => account.disabled.push((at, false)),
                JournalEvent::UserDeleted(_) => account.deleted.push((at, true)),
                JournalEvent::UserRestored(_) => account.deleted.push((at, false)),
                _ => {}
            }
            if matches!(line.event, JournalEvent::UserDisabled(_) | JournalEvent::UserDeleted(_)) {
                account.ended.push(at);
            }
        }
        account
    }

    /// When the account was disabled or deleted, in order.
    pub(crate) fn ended(&self) -> &[Order] {
        &self.ended
    }

    /// The facts at an instant, from those of now. Of the events of that instant, those until
    /// `wall` count.
    pub(super) fn user_at(&self, now: &UserFacts, happened: &[Happened], (at, wall): Order) -> UserFacts {
        let mut events = RevocationEvents::none();
        let until = (at, wall.or(Some(Instant::MAX)));
        for one in happened.iter().filter(|one| one.order() <= until) {
            events.record(one.event, one.at);
        }
        let is_read = |event, at| happened.iter().any(|one| (one.event, one.at) == (event, at));
        for (event, then) in now.events.latest_first() {
            if then <= at && !is_read(event, then) {
                events.record(event, then);
            }
        }
        // That of now may be a later one of the same instant, which is among the changes.
        let last = |changes: &[(Order, bool)], of_now: Option<Instant>| {
            let recorded =
                changes.iter().filter(|(then, is_so)| *is_so && *then <= until).map(|(then, _)| then.0);
            let is_read = |then| changes.iter().any(|((at, _), is_so)| *is_so && *at == then);
            recorded.chain(of_now.filter(|then| *then <= at && !is_read(*then))).max()
        };
        UserFacts {
            // A credential was issued to the user, who may have been removed for good since.
            known: true,
            deleted: state_at(&self.deleted, until, now.deleted),
            enabled: !state_at(&self.disabled, until, now.known && !now.enabled),
            disabled_at: last(&self.disabled, now.disabled_at),
            deleted_at: last(&self.deleted, now.deleted_at),
            second_factor_required_at: now.second_factor_required_at.filter(|then| *then <= at),
            events,
        }
    }
}

/// Whether something was so at an instant: since the last change before it; if none is known, until
/// the first change after it, it was the opposite of what that made it.
fn state_at(changes: &[(Order, bool)], at: Order, now: bool) -> bool {
    let before = changes.iter().rev().find(|(then, _)| *then <= at).map(|(_, is_so)| *is_so);
    let after = || changes.iter().find(|(then, _)| *then > at).map(|(_, is_so)| !is_so);
    before.or_else(after).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use outlive_rules::Event;

    use super::*;

    const fn second(count: i64) -> Instant {
        Instant::from_seconds(count)
    }

    const fn at(count: i64, is_so: bool) -> (Order, bool) {
        ((second(count), None), is_so)
    }

    #[test]
    fn what_was_done_to_an_account_at_an_instant_counts_from_its_place_in_it() {
        let recorded = ((second(10), Some(second(1_000))), true);
        let account = Account { disabled: vec![recorded], ..Account::default() };
        let now = UserFacts {
            enabled: false,
            disabled_at: Some(second(10)),
            ..UserFacts::in_good_standing(RevocationEvents::none())
        };
        for (wall, enabled) in [(Some(999), true), (Some(1_000), false), (None, false)] {
            let then = account.user_at(&now, &[], (second(10), wall.map(second)));
            let disabled_at = (!enabled).then_some(second(10));
            assert_eq!((then.enabled, then.disabled_at), (enabled, disabled_at), "{wall:?}");
        }
    }

    #[test]
    fn the_state_of_an_account_is_that_of_the_instant() {
        let account = Account {
            disabled: vec![at(10, true), at(20, false), at(40, true)],
            deleted: vec![at(60, true)],
            ended: Vec::new(),
        };
        let restored_before = Account { disabled: vec![at(20, false)], ..Account::default() };
        let now = UserFacts {
            enabled: false,
            deleted: true,
            ..UserFacts::in_good_standing(RevocationEvents::none())
        };
        let good = UserFacts::in_good_standing(RevocationEvents::none());
        for (account, now, at, enabled, deleted, disabled_at) in [
            (&account, &now, 5, true, false, None),
            (&account, &now, 10, false, false, Some(10)),
            (&account, &now, 25, true, false, Some(10)),
            (&account, &now, 41, false, false, Some(40)),
            (&account, &now, 61, false, true, Some(40)),
            // The earlier event is not known, but the later one is its opposite.
            (&restored_before, &good, 5, false, false, None),
            (&restored_before, &good, 25, true, false, None),
            // Nothing is known: as it is now.
            (&Account::default(), &now, 5, false, true, None),
            (&Account::default(), &UserFacts::unknown(), 5, true, false, None),
        ] {
            let then = account.user_at(now, &[], (second(at), None));
            assert!(then.known);
            assert_eq!(
                (then.enabled, then.deleted, then.disabled_at),
                (enabled, deleted, disabled_at.map(second)),
                "{at}"
            );
        }
    }

    #[test]
    fn events_count_from_when_they_happened() {
        let happened = [
            Happened { event: Event::PasswordChangedByUser, at: second(10), wall: None },
            Happened { event: Event::PasswordChangedByUser, at: second(30), wall: None },
        ];
        let mut events = RevocationEvents::none();
        events.record(Event::AdminRevokes, second(5));
        events.record(Event::PasswordChangedByUser, second(30));
        let now = UserFacts::in_good_standing(events);
        for (at, changed, revoked) in
            [(4, None, None), (9, None, Some(5)), (10, Some(10), Some(5)), (31, Some(30), Some(5))]
        {
            let then = Account::default().user_at(&now, &happened, (second(at), None)).events;
            let found = (then.last(Event::PasswordChangedByUser), then.last(Event::AdminRevokes));
            assert_eq!(found, (changed.map(second), revoked.map(second)), "{at}");
        }
    }
}
