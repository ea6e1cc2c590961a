//! Whether a device code can be redeemed.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::{Holding, cut_offs, outlived};
use crate::fact::Fact;
use crate::refresh_token::in_words;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{
    ClientClass, Credential, Ruleset, SecondFactorFacts, UserFacts, conditional_access::AccessFacts,
    lifetimes,
};

/// The decision of the user who entered the user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceDecision {
    /// No decision yet.
    Pending,
    /// Declined at this instant (virtual).
    Declined(Instant),
    /// Approved at this instant (virtual).
    Approved(Instant),
}

/// The facts about a device code and its redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCodeFacts {
    /// When it was issued (virtual).
    pub issued_at: Instant,
    /// When it was redeemed (virtual), if it was.
    pub redeemed_at: Option<Instant>,
    /// The user's decision.
    pub decision: DeviceDecision,
    /// The class of the redeeming client, and so of the grant.
    pub client_class: ClientClass,
    /// Whether the session that approved it was established with a password.
    pub password_based: bool,
    /// Whether it is presented by the client to which it was issued.
    pub presented_by_its_client: bool,
    /// Whether the user who approved used MFA, and whether it is required now.
    pub second_factor: SecondFactorFacts,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

impl DeviceCodeFacts {
    /// When it expires (virtual).
    #[must_use]
    pub fn good_until(&self) -> Instant {
        self.issued_at + lifetimes::DEVICE_CODE
    }
}

/// Decides whether the device code can be redeemed at `now` (virtual), for the user who approved
/// it.
///
/// As with authorization codes, an approval from before an event that would revoke the resulting
/// grant is rejected.
#[must_use]
pub fn decide(code: &DeviceCodeFacts, user: Option<&UserFacts>, rules: &Ruleset, now: Instant) -> Verdict {
    let refuse = |refusal| Verdict::refused(Artefact::DeviceCode, rules, now, refusal);
    if let Some(refusal) = its_client(code).or_else(|| used_before(code)).or_else(|| declined(code)) {
        return refuse(refusal);
    }
    if let Some(refusal) = expiry(code, now) {
        return refuse(refusal);
    }
    let (DeviceDecision::Approved(at), Some(user)) = (code.decision, user) else {
        return refuse(
            Refusal::new(Rule::DeviceCodePending, Some(aadsts::AUTHORIZATION_PENDING), Source::DEVICE_FLOW)
                .fact("granted_at", code.issued_at)
                .fact("good_until", code.good_until()),
        );
    };
    let holding = Holding {
        credential: Credential::token(code.client_class, code.password_based),
        granted_at: at,
        issued_at: at,
        signed_out_at: None,
    };
    let refusal = user_state(user)
        .or_else(|| cut_offs(&holding, user, rules, aadsts::FRESH_TOKEN_NEEDED))
        .or_else(|| code.conditional_access.block())
        .or_else(|| code.second_factor.refusal());
    match refusal {
        Some(refusal) => refuse(refusal),
        None => {
            let mut facts = vec![
                Fact::new("granted_at", at),
                Fact::new("good_until", code.good_until()),
                Fact::new("client_class", code.client_class.name()),
                Fact::new("password_based", code.password_based),
                Fact::new("column", holding.credential),
            ];
            facts.extend(outlived(&holding, &user.events));
            Verdict::accepted(Artefact::DeviceCode, Source::DEVICE_FLOW, rules, now, facts)
        }
    }
}

fn its_client(code: &DeviceCodeFacts) -> Option<Refusal> {
    (!code.presented_by_its_client).then(|| {
        Refusal::new(Rule::OfAnotherClient, Some(aadsts::INVALID_GRANT), Source::DEVICE_FLOW)
            .fact("presented_by_its_client", false)
    })
}

fn used_before(code: &DeviceCodeFacts) -> Option<Refusal> {
    code.redeemed_at.map(|at| {
        Refusal::new(Rule::CodeRedeemed, Some(aadsts::CODE_REDEEMED), Source::DEVICE_FLOW)
            .fact("redeemed_at", at)
    })
}

fn declined(code: &DeviceCodeFacts) -> Option<Refusal> {
    let DeviceDecision::Declined(at) = code.decision else { return None };
    Some(
        Refusal::new(Rule::DeviceCodeDeclined, Some(aadsts::CONSENT_DECLINED), Source::DEVICE_FLOW)
            .fact("decided_at", at),
    )
}

fn expiry(code: &DeviceCodeFacts, now: Instant) -> Option<Refusal> {
    (now >= code.good_until()).then(|| {
        Refusal::new(Rule::DeviceCodeExpired, Some(aadsts::DEVICE_CODE_EXPIRED), Source::DEVICE_FLOW)
            .fact("granted_at", code.issued_at)
            .fact("lifetime", in_words(lifetimes::DEVICE_CODE))
            .fact("good_until", code.good_until())
    })
}
