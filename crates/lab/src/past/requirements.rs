//! What Conditional Access and MFA required at an earlier instant.

use outlive_clock::Instant;
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{Presented, Question, SecondFactorFacts};

/// When the requirements changed, in order.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    pub(super) changes: Vec<Instant>,
    /// The instant before which there may be more changes.
    pub(super) unread: Option<Instant>,
}

impl Requirements {
    /// The ends of the spans without a change that contain these instants, in order.
    pub(super) fn spans_of(&self, instants: impl IntoIterator<Item = Instant>) -> Vec<Instant> {
        let end_of = |at: Instant| {
            let later = self.changes.iter().copied().find(|change| *change > at);
            later.unwrap_or(Instant::MAX)
        };
        let mut ends: Vec<_> = instants.into_iter().map(end_of).collect();
        ends.dedup();
        ends
    }

    /// The requirements at an instant: those that were observed when they were the same. `None` if
    /// there is no such observation.
    pub(super) fn known_at(
        &self,
        at: Instant,
        now: &Question,
        observed: &[Question],
    ) -> Option<(SecondFactorFacts, AccessFacts)> {
        let same = |asked: &&Question| !self.changed_between(at.min(asked.at), at.max(asked.at));
        // The question of now may lack the API for which tokens were requested.
        observed.iter().chain([now]).filter(same).find_map(|asked| match &asked.presented {
            Presented::RefreshToken(facts) => Some((facts.second_factor, facts.conditional_access.clone())),
            _ => None,
        })
    }

    fn changed_between(&self, from: Instant, until: Instant) -> bool {
        self.unread.is_some_and(|unread| from < unread)
            || self.changes.iter().any(|change| from < *change && *change <= until)
    }
}

#[cfg(test)]
mod tests {
    use outlive_rules::{ClientClass, Edition, RefreshTokenFacts, RevocationEvents, Ruleset, UserFacts};

    use super::*;

    const fn second(count: i64) -> Instant {
        Instant::from_seconds(count)
    }

    /// A question of this second, when a policy of this name blocked.
    fn question(at: i64, blocked_by: Option<&str>) -> Question {
        let facts = RefreshTokenFacts {
            client_class: ClientClass::Public,
            password_based: true,
            spa: false,
            family_issued_at: second(0),
            issued_at: second(0),
            session_signed_out_at: None,
            presented_by_its_client: true,
            origin: Default::default(),
            second_factor: Default::default(),
            rotation: Default::default(),
            conditional_access: AccessFacts {
                blocked_by: blocked_by.map(str::to_owned),
                ..AccessFacts::default()
            },
        };
        Question {
            presented: Presented::RefreshToken(facts),
            user: UserFacts::in_good_standing(RevocationEvents::none()),
            rules: Ruleset::published(Edition::E2025_11),
            at: second(at),
        }
    }

    /// A run of long ago is explained however often the requirements changed since.
    #[test]
    fn each_instant_has_the_span_that_contains_it() {
        let changes: Vec<_> = (1..=40).map(|count| second(count * 10)).collect();
        let requirements = Requirements { changes, unread: None };
        for (instants, ends) in [
            (vec![5], vec![10]),
            (vec![10], vec![20]),
            (vec![5, 7, 12, 399], vec![10, 20, 400]),
            (vec![], vec![]),
        ] {
            let found = requirements.spans_of(instants.iter().copied().map(second));
            let ends: Vec<_> = ends.into_iter().map(second).collect();
            assert_eq!(found, ends, "{instants:?}");
        }
        assert_eq!(requirements.spans_of([second(400)]), [Instant::MAX]);
    }

    #[test]
    fn requirements_hold_until_they_change() {
        let changed = |changes: &[i64], unread: Option<i64>| Requirements {
            changes: changes.iter().copied().map(second).collect(),
            unread: unread.map(second),
        };
        let (now, then) = (question(100, Some("now")), question(15, Some("then")));
        let block = |name: &str| Some(Some(name.to_owned()));
        for (requirements, observed, at, expected) in [
            (changed(&[], None), vec![], 5, block("now")),
            (changed(&[50], None), vec![], 60, block("now")),
            (changed(&[50], None), vec![], 50, block("now")),
            (changed(&[50], None), vec![], 49, None),
            (changed(&[50], None), vec![then.clone()], 49, block("then")),
            (changed(&[50], None), vec![question(15, None)], 49, Some(None)),
            (changed(&[10, 50], None), vec![then.clone()], 5, None),
            (changed(&[10, 50], None), vec![then.clone()], 11, block("then")),
            (changed(&[10, 20, 50], None), vec![then.clone()], 30, None),
            (changed(&[50], Some(12)), vec![then.clone()], 11, None),
            (changed(&[50], Some(12)), vec![then], 13, block("then")),
        ] {
            let known = requirements.known_at(second(at), &now, &observed);
            let blocked_by = known.map(|(_, access)| access.blocked_by);
            assert_eq!(blocked_by, expected, "{requirements:?} at {at}");
        }
    }
}
