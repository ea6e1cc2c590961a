//! The facts about a credential at an earlier instant.
//!
//! The identity provider returns the facts of now. What the journal recorded about the user gives
//! the state of the account then. What policies required is not in the journal, but each token
//! request recorded what they required of it: that holds until the next change of a policy.

mod account;
mod happened;
mod requirements;

use outlive_clock::Instant;
use outlive_rules::{Event, Presented, Question};
use outlive_wire::JournalEvent;

use self::account::Account;
pub(crate) use self::happened::{Happened, Order};
use self::requirements::Requirements;
use crate::http::CallError;
use crate::services::{JournalQuery, Service};
use crate::why::Inquiry;
use crate::why::lines::{Line, sort};

/// What happens to a user.
const KINDS_OF_USERS: &str = "password.changed,password.reset,password.expired,sessions.revoked,user.disabled,user.enabled,\
    user.deleted,user.restored";
/// What changes the requirements of Conditional Access and of MFA.
const KINDS_OF_REQUIREMENTS: &str = "policy.created,policy.changed,policy.deleted,location.created,location.changed,\
    location.deleted,mfa.required,mfa.not_required";
/// The number of latest events of each kind that are read.
const LINES_READ: u32 = 60;
/// The number of spans without a change of requirements in which a token request is looked for.
const SPANS_MAX: usize = 12;

/// Is added to an explanation where the requirements are not known.
pub(crate) const REQUIREMENTS_UNKNOWN: &str =
    "What Conditional Access and MFA required at that instant is not known, and not considered.";

/// What happened to a user, as far as it changes facts about credentials.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The events with a row in the table, in order.
    pub(crate) happened: Vec<Happened>,
    pub(crate) account: Account,
    requirements: Requirements,
}

/// A question as it was at an instant.
pub(crate) struct Then {
    pub(crate) question: Question,
    /// Whether the requirements of Conditional Access and MFA are those of that instant. Otherwise
    /// the question has none.
    pub(crate) knows_requirements: bool,
}

impl Then {
    /// The explanation, with what is not known.
    pub(crate) fn caveat(&self, explanation: String) -> String {
        if self.knows_requirements { explanation } else { format!("{explanation} {REQUIREMENTS_UNKNOWN}") }
    }
}

impl Past {
    #[cfg(test)]
    pub(crate) fn with(happened: &[Happened], disabled: &[(Instant, bool)], changes: &[Instant]) -> Self {
        Self {
            happened: happened.to_vec(),
            account: Account::disabled_at(disabled),
            requirements: Requirements { changes: changes.to_vec(), unread: None },
        }
    }

    /// Reads what happened to a user: the latest events, and those before an instant.
    pub(crate) async fn read(inquiry: &Inquiry<'_>, user: &str, before: Instant) -> Result<Self, CallError> {
        let newest = |kinds: String, before| JournalQuery {
            kinds: Some(kinds),
            before_at: Some(before),
            limit: Some(LINES_READ),
            ..JournalQuery::default()
        };
        let all = format!("{KINDS_OF_USERS},{KINDS_OF_REQUIREMENTS}");
        let (mut lines, latest) = tokio::try_join!(
            inquiry.lines(Service::Idp, newest(KINDS_OF_USERS.to_owned(), before)),
            inquiry.lines(Service::Idp, newest(all, Instant::MAX)),
        )?;
        let unread = unread_before(&latest);
        lines.extend(latest);
        sort(&mut lines);
        Ok(Self::of(&lines, user, unread))
    }

    /// What these events, in order, mean for a user. Changes of requirements before `unread` are
    /// not among them.
    fn of(lines: &[Line], user: &str, unread: Option<Instant>) -> Self {
        let subject = format!("user:{user}");
        let is_of_user = |line: &&Line| line.line.subject == subject;
        // What is required of another user does not matter.
        let is_requirement = |line: &&Line| {
            KINDS_OF_REQUIREMENTS.split(',').any(|kind| kind == line.line.kind)
                && (!line.line.subject.starts_with("user:") || is_of_user(line))
        };
        let happened = lines.iter().filter(is_of_user).filter_map(|line| {
            let event = row_of(&line.event)?;
            Some(Happened { event, at: line.line.at, wall: Some(line.line.wall) })
        });
        let requirements = lines.iter().filter(is_requirement).map(|line| line.line.at);
        Self {
            happened: happened.collect(),
            account: Account::of(lines.iter().filter(is_of_user)),
            requirements: Requirements { changes: requirements.collect(), unread },
        }
    }

