//! What happened to one credential after it was obtained, by the rules.

use outlive_clock::{Instant, Span};
use outlive_rules::{Event, Presented, Question, Rule, Scope, Verdict, ends_by_itself, prospects};
use outlive_wire::timeline::{MarkKind, TimelineMark};

use crate::past::{Order, Past, Then};

/// What happened to a credential.
pub(super) struct Fate {
    /// Until when it is alive.
    pub(super) until: Instant,
    pub(super) marks: Vec<TimelineMark>,
}

/// A credential, and what is known about it.
pub(super) struct Followed<'a> {
    /// Its name for `why`.
    pub(super) name: &'a str,
    pub(super) obtained: Instant,
    /// The question of now.
    pub(super) question: &'a Question,
    /// Earlier questions about its grant.
    pub(super) observed: &'a [Question],
}

/// An event that may concern a credential; without a row of the table, a change of the account.
#[derive(Clone, Copy)]
struct Possible {
    order: Order,
    row: Option<Event>,
}

/// Follows a credential from when it was obtained through what happened to its user, in order,
/// until an event ends it or it expires. Each verdict is on the facts of its instant.
pub(super) fn follow(credential: &Followed<'_>, past: &Past, now: Instant) -> Fate {
    let Followed { name, obtained, question, observed } = *credential;
    let expires = ends_by_itself(question).unwrap_or(Instant::MAX);
    let mark = |at, kind, row: Option<String>, explanation, would_end_it| TimelineMark {
        at,
        kind,
        name: Some(name.to_owned()),
        row,
        explanation,
        would_end_it,
    };
    let then = |order: Order, after: Span| {
        let mut then = past.question_after(question, observed, order);
        then.question.at = order.0 + after;
        then
    };
    let first = then((obtained, None), Span::from_micros(0));
    let words = first.caveat(first.question.decide().explain());
    let mut marks = vec![mark(obtained, MarkKind::Obtained, None, words, would_end_it(&first.question))];
    for one in events_of(question, past) {
        let (at, _) = one.order;
        if at <= obtained || at >= expires {
            continue;
        }
        let asked = then(one.order, Span::from_seconds(1));
        let title = |event| question.rules.row(event).title.to_owned();
        if let Some(verdict) = revoked(&asked) {
            // What only its user knows of may share the instant.
            let row = verdict.revocation.map(|revocation| revocation.event).or(one.row).map(title);
            marks.push(mark(at, MarkKind::Revoked, row, verdict.explain(), Vec::new()));
            return Fate { until: at, marks };
        }
        let verdict = asked.question.decide();
        let kind = if verdict.is_accepted() { MarkKind::Survived } else { MarkKind::Refused };
        let words = asked.caveat(verdict.explain());
        let row = one.row.map(title);
        marks.push(mark(at, kind, row, words, would_end_it(&asked.question)));
    }
    if expires <= now {
        let mut asked = then((expires, None), Span::from_seconds(1));
        (asked.question.user.enabled, asked.question.user.deleted) = (true, false);
        let words = asked.question.decide().explain();
        marks.push(mark(expires, MarkKind::Expired, None, words, Vec::new()));
    }
    Fate { until: expires, marks }
}

/// The verdict that the credential is revoked, whatever else refuses it for a time: a disabled
/// account, or a policy.
fn revoked(asked: &Then) -> Option<Verdict> {
    let mut question = asked.question.clone();
    (question.user.enabled, question.user.deleted) = (true, false);
    let verdict = question.decide();
    let is_revoked =
        verdict.revocation.is_some() || matches!(verdict.rule, Rule::DisabledMeanwhile | Rule::FamilyEnded);
    is_revoked.then_some(verdict)
}

/// The events that concern it, in order: those of its user and the sign-out of its session.
fn events_of(question: &Question, past: &Past) -> Vec<Possible> {
    let rows = past.happened.iter().filter(|one| one.event.scope() == Scope::User);
    let rows = rows.map(|one| Possible { order: one.order(), row: Some(one.event) });
    let is_read = |event, at| past.happened.iter().any(|one| one.event == event && one.at == at);
    let unread = question.user.events.latest_first().into_iter().filter(|(event, at)| !is_read(*event, *at));
    let unread = unread.map(|(event, at)| Possible { order: (at, None), row: Some(event) });
    let sign_out = signed_out(&question.presented)
        .map(|at| Possible { order: (at, None), row: Some(Event::SingleSignOut) });
    let ended = past.account.ended().iter().map(|order| Possible { order: *order, row: None });
    let reused = family_ended(&question.presented).map(|at| Possible { order: (at, None), row: None });
    let mut events: Vec<_> = rows.chain(unread).chain(sign_out).chain(ended).chain(reused).collect();
    events.sort_by_key(|one| one.order);
    events
}

fn signed_out(presented: &Presented) -> Option<Instant> {
    match presented {
        Presented::Cookie(facts) => facts.signed_out_at,
        Presented::RefreshToken(facts) => facts.session_signed_out_at,
        _ => None,
    }
}

/// When the reuse of a refresh token ended its family.
fn family_ended(presented: &Presented) -> Option<Instant> {
    match presented {
        Presented::RefreshToken(facts) => facts.rotation.family_ended_at,
        _ => None,
    }
}

