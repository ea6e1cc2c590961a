//! A verdict: whether something still works, and everything that made it so.

use std::borrow::Cow;
use std::fmt::Display;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts::{Aadsts, Params};
use crate::cut_off::Revocation;
use crate::refusal::Refusal;
use crate::source::Source;
use crate::{Rule, Ruleset};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It still works.
    Accepted,
    /// It does not.
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
    /// An access token that its own audience presents to act on behalf of the user.
    Assertion,
}

/// One fact that mattered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its name, in snake case.
    pub name: Cow<'static, str>,
    /// Its value as text; instants are virtual, RFC 3339.
    pub value: String,
}

impl Fact {
    pub(crate) fn new(name: &'static str, value: impl Display) -> Self {
        Self { name: Cow::Borrowed(name), value: value.to_string() }
    }
}

/// Whether an artefact still works, by which rule, on which facts, after which document, with which code.
///
/// Endpoints answer by it, the journal keeps it, the matrices and the pages show it: always this same value. As JSON it
/// also carries `title` and `explanation`, so that whoever only reads JSON has the words too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// What was judged.
    pub artefact: Artefact,
    /// When it was judged (virtual time).
    pub at: Instant,
    /// The rule that decided.
    pub rule: Rule,
    /// The facts that mattered.
    pub facts: Vec<Fact>,
    /// The public document the rule follows.
    pub source: Source,
    /// The rules of the tenant, with any cells changed on purpose.
    pub rules: Ruleset,
    /// The error code, when refused and the protocol has one.
    pub code: Option<Aadsts>,
    /// What the code's text needs to be said.
    pub params: Params,
    /// The cell of the table that decided, when one did.
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

    /// Whether it still works.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.outcome == Outcome::Accepted
    }

    /// The value of the first fact of this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
    }

    /// The error's text (`AADSTS50173: …`), without the lines that name the request. `None` when accepted, or when the
    /// refusal has no code.
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
