//! Changes of one fact of a question.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::conditional_access::AccessFacts;
use crate::{
    ClientClass, DeviceDecision, Edition, Event, Presented, ProofKey, Question, RequestOrigin,
    RevocationEvents, RotationFacts, Ruleset, SecondFactorFacts,
};

/// A change of a fact, in order of plausibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alteration {
    /// The client had been of this class.
    ClientClass(ClientClass),
    /// The user had signed in with a password, or without one.
    PasswordBased(bool),
    /// The administrator's reset had been made through another portal.
    Channel {
        /// The actual event.
        was: Event,
        /// The event instead.
        instead: Event,
    },
    /// The event had not happened.
    Without(Event),
    /// The browser session had not been signed out.
    NotSignedOut,
    /// Another edition of the table had been in force, without overrides.
    Edition(Edition),
    /// The rules had been as published: no overrides, every switch at its default.
    AsPublished,
    /// The account had been enabled.
    Enabled,
    /// The user had not been deleted.
    NotDeleted,
    /// The directory had known the user.
    Known,
    /// It had been presented by the client to which it was issued.
    ByItsClient,
    /// The request had come from a page of the client's, or from no page.
    Origin(bool),
    /// The redirect URI had been of type `spa`, or not.
    Spa(bool),
    /// The challenge of the authorization request had been met.
    ProofKeyProven,
    /// The user had signed in with MFA.
    SecondFactorDone,
    /// MFA had not been required.
    SecondFactorNotRequired,
    /// It had been renewed by a use in time.
    Renewed,
    /// The user had chosen to stay signed in.
    Persistent,
    /// It had been presented before its expiry.
    Sooner,
    /// It had been presented once valid.
    Later,
    /// The client had not been CAE-capable.
    NotEvaluated,
    /// It had not been redeemed before.
    NotRedeemed,
    /// The user had approved the device.
    Approved,
    /// No password change had been due.
    PasswordNotDue,
    /// The account had not been disabled in between.
    NotDisabledMeanwhile,
    /// The user had not been deleted in between.
    NotDeletedMeanwhile,
    /// MFA had not been newly required in between.
    SecondFactorNotNewlyRequired,
    /// No token of its family had been used twice.
    NotUsedBefore,
    /// No policy had blocked it.
    NotBlocked,
    /// No policy had required a more recent sign-in.
    SignInFrequencyNotAsked,
    /// The user had just signed in again.
    SignedInJustNow,
}

/// The events of an administrator's reset, one per portal.
const CHANNELS: [Event; 3] =
    [Event::AdminResetAzurePortal, Event::AdminResetEntraAdminCenter, Event::AdminResetM365AdminCenter];

impl Alteration {
    /// Returns every single change that applies to the question.
    #[must_use]
    pub fn of(question: &Question) -> Vec<Self> {
        let mut all = vec![
            Self::ClientClass(ClientClass::Confidential),
            Self::ClientClass(ClientClass::Public),
            Self::PasswordBased(false),
            Self::PasswordBased(true),
            Self::NotSignedOut,
            Self::AsPublished,
            Self::Enabled,
            Self::NotDeleted,
            Self::Known,
            Self::ByItsClient,
            Self::Origin(true),
            Self::Origin(false),
            Self::Spa(true),
            Self::Spa(false),
            Self::ProofKeyProven,
            Self::SecondFactorDone,
            Self::SecondFactorNotRequired,
            Self::Renewed,
            Self::Persistent,
            Self::Sooner,
            Self::Later,
            Self::NotEvaluated,
            Self::NotRedeemed,
            Self::Approved,
            Self::PasswordNotDue,
            Self::NotDisabledMeanwhile,
            Self::NotDeletedMeanwhile,
            Self::SecondFactorNotNewlyRequired,
            Self::NotUsedBefore,
            Self::NotBlocked,
            Self::SignInFrequencyNotAsked,
            Self::SignedInJustNow,
        ];
        all.extend(Edition::ALL.map(Self::Edition));
        for (event, _) in question.user.events.latest_first() {
            all.push(Self::Without(event));
            if CHANNELS.contains(&event) || event == Event::AdminReset {
                let others = CHANNELS.into_iter().filter(|other| *other != event);
                all.extend(others.map(|instead| Self::Channel { was: event, instead }));
            }
        }
        all.retain(|alteration| alteration.apply(question) != *question);
        all.sort_unstable();
        all
    }

