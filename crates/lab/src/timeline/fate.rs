//! What happened to one credential after it was obtained, by the rules.

use outlive_clock::{Instant, Span};
use outlive_rules::{
    Event, Presented, Question, RevocationEvents, Scope, UserFacts, ends_by_itself, prospects,
};
use outlive_wire::timeline::{MarkKind, TimelineMark};

/// An event with a row in the table, and when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) event: Event,
    pub(super) at: Instant,
}

/// What happened to a credential.
pub(super) struct Fate {
    /// Until when it is alive.
    pub(super) until: Instant,
    pub(super) marks: Vec<TimelineMark>,
}

/// Follows a credential from when it was obtained through the events of its user, in order, until
/// one ends it or it expires. The facts of each instant are those of the question with the events
/// until then.
pub(super) fn follow(
    name: &str,
    question: &Question,
    obtained: Instant,
    happened: &[Happened],
    now: Instant,
) -> Fate {
    let expires = ends_by_itself(question).unwrap_or(Instant::MAX);
    let mark = |at, kind, row: Option<String>, explanation, would_end_it| TimelineMark {
        at,
        kind,
        name: Some(name.to_owned()),
        row,
        explanation,
        would_end_it,
    };
    let first = moment(question, obtained, happened, Span::from_micros(0));
    let mut marks =
        vec![mark(obtained, MarkKind::Obtained, None, first.decide().explain(), would_end_it(&first))];
    for one in events_of(question, happened) {
        if one.at <= obtained || one.at >= expires {
            continue;
        }
        let asked = moment(question, one.at, happened, Span::from_seconds(1));
        let row = Some(question.rules.row(one.event).title.to_owned());
        let verdict = asked.decide();
        if verdict.revocation.is_some() {
            marks.push(mark(one.at, MarkKind::Revoked, row, verdict.explain(), Vec::new()));
            return Fate { until: one.at, marks };
        }
        marks.push(mark(one.at, MarkKind::Survived, row, verdict.explain(), would_end_it(&asked)));
    }
    if expires <= now {
        let asked = moment(question, expires, happened, Span::from_seconds(1));
        marks.push(mark(expires, MarkKind::Expired, None, asked.decide().explain(), Vec::new()));
    }
    Fate { until: expires, marks }
}

/// The events that concern it, in order: those of its user and the sign-out of its session.
fn events_of(question: &Question, happened: &[Happened]) -> Vec<Happened> {
    let sign_out = signed_out(&question.presented).map(|at| Happened { event: Event::SingleSignOut, at });
    let mut events: Vec<_> = happened.iter().copied().chain(sign_out).collect();
    events.sort_by_key(|one| one.at);
    events
}

/// The question as it was `after` an instant.
fn moment(question: &Question, at: Instant, happened: &[Happened], after: Span) -> Question {
    let mut asked = question.clone();
    let mut events = RevocationEvents::none();
    for one in happened.iter().filter(|one| one.at <= at && one.event.scope() == Scope::User) {
        events.record(one.event, one.at);
    }
    asked.user = UserFacts::in_good_standing(events);
    asked.at = at + after;
    match &mut asked.presented {
        Presented::Cookie(facts) => facts.signed_out_at = facts.signed_out_at.filter(|out| *out <= at),
        Presented::RefreshToken(facts) => {
            facts.session_signed_out_at = facts.session_signed_out_at.filter(|out| *out <= at);
        }
        _ => {}
    }
    asked
}

fn signed_out(presented: &Presented) -> Option<Instant> {
    match presented {
        Presented::Cookie(facts) => facts.signed_out_at,
        Presented::RefreshToken(facts) => facts.session_signed_out_at,
        _ => None,
    }
}

/// The titles of the rows that would revoke it.
fn would_end_it(question: &Question) -> Vec<String> {
    let rows = prospects(question).into_iter().filter(|prospect| prospect.ends_it);
    rows.filter_map(|prospect| Some(question.rules.row(prospect.event?).title.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use outlive_rules::{ClientClass, CookieFacts, Edition, RefreshTokenFacts, Ruleset};

    use super::*;

    const START: Instant = Instant::from_seconds(1_767_600_000);

    fn hours(count: i64) -> Instant {
        START + Span::from_hours(count)
    }

    fn question(presented: Presented) -> Question {
        // As the identity provider returns it: with the facts of now.
        let mut events = RevocationEvents::none();
        events.record(Event::PasswordChangedByUser, hours(30));
        events.record(Event::AdminRevokes, hours(50));
        let rules = Ruleset::published(Edition::E2025_11);
        Question { presented, user: UserFacts::in_good_standing(events), rules, at: hours(3_000) }
    }

    fn refresh_token(client_class: ClientClass) -> Question {
        question(Presented::RefreshToken(RefreshTokenFacts {
            client_class,
            password_based: true,
            spa: false,
            family_issued_at: START,
            issued_at: START,
            session_signed_out_at: None,
            presented_by_its_client: true,
            origin: Default::default(),
            second_factor: Default::default(),
            rotation: Default::default(),
            conditional_access: Default::default(),
        }))
    }

    fn cookie(signed_out_at: Option<Instant>) -> Question {
        question(Presented::Cookie(CookieFacts {
            password_based: true,
            persistent: true,
            granted_at: START,
            last_used_at: START,
            signed_out_at,
            conditional_access: Default::default(),
        }))
    }

    #[test]
    fn a_credential_is_followed_to_the_first_event_that_ends_it() {
        use MarkKind::{Expired, Obtained, Revoked, Survived};
        let all = [
            Happened { event: Event::PasswordChangedByUser, at: hours(10) },
            Happened { event: Event::PasswordChangedByUser, at: hours(30) },
            Happened { event: Event::AdminRevokes, at: hours(50) },
        ];
        let after_inactivity = hours(24 * 90);
        for (question, happened, marks, until) in [
            (refresh_token(ClientClass::Public), &all[..], vec![(0, Obtained), (10, Revoked)], hours(10)),
            (
                refresh_token(ClientClass::Confidential),
                &all,
                vec![(0, Obtained), (10, Survived), (30, Survived), (50, Revoked)],
                hours(50),
            ),
            (
                refresh_token(ClientClass::Confidential),
                &all[..1],
                vec![(0, Obtained), (10, Survived), (24 * 90, Expired)],
                after_inactivity,
            ),
            (cookie(Some(hours(7))), &all, vec![(0, Obtained), (7, Revoked)], hours(7)),
            (cookie(None), &[], vec![(0, Obtained), (24 * 90, Expired)], after_inactivity),
        ] {
            let fate = follow("n", &question, START, happened, hours(3_000));
            let found: Vec<_> = fate.marks.iter().map(|mark| (mark.at, mark.kind)).collect();
            let marks: Vec<_> = marks.into_iter().map(|(hour, kind)| (hours(hour), kind)).collect();
            assert_eq!((found, fate.until), (marks, until));
            assert!(fate.marks[0].would_end_it.iter().any(|row| row.starts_with("Admin revokes")));
        }
    }
}
