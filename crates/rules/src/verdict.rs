//! Verdicts: whether a credential is accepted, with the reasons.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts::{Aadsts, Params};
use crate::fact::{Fact, FactValue};
use crate::refusal::Refusal;
use crate::revocation::Revocation;
use crate::source::Source;
use crate::{Rule, Ruleset};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The credential is accepted.
    Accepted,
    /// The credential is refused.
    Refused,
}

/// What was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Artefact {
    /// A browser session at the identity provider.
    Cookie,
    /// An authorization code.
    Code,
    /// A refresh token.
    RefreshToken,
    /// An access token, at a resource.
    AccessToken,
    /// A password, at the token endpoint.
    Password,
    /// A device code.
    DeviceCode,
    /// An assertion of the on-behalf-of flow.
    Assertion,
}

/// Whether an artifact is accepted, with the rule, the facts, the source document and the error
/// code.
///
/// Endpoints, journal, matrices and pages all use this value. Its JSON also includes `title` and
/// `explanation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// The kind of artifact.
    pub artefact: Artefact,
    /// When the decision was made (virtual time).
    pub at: Instant,
    /// The rule that decided.
    pub rule: Rule,
    /// The relevant facts.
    pub facts: Vec<Fact>,
    /// The public document the rule follows.
    pub source: Source,
    /// The rules of the tenant, including overrides.
    pub rules: Ruleset,
    /// The error code, if refused and the protocol has one.
    pub code: Option<Aadsts>,
    /// The parameters of the error text.
    pub params: Params,
    /// The cell of the table that decided, if any.
    pub revocation: Option<Revocation>,
}

impl Verdict {
    pub(crate) fn accepted(
        artefact: Artefact,
        source: Source,
        rules: &Ruleset,
        at: Instant,
        facts: Vec<Fact>,
    ) -> Self {
        Self {
            outcome: Outcome::Accepted,
            artefact,
            at,
            rule: Rule::NothingEndedIt,
            facts,
            source,
            rules: rules.clone(),
            code: None,
            params: Params::new(),
            revocation: None,
        }
    }

    pub(crate) fn refused(artefact: Artefact, rules: &Ruleset, at: Instant, refusal: Refusal) -> Self {
        let Refusal { rule, code, source, facts, params, revocation } = refusal;
        Self {
            outcome: Outcome::Refused,
            artefact,
            at,
            rule,
            facts,
            source,
            rules: rules.clone(),
            code,
            params,
            revocation,
        }
    }

    /// Whether the outcome is [`Outcome::Accepted`].
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.outcome == Outcome::Accepted
    }

    /// The value of the first fact with this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&FactValue> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value)
    }

    /// The error text (`AADSTS50173: …`), without the lines about the request. `None` if accepted,
    /// or if the refusal has no code.
    #[must_use]
    pub fn error_text(&self) -> Option<String> {
        self.code.map(|code| code.render(&self.params))
    }
}

/// The verdict as JSON.
#[derive(Serialize, Deserialize)]
struct Wire {
    outcome: Outcome,
    artefact: Artefact,
    at: Instant,
    rule: Rule,
    #[serde(default, skip_deserializing)]
    title: &'static str,
    facts: Vec<Fact>,
    source: Source,
    rules: Ruleset,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Aadsts>,
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    params: Params,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocation: Option<Revocation>,
    #[serde(default, skip_deserializing)]
    explanation: String,
}

impl From<Verdict> for Wire {
    fn from(verdict: Verdict) -> Self {
        let explanation = verdict.explain();
        let Verdict { outcome, artefact, at, rule, facts, source, rules, code, params, revocation } = verdict;
        let title = rule.title();
        Self {
            outcome,
            artefact,
            at,
            rule,
            title,
            facts,
            source,
            rules,
            code,
            params,
            revocation,
            explanation,
        }
    }
}

impl From<Wire> for Verdict {
    fn from(wire: Wire) -> Self {
        let Wire { outcome, artefact, at, rule, facts, source, rules, code, params, revocation, .. } = wire;
        Self { outcome, artefact, at, rule, facts, source, rules, code, params, revocation }
    }
}