    /// Applies the change. A question without the fact is returned unchanged.
    #[must_use]
    pub fn apply(&self, question: &Question) -> Question {
        let mut altered = question.clone();
        match self {
            Self::Channel { was, instead } => {
                altered.user.events = replaced(&question.user.events, *was, Some(*instead));
            }
            Self::Without(event) => altered.user.events = replaced(&question.user.events, *event, None),
            Self::Edition(edition) if *edition != question.rules.edition() => {
                altered.rules = Ruleset::published(*edition).with_switches(*question.rules.switches());
            }
            Self::Edition(_) => {}
            Self::AsPublished => altered.rules = Ruleset::published(question.rules.edition()),
            Self::Enabled if !question.user.enabled => {
                altered.user.enabled = true;
                altered.user.disabled_at = None;
            }
            Self::Enabled => {}
            Self::NotDeleted if question.user.deleted => {
                altered.user.deleted = false;
                altered.user.deleted_at = None;
            }
            Self::NotDeleted => {}
            Self::Known => altered.user.known = true,
            Self::NotDisabledMeanwhile
                if question.user.enabled
                    && (question.rules.switches().disable_revokes || is_evaluated(&question.presented)) =>
            {
                altered.user.disabled_at = None;
            }
            Self::NotDeletedMeanwhile if !question.user.deleted && is_evaluated(&question.presented) => {
                altered.user.deleted_at = None;
            }
            Self::SecondFactorNotNewlyRequired if is_evaluated(&question.presented) => {
                altered.user.second_factor_required_at = None;
            }
            Self::Sooner => sooner(&mut altered),
            Self::Later => later(&mut altered),
            of_presented => of_presented.apply_to(&mut altered.presented, question.at),
        }
        altered
    }

    fn apply_to(self, presented: &mut Presented, now: Instant) {
        match self {
            Self::ClientClass(class) => {
                if let Some(of) = client_class(presented) {
                    *of = class;
                }
            }
            Self::PasswordBased(with) => {
                if let Some(of) = password_based(presented) {
                    *of = with;
                }
            }
            Self::NotSignedOut => {
                if let Some(of) = signed_out_at(presented) {
                    *of = None;
                }
            }
            Self::ByItsClient => match presented {
                Presented::Code(code) => code.presented_by_its_client = true,
                Presented::RefreshToken(token) => token.presented_by_its_client = true,
                Presented::DeviceCode(code) => code.presented_by_its_client = true,
                _ => {}
            },
            Self::Origin(present) => match presented {
                Presented::Code(code) => code.origin = origin_of(present),
                Presented::RefreshToken(token) => token.origin = origin_of(present),
                _ => {}
            },
            Self::Spa(spa) => match presented {
                Presented::Code(code) => code.spa = spa,
                Presented::RefreshToken(token) => token.spa = spa,
                _ => {}
            },
            Self::SecondFactorDone => {
                if let Some(of) = second_factor(presented).filter(|of| of.required) {
                    of.done = true;
                }
            }
            Self::SecondFactorNotRequired => {
                if let Some(of) = second_factor(presented) {
                    of.required = false;
                }
            }
            Self::Renewed => match presented {
                Presented::RefreshToken(token) if !token.spa => token.issued_at = token.issued_at.max(now),
                Presented::Cookie(cookie) => cookie.last_used_at = cookie.last_used_at.max(now),
                _ => {}
            },
            Self::Persistent => {
                if let Presented::Cookie(cookie) = presented {
                    cookie.persistent = true;
                }
            }
            Self::NotEvaluated => {
                if let Presented::AccessToken(token) = presented {
                    token.evaluated = false;
                }
            }
            Self::NotRedeemed => match presented {
                Presented::Code(code) => code.redeemed_at = None,
                Presented::DeviceCode(code) => code.redeemed_at = None,
                _ => {}
            },
            Self::ProofKeyProven => {
                if let Presented::Code(code) = presented {
                    code.proof_key = ProofKey::Proven;
                }
            }
            Self::Approved => {
                if let Presented::DeviceCode(code) = presented
                    && !matches!(code.decision, DeviceDecision::Approved(_))
                {
                    code.decision = DeviceDecision::Approved(code.issued_at.max(now));
                }
            }
            Self::PasswordNotDue => {
                if let Presented::Password(password) = presented {
                    password.change_due = false;
                }
            }
            Self::NotUsedBefore => {
                if let Presented::RefreshToken(token) = presented {
                    token.rotation = RotationFacts::default();
                }
            }
            Self::NotBlocked => {
                if let Some(asked) = conditional_access(presented) {
                    asked.blocked_by = None;
                }
            }
            Self::SignInFrequencyNotAsked => {
                if let Some(asked) = conditional_access(presented) {
                    asked.sign_in_frequency = None;
                }
            }
            Self::SignedInJustNow => {
                if let Some(asked) =
                    conditional_access(presented).filter(|asked| asked.sign_in_frequency.is_some())
                {
                    asked.authenticated_at = Some(now);
                }
            }
            _ => {}
        }
    }
}