    /// The instants at which something happened to the user, in order: from an earlier one on.
    pub(crate) fn instants_after(&self, since: Instant) -> Vec<Instant> {
        let happened = self.happened.iter().map(|one| one.at);
        let ended = self.account.ended().iter().map(|(at, _)| *at);
        let mut instants: Vec<_> = happened.chain(ended).filter(|at| *at > since).chain([since]).collect();
        instants.sort();
        instants.dedup();
        instants
    }

    /// Reads the token requests of a family that tell what was required of it at these instants,
    /// which are in order: of many, at the first.
    pub(crate) async fn observations(
        &self,
        inquiry: &Inquiry<'_>,
        family: Option<&str>,
        instants: impl IntoIterator<Item = Instant>,
    ) -> Result<Vec<Question>, CallError> {
        let Some(family) = family else { return Ok(Vec::new()) };
        let reads = self.requirements.spans_of(instants).into_iter().take(SPANS_MAX).map(|change| {
            let query = JournalQuery {
                about: Some(family.to_owned()),
                kind: Some("token.".to_owned()),
                newest: true,
                before_at: Some(change),
                limit: Some(1),
                ..JournalQuery::default()
            };
            inquiry.lines(Service::Idp, query)
        });
        let lines = futures::future::try_join_all(reads).await?;
        Ok(lines.into_iter().flatten().filter_map(|line| question_of(line.event)).collect())
    }

    /// The question as it was after an event of an instant, before later ones of that instant.
    /// `now` is the question of now; `observed` are earlier ones about the same grant.
    pub(crate) fn question_after(&self, now: &Question, observed: &[Question], order: Order) -> Then {
        let (at, _) = order;
        let mut question = now.clone();
        question.at = at;
        question.user = self.account.user_at(&now.user, &self.happened, order);
        let mut knows_requirements = true;
        match &mut question.presented {
            Presented::Cookie(facts) => {
                facts.signed_out_at = facts.signed_out_at.filter(|out| *out <= at);
                facts.last_used_at = facts.last_used_at.min(at.max(facts.granted_at));
                knows_requirements =
                    self.requirements.changes.is_empty() && self.requirements.unread.is_none();
            }
            Presented::RefreshToken(facts) => {
                facts.session_signed_out_at = facts.session_signed_out_at.filter(|out| *out <= at);
                facts.rotation.family_ended_at = facts.rotation.family_ended_at.filter(|end| *end <= at);
                facts.rotation.used_at = facts.rotation.used_at.filter(|used| *used <= at);
                if facts.rotation.used_at.is_none() {
                    facts.rotation.reusable_until = None;
                }
                let known = self.requirements.known_at(at, now, observed);
                knows_requirements = known.is_some();
                (facts.second_factor, facts.conditional_access) = known.unwrap_or_default();
            }
            _ => {}
        }
        Then { question, knows_requirements }
    }
}

/// The row of the table of a journal event.
pub(crate) fn row_of(event: &JournalEvent) -> Option<Event> {
    match event {
        JournalEvent::PasswordChanged(event) => event.event.parse().ok(),
        JournalEvent::PasswordReset(event) => event.event.parse().ok(),
        JournalEvent::PasswordExpired(_) => Some(Event::PasswordExpires),
        JournalEvent::SessionsRevoked(event) => event.event.parse().ok(),
        _ => None,
    }
}

fn question_of(event: JournalEvent) -> Option<Question> {
    match event {
        JournalEvent::TokenIssued(issued) => issued.question,
        JournalEvent::TokenRefused(refused) => refused.question,
        _ => None,
    }
}

/// The instant before which not all changes of requirements were read.
fn unread_before(latest: &[Line]) -> Option<Instant> {
    let oldest = |kind: &str| {
        let of_kind: Vec<_> = latest.iter().filter(|line| line.line.kind == kind).collect();
        let is_full = of_kind.len() >= LINES_READ as usize;
        of_kind.iter().map(|line| line.line.at).min().filter(|_| is_full)
    };
    KINDS_OF_REQUIREMENTS.split(',').filter_map(oldest).max()
}