/// The titles of the rows that would revoke it; none if it is refused as it is.
fn would_end_it(question: &Question) -> Vec<String> {
    if !question.decide().is_accepted() {
        return Vec::new();
    }
    let rows = prospects(question).into_iter().filter(|prospect| prospect.ends_it);
    rows.filter_map(|prospect| Some(question.rules.row(prospect.event?).title.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use outlive_rules::conditional_access::AccessFacts;
    use outlive_rules::{
        ClientClass, CookieFacts, Edition, RefreshTokenFacts, RevocationEvents, Ruleset, UserFacts,
    };

    use super::*;
    use crate::past::Happened;

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
            Happened { event: Event::PasswordChangedByUser, at: hours(10), wall: None },
            Happened { event: Event::PasswordChangedByUser, at: hours(30), wall: None },
            Happened { event: Event::AdminRevokes, at: hours(50), wall: None },
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
            let past = Past::with(happened, &[], &[]);
            let fate = follow(&credential(&after(question, &past), &[]), &past, hours(3_000));
            let found: Vec<_> = fate.marks.iter().map(|mark| (mark.at, mark.kind)).collect();
            let marks: Vec<_> = marks.into_iter().map(|(hour, kind)| (hours(hour), kind)).collect();
            assert_eq!((found, fate.until), (marks, until));
            assert!(fate.marks[0].would_end_it.iter().any(|row| row.starts_with("Admin revokes")));
        }
    }

    /// While the clock stands still, events share an instant: one after the other.
    #[test]
    fn events_of_one_instant_are_judged_in_their_order() {
        use Event::{AdminRevokes, PasswordChangedByUser};
        use MarkKind::{Obtained, Revoked, Survived};
        let at = |event, wall| Happened { event, at: hours(10), wall: Some(hours(wall)) };
        let title = |event| Some(Ruleset::published(Edition::E2025_11).row(event).title.to_owned());
        let survived = (Survived, title(PasswordChangedByUser));
        let revoked = (Revoked, title(AdminRevokes));
        for (happened, expected) in [
            ([at(PasswordChangedByUser, 1), at(AdminRevokes, 2)], vec![survived, revoked.clone()]),
            ([at(AdminRevokes, 1), at(PasswordChangedByUser, 2)], vec![revoked]),
        ] {
            let past = Past::with(&happened, &[], &[]);
            let question = after(refresh_token(ClientClass::Confidential), &past);
            let fate = follow(&credential(&question, &[]), &past, hours(3_000));
            let found: Vec<_> = fate.marks.into_iter().map(|mark| (mark.kind, mark.row)).collect();
            let expected: Vec<_> = std::iter::once((Obtained, None)).chain(expected).collect();
            assert_eq!(found, expected);
        }
    }

    /// The question of now, after what happened.
    fn after(mut question: Question, past: &Past) -> Question {
        let mut events = RevocationEvents::none();
        for one in &past.happened {
            events.record(one.event, one.at);
        }
        question.user.events = events;
        question
    }

    fn credential<'a>(question: &'a Question, observed: &'a [Question]) -> Followed<'a> {
        Followed { name: "n", obtained: START, question, observed }
    }

    /// The token of a confidential client, of now, when a policy blocks or an account is disabled.
    fn blocked(mut question: Question, by: Option<&str>, at: Instant) -> Question {
        let Presented::RefreshToken(facts) = &mut question.presented else { panic!("a refresh token") };
        facts.conditional_access =
            AccessFacts { blocked_by: by.map(str::to_owned), ..AccessFacts::default() };
        question.at = at;
        question
    }

    #[test]
    fn a_credential_is_judged_by_the_facts_of_each_instant() {
        use MarkKind::{Obtained, Refused, Revoked, Survived};
        let change = |hour| Happened { event: Event::PasswordChangedByUser, at: hours(hour), wall: None };
        let now = |by| blocked(refresh_token(ClientClass::Confidential), by, hours(100));
        let public = blocked(refresh_token(ClientClass::Public), Some("now"), hours(100));
        let before = |by| blocked(refresh_token(ClientClass::Confidential), by, hours(1));
        let disabled = [(hours(5), true), (hours(8), false)];
        let unknown = crate::past::REQUIREMENTS_UNKNOWN;
        let cases = [
            // A policy that blocks since hour 20 did not block before.
            (
                now(Some("now")),
                vec![before(None)],
                past(&[change(10), change(30)], &[], &[hours(20)]),
                vec![(0, Obtained, false), (10, Survived, false), (30, Refused, false)],
            ),
            // One that blocked until then does not block now.
            (
                now(None),
                vec![before(Some("then"))],
                past(&[change(10), change(30)], &[], &[hours(20)]),
                vec![(0, Obtained, false), (10, Refused, false), (30, Survived, false)],
            ),
            // No token was requested before it was created.
            (
                now(Some("now")),
                vec![],
                past(&[change(10)], &[], &[hours(20)]),
                vec![(0, Obtained, true), (10, Survived, true)],
            ),
            // While the account is disabled, it is refused, and not revoked.
            (
                now(None),
                vec![],
                past(&[change(6), change(10)], &disabled, &[]),
                vec![(0, Obtained, false), (5, Refused, false), (6, Refused, false), (10, Survived, false)],
            ),
            // What revokes it does so whatever else refuses it.
            (
                public,
                vec![],
                past(&[change(6)], &disabled, &[]),
                vec![(0, Obtained, false), (5, Refused, false), (6, Revoked, false)],
            ),
        ];
        for (place, (question, observed, past, expected)) in cases.into_iter().enumerate() {
            let question = after(question, &past);
            let fate = follow(&credential(&question, &observed), &past, hours(100));
            let found =
                fate.marks.iter().map(|mark| (mark.at, mark.kind, mark.explanation.contains(unknown)));
            let expected =
                expected.into_iter().map(|(hour, kind, is_unknown)| (hours(hour), kind, is_unknown));
            assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "case {place}");
        }
    }

    fn past(happened: &[Happened], disabled: &[(Instant, bool)], policies: &[Instant]) -> Past {
        Past::with(happened, disabled, policies)
    }
}
