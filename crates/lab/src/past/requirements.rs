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
    pub(super) fn changes_after(&self, since: Instant) -> impl DoubleEndedIterator<Item = Instant> {
        self.changes.iter().copied().filter(move |change| *change > since)
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
