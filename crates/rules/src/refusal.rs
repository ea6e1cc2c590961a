//! Refusals of single checks. Checks run in order; the first refusal decides.

use std::fmt::Display;

use crate::aadsts::{Aadsts, Params};
use crate::fact::{Fact, FactValue};
use crate::revocation::Revocation;
use crate::rule::Rule;
use crate::source::Source;

/// The refusal of one check, from which a verdict is built.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) rule: Rule,
    pub(crate) code: Option<Aadsts>,
    pub(crate) source: Source,
    pub(crate) facts: Vec<Fact>,
    pub(crate) params: Params,
    pub(crate) revocation: Option<Revocation>,
}

impl Refusal {
    pub(crate) fn new(rule: Rule, code: Option<Aadsts>, source: Source) -> Self {
        Self { rule, code, source, facts: Vec::new(), params: Params::new(), revocation: None }
    }

    pub(crate) fn fact(mut self, name: &'static str, value: impl Into<FactValue>) -> Self {
        self.facts.push(Fact::new(name, value));
        self
    }

    pub(crate) fn param(mut self, name: &'static str, value: impl Display) -> Self {
        self.params = self.params.with(name, value);
        self
    }

    pub(crate) fn revoked_by(mut self, revocation: Revocation) -> Self {
        self.revocation = Some(revocation);
        self
    }
}