const fn origin_of(page: bool) -> RequestOrigin {
    if page { RequestOrigin::Registered } else { RequestOrigin::None }
}

fn replaced(events: &RevocationEvents, was: Event, instead: Option<Event>) -> RevocationEvents {
    let mut others = RevocationEvents::none();
    for (event, at) in events.latest_first() {
        match (event == was, instead) {
            (false, _) => others.record(event, at),
            (true, Some(instead)) => others.record(instead, at),
            (true, None) => true,
        };
    }
    others
}

/// Moves the question to the last instant of validity and removes later events.
fn sooner(question: &mut Question) {
    let over = match &question.presented {
        Presented::Cookie(cookie) => cookie.good_until(),
        Presented::Code(code) => code.good_until(),
        Presented::RefreshToken(token) => token.good_until(),
        Presented::AccessToken(token) => token.expires_at,
        Presented::DeviceCode(code) => code.good_until(),
        Presented::Assertion(assertion) => assertion.expires_at,
        Presented::Password(_) => return,
    };
    if question.at < over {
        return;
    }
    question.at = over - Span::from_seconds(1);
    let then = question.at;
    let mut events = RevocationEvents::none();
    for (event, at) in question.user.events.latest_first().into_iter().filter(|(_, at)| *at <= then) {
        events.record(event, at);
    }
    question.user.events = events;
    if let Some(signed_out) = signed_out_at(&mut question.presented)
        && signed_out.is_some_and(|at| at > then)
    {
        *signed_out = None;
    }
}

fn later(question: &mut Question) {
    if let Presented::AccessToken(token) = &question.presented {
        question.at = question.at.max(token.valid_from);
    }
}

const fn is_evaluated(presented: &Presented) -> bool {
    matches!(presented, Presented::AccessToken(token) if token.evaluated)
}

const fn client_class(presented: &mut Presented) -> Option<&mut ClientClass> {
    match presented {
        Presented::Code(code) => Some(&mut code.client_class),
        Presented::RefreshToken(token) => Some(&mut token.client_class),
        Presented::DeviceCode(code) => Some(&mut code.client_class),
        Presented::Password(password) => Some(&mut password.client_class),
        Presented::Cookie(_) | Presented::AccessToken(_) | Presented::Assertion(_) => None,
    }
}

const fn password_based(presented: &mut Presented) -> Option<&mut bool> {
    match presented {
        Presented::Cookie(cookie) => Some(&mut cookie.password_based),
        Presented::Code(code) => Some(&mut code.password_based),
        Presented::RefreshToken(token) => Some(&mut token.password_based),
        Presented::DeviceCode(code) => Some(&mut code.password_based),
        Presented::Assertion(assertion) => Some(&mut assertion.password_based),
        Presented::AccessToken(_) | Presented::Password(_) => None,
    }
}

const fn signed_out_at(presented: &mut Presented) -> Option<&mut Option<Instant>> {
    match presented {
        Presented::Cookie(cookie) => Some(&mut cookie.signed_out_at),
        Presented::RefreshToken(token) => Some(&mut token.session_signed_out_at),
        Presented::Assertion(assertion) => Some(&mut assertion.session_signed_out_at),
        _ => None,
    }
}

const fn conditional_access(presented: &mut Presented) -> Option<&mut AccessFacts> {
    match presented {
        Presented::Cookie(cookie) => Some(&mut cookie.conditional_access),
        Presented::Code(code) => Some(&mut code.conditional_access),
        Presented::RefreshToken(token) => Some(&mut token.conditional_access),
        Presented::DeviceCode(code) => Some(&mut code.conditional_access),
        Presented::Password(password) => Some(&mut password.conditional_access),
        Presented::Assertion(assertion) => Some(&mut assertion.conditional_access),
        Presented::AccessToken(_) => None,
    }
}

const fn second_factor(presented: &mut Presented) -> Option<&mut SecondFactorFacts> {
    match presented {
        Presented::RefreshToken(token) => Some(&mut token.second_factor),
        Presented::DeviceCode(code) => Some(&mut code.second_factor),
        Presented::Password(password) => Some(&mut password.second_factor),
        Presented::Assertion(assertion) => Some(&mut assertion.second_factor),
        _ => None,
    }
}
